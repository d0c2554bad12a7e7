import type { Session, Sessions, WebTarget } from '../../core/ports/web.ts';
import type { CheckIdentity } from '../../core/smoke/smoke.ts';
import type { Step } from '../../core/run/step.ts';

/** The sessions of the users that a stage's requests sign in as, by e-mail address. */
export type SessionsByUser = Map<string, Session>;

/** Returns the step that signs each user in once; skipped when every request is sent as nobody. */
export function signInStep(target: WebTarget, sessions: Sessions, identities: readonly CheckIdentity[], signedIn: SessionsByUser): Step {
  const users = [...new Set(identities.flatMap((identity) => (identity === 'nobody' ? [] : [identity.user])))];
  return {
    id: 'sign-in',
    title: 'Sign in',
    skip: () => (users.length === 0 ? 'every request is sent as nobody' : undefined),
    run: async (io) => {
      for (const user of users) {
        io.note(user);
        signedIn.set(user, await sessions.signIn(target, user, io.signal));
      }
      return users.join(', ');
    },
  };
}

/** Returns the session of an identity, or undefined for nobody. */
export function sessionOf(identity: CheckIdentity, signedIn: SessionsByUser): Session | undefined {
  return identity === 'nobody' ? undefined : signedIn.get(identity.user);
}

/** Returns the headers that sign a request in as an identity; none for nobody. */
export function identityHeaders(identity: CheckIdentity, signedIn: SessionsByUser): Readonly<Record<string, string>> {
  return sessionOf(identity, signedIn)?.headers ?? {};
}
