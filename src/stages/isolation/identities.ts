import { StagingError } from '../../core/errors.ts';
import type { Session, Sessions, WebTarget } from '../../core/ports/web.ts';
import { callerName, signedInCallers } from '../../core/smoke/caller.ts';
import type { CheckCaller, SignInProvider } from '../../core/smoke/smoke.ts';
import type { Step } from '../../core/run/step.ts';

/** The sessions of the users that a stage's requests sign in as, by `callerName`. */
export type SessionsByUser = Map<string, Session>;

/** Who signs users in; what is missing is not configured. */
export interface SignIns {
  /** The app itself. */
  readonly sessions?: Sessions | undefined;
  readonly clerkSessions?: Sessions | undefined;
}

/** Who is to be signed in where. */
export interface SignIn {
  readonly target: WebTarget;
  readonly email: string;
  readonly signal: AbortSignal;
}

/** Signs a user in. Throws `SMOKE_SESSIONS_MISSING` (kind `red`) where the provider is not configured, and what the provider throws. */
export async function signInAt(signIns: SignIns, provider: SignInProvider, { target, email, signal }: SignIn): Promise<Session> {
  const sessions = provider === 'clerk' ? signIns.clerkSessions : signIns.sessions;
  if (sessions !== undefined) return await sessions.signIn(target, email, signal);
  const missing = provider === 'clerk' ? 'the secret key of Clerk' : 'the password of the seeded users';
  throw new StagingError('red', 'SMOKE_SESSIONS_MISSING', `Nobody can be signed in as ${email}: ${missing} is not known.`, {
    fix:
      provider === 'clerk'
        ? 'Set CLERK_SECRET_KEY in the environment to the key of the development instance (sk_test_…).'
        : 'Run `jv-staging seed`, which writes STAGING_USER_PASSWORD into .env.staging.',
  });
}

/** Returns the step that signs each user in once; skipped when every request is sent as nobody. */
export function signInStep(target: WebTarget, signIns: SignIns, callers: readonly CheckCaller[], signedIn: SessionsByUser): Step {
  const users = signedInCallers(callers);
  return {
    id: 'sign-in',
    title: 'Sign in',
    skip: () => (users.length === 0 ? 'every request is sent as nobody' : undefined),
    run: async (io) => {
      for (const caller of users) {
        io.note(callerName(caller));
        const { user: email, provider = 'app' } = caller;
        signedIn.set(callerName(caller), await signInAt(signIns, provider, { target, email, signal: io.signal }));
      }
      return users.map(callerName).join(', ');
    },
  };
}

/** Returns the session of a caller, or undefined for nobody. */
export function sessionOf(caller: CheckCaller, signedIn: SessionsByUser): Session | undefined {
  return caller === 'nobody' ? undefined : signedIn.get(callerName(caller));
}

/** Returns the headers that sign a request in as a caller; none for nobody. */
export function identityHeaders(caller: CheckCaller, signedIn: SessionsByUser): Readonly<Record<string, string>> {
  return sessionOf(caller, signedIn)?.headers ?? {};
}
