import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { Session, Sessions, WebClient, WebTarget } from '../../core/ports/web.ts';
import { clip } from '../../core/problem.ts';
import { answerProblems, jsonOf } from '../../core/smoke/web-judge.ts';
import type { RequestContext, WebAnswer } from '../../core/smoke/who-answered.ts';

/** How the app under test signs users in. */
export interface AppSessionsOptions {
  readonly web: WebClient;
  /** The password of every seeded user. */
  readonly password: string;
  /** Default: `/api/auth/sign-in`. */
  readonly path?: string | undefined;
  /** Bound on one sign-in. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** Answer of `POST /api/auth/sign-in` (the app's contract with this tool). */
const signedIn = z.object({
  user: z.object({ id: z.string().min(1), email: z.string().min(1) }),
  accessToken: z.string().min(1),
});

/** Returns the port over the app's own sign-in endpoint: what signs a person in is what is tested. */
export function appSessions({ web, password, path = '/api/auth/sign-in', timeoutMs = 10_000 }: AppSessionsOptions): Sessions {
  return {
    signIn: async (target, email, signal) => {
      const outcome = await web.request(
        target,
        {
          method: 'POST',
          path,
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({ email, password }),
          timeoutMs,
        },
        signal,
      );
      const context: RequestContext = { origin: target.origin, path, bypass: target.bypassSecret !== undefined, timeoutMs };
      const [problem] = answerProblems(outcome, context, { status: 200, marker: '', content: 'data' }, () => []);
      if (outcome.kind === 'failure' || problem !== undefined) {
        const isRefused = outcome.kind === 'answer' && outcome.status === 401;
        throw signInError(email, target, problem?.message ?? '', isRefused ? refusedFix : problem?.fix);
      }
      return sessionOf(outcome, email, target, context);
    },
  };
}

const refusedFix = 'Run `jv-staging seed`: it gives the seeded users the password in STAGING_USER_PASSWORD.';

function sessionOf(answer: WebAnswer, email: string, target: WebTarget, context: RequestContext): Session {
  const { value, problem } = jsonOf(answer, context);
  if (problem !== undefined) throw signInError(email, target, problem.message, problem.fix);
  const parsed = signedIn.safeParse(value);
  const fix = `Let POST ${context.path} answer {user: {id, email}, accessToken}.`;
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw signInError(email, target, `${context.path} answered without a usable ${where}.`, fix);
  }
  const { user, accessToken } = parsed.data;
  if (user.email.toLowerCase() !== email.toLowerCase()) {
    throw signInError(email, target, `${context.path} signed in ${clip(user.email)} instead.`, fix);
  }
  const cookie = cookiesOf(answer.headers['set-cookie'] ?? '');
  return {
    userId: user.id,
    email: user.email,
    accessToken,
    headers: cookie === '' ? { authorization: `Bearer ${accessToken}` } : { cookie },
  };
}

/** Returns the `cookie` header for what an answer set; `setCookie` has one cookie a line. */
function cookiesOf(setCookie: string): string {
  return setCookie
    .split('\n')
    .map((line) => line.split(';')[0]?.trim() ?? '')
    .filter((pair) => /^[^=\s]+=.+/.test(pair))
    .join('; ');
}

function signInError(email: string, target: WebTarget, why: string, fix: string | undefined): StagingError {
  return new StagingError('red', 'SMOKE_SIGN_IN_FAILED', `${email} could not sign in on ${target.origin}: ${why}`, {
    fix: fix ?? refusedFix,
  });
}
