import type { WebOutcome } from '../ports/web.ts';
import { findingOf, type Problem } from '../problem.ts';
import type { AuthCheck } from './smoke.ts';
import type { Finding } from '../verdict.ts';
import { failureProblem } from './web-judge.ts';
import { redirectTarget, type RequestContext, wallProblem } from './who-answered.ts';

/**
 * Judges how a protected page treats somebody who is not signed in: turned away with 401, 403, 404 or a redirect, and without the
 * user's address on it. A login wall in front of the app turns everybody away, which proves nothing.
 */
export function signedOutProblem(check: AuthCheck, outcome: WebOutcome, context: RequestContext): Problem | undefined {
  if (outcome.kind === 'failure') return failureProblem(outcome, context);
  const wall = wallProblem(outcome, context, outcome.status === 401 && redirectTarget(outcome, context) === undefined ? 401 : 200);
  if (wall !== undefined) return wall;
  const shown = outcome.body.includes(check.as.user);
  const isTurnedAway = [401, 403, 404].includes(outcome.status) || redirectTarget(outcome, context) !== undefined;
  if (isTurnedAway && !shown) return undefined;
  return {
    seen: `status ${outcome.status}${shown ? ` with ${check.as.user}` : ''}, not signed in`,
    expected: 'somebody who is not signed in turned away',
    message: `${check.path} answers somebody who is not signed in with status ${outcome.status}${shown ? ` and shows ${check.as.user}` : ''}: it is not protected.`,
    fix: `Check that ${check.path} asks for a session before it answers.`,
  };
}

/** Returns the finding of the whole journey: the protected page's own, red also for what was wrong before the sign-in. */
export function judgeAuth(check: AuthCheck, page: Finding, signedOut: Problem | undefined, durationMs: number): Finding {
  const seen = `nobody let in without a session; ${check.path} shows ${check.as.user}`;
  const expected = `sign-in as ${check.as.user}, and only then ${check.path}`;
  const own: readonly Problem[] =
    page.verdict === 'green'
      ? []
      : [{ seen: page.seen, expected: page.expected, message: page.message ?? '', fix: page.fix ?? 'Run `jv-staging seed`.' }];
  return findingOf({ ...check, seen, expected, problems: [...(signedOut === undefined ? [] : [signedOut]), ...own], durationMs });
}
