import { clerkSessions } from '../adapters/clerk/clerk-sessions.ts';
import { appSessions } from '../adapters/sessions/app-sessions.ts';
import { StagingError } from '../core/errors.ts';
import type { Sessions, WebClient } from '../core/ports/web.ts';
import type { SignIns } from '../stages/isolation/identities.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { userPassword } from './user-password.ts';

const clerkKeyReference = { kind: 'env', name: 'CLERK_SECRET_KEY' } as const;

/** What a gate takes beside its load; a token of Clerk is asked for that much longer. */
const besideMs = 60 * 60_000;

/**
 * Returns who signs users in for a gate whose requests go on for `lastingMs`: the app, and Clerk where its key is known. Neither is looked
 * for before a user is to be signed in.
 */
export function signInsOf(context: Context, deps: Deps, web: WebClient, lastingMs = 0): SignIns {
  return {
    sessions: {
      signIn: (target, email, signal) => appSessions({ web, password: userPassword(context) }).signIn(target, email, signal),
    },
    get clerkSessions() {
      return clerkOf(context, deps, lastingMs + besideMs);
    },
  };
}

/** Clerk's sessions: at the local cloud's own, or with the key that the app has. */
function clerkOf(context: Context, deps: Deps, lifetimeMs: number): Sessions | undefined {
  const { clock } = context;
  if (context.target === 'local') {
    const local = deps.platforms().localClerk;
    return local && clerkSessions({ secretKey: local.secretKey, localUrl: local.apiUrl, clock, lifetimeMs });
  }
  const secretKey = context.secrets.read(clerkKeyReference);
  return secretKey === undefined ? undefined : clerkSessions({ secretKey, clock, lifetimeMs });
}

/** Returns the secret key of the app's Clerk. Throws `CLERK_KEY_MISSING` (kind `missing`). */
export function clerkKey(context: Context): string {
  const key = context.secrets.read(clerkKeyReference);
  if (key !== undefined) return key;
  const message = `${clerkKeyReference.name} stands neither in the environment nor in ${context.envFile}.`;
  throw new StagingError('missing', 'CLERK_KEY_MISSING', message, {
    fix: 'Set CLERK_SECRET_KEY in the environment to the key of the development instance (sk_test_…).',
  });
}
