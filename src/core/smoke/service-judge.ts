import type { BrowserOutcome, EchoOutcome, RefusalOutcome, TrackedEvent } from '../ports/probes.ts';
import { clip, findingOf, type Problem, quoted } from '../problem.ts';
import { isSameCommit, shortCommit } from './health.ts';
import type { LogsCheck, RefusalCheck, SentryCheck, SmokeExpectation, WebSocketCheck } from './smoke.ts';
import type { Finding } from '../verdict.ts';

/** Errors of a console that a finding names. */
const namedErrors = 3;

/** Returns what a real browser found wrong with a page; undefined when nothing is. */
export function browserProblem(path: string, outcome: BrowserOutcome): Problem | undefined {
  const fix = `Open ${path} in a browser with its developer tools, and mend what the console says.`;
  if (outcome.kind === 'failure') {
    return {
      seen: `not loaded in a browser (${clip(outcome.message, 120)})`,
      expected: 'a page that loads in a browser',
      message: `A real browser could not load ${path}: ${clip(outcome.message, 160)}.`,
      fix,
    };
  }
  if (outcome.errors.length === 0) return undefined;
  const named = outcome.errors.slice(0, namedErrors).map((error) => quoted(error));
  const more = outcome.errors.length > namedErrors ? ` and ${outcome.errors.length - namedErrors} more` : '';
  return {
    seen: `${outcome.errors.length} console ${outcome.errors.length === 1 ? 'error' : 'errors'}`,
    expected: 'no console error',
    message: `In a real browser ${path} says ${named.join(', ')}${more}.`,
    fix,
  };
}

/** Judges a WebSocket that should send back what it got. */
export function judgeEcho(check: WebSocketCheck, outcome: EchoOutcome, durationMs: number): Finding {
  const expected = `an echo within ${check.timeoutMs} ms`;
  if (outcome.kind === 'echo') {
    return findingOf({ ...check, seen: `an echo after ${Math.round(outcome.afterMs)} ms`, expected, problems: [], durationMs });
  }
  const problem: Problem =
    outcome.kind === 'other'
      ? {
          seen: quoted(outcome.received),
          expected,
          message: `The WebSocket at ${check.path} answered ${quoted(outcome.received)} instead of what it was sent.`,
          fix: `Check what answers at ${check.path}: it should send every message back.`,
        }
      : {
          seen: outcome.stage === 'open' ? `no WebSocket (${clip(outcome.message)})` : `no echo (${clip(outcome.message)})`,
          expected,
          message:
            outcome.stage === 'open'
              ? `The WebSocket at ${check.path} did not open: ${clip(outcome.message, 160)}.`
              : `The WebSocket at ${check.path} opened but sent nothing back: ${clip(outcome.message, 160)}.`,
          fix: `Check that the app answers upgrade requests at ${check.path}, and that its platform passes them on.`,
        };
  return findingOf({ ...check, seen: '', expected, problems: [problem], durationMs });
}

/** Judges a test event read back from Sentry: the right environment, the release that answers. */
export function judgeSentry(
  check: SentryCheck,
  event: TrackedEvent | undefined,
  expectation: SmokeExpectation,
  durationMs: number,
): Finding {
  const { sentryEnvironment, gitSha } = expectation;
  const release = gitSha === undefined ? 'a release' : `release ${shortCommit(gitSha)}`;
  const expected = `an event tagged "${sentryEnvironment}" and ${release}`;
  const seen = `an event tagged ${quoted(event?.environment ?? '')}, release ${shortCommit(commitOf(event?.release ?? ''))}`;
  return findingOf({ ...check, seen, expected, problems: sentryProblems(check, event, expectation, expected), durationMs });
}

function sentryProblems(
  check: SentryCheck,
  event: TrackedEvent | undefined,
  { sentryEnvironment, gitSha }: SmokeExpectation,
  expected: string,
): readonly Problem[] {
  if (event === undefined) {
    return [
      {
        seen: 'no event',
        expected,
        message: `Sentry did not show the test event of ${check.trigger} in ${check.organization}/${check.project} within ${check.timeoutMs} ms.`,
        fix: 'Check that the DSN among the variables of the project is that of this Sentry project, and its inbound filters.',
      },
    ];
  }
  const { environment, release } = event;
  const isReleased = release !== null && (gitSha === undefined ? release !== '' : isSameCommit(commitOf(release), gitSha));
  return [
    ...(environment === sentryEnvironment
      ? []
      : [
          {
            seen: environment === null ? 'no environment' : `environment ${quoted(environment)}`,
            expected: `environment "${sentryEnvironment}"`,
            message: `Sentry shows the test event with ${environment === null ? 'no environment' : `environment ${quoted(environment)}`}, not "${sentryEnvironment}".`,
            fix: `Set SENTRY_ENVIRONMENT to ${sentryEnvironment} among the variables of the project.`,
          },
        ]),
    ...(isReleased
      ? []
      : [
          {
            seen: release === null || release === '' ? 'no release' : `release ${quoted(release)}`,
            expected: gitSha === undefined ? 'a release' : `release ${shortCommit(gitSha)}`,
            message: `Sentry shows the test event with ${release === null || release === '' ? 'no release' : `release ${quoted(release)}`}, not that of the commit that is live.`,
            fix: 'Give the SDK the commit as its release: `release: process.env.VERCEL_GIT_COMMIT_SHA`.',
          },
        ]),
  ];
}

/** Releases are often named `package@commit`. */
function commitOf(release: string): string {
  return release.slice(release.lastIndexOf('@') + 1);
}

/** Judges whether a request of this run showed in the runtime logs; `outcome` is undefined when they were not read, its answer being wrong already. */
export function judgeLogs(
  check: LogsCheck,
  outcome: { readonly found: boolean; readonly lines: number } | undefined,
  problems: readonly Problem[],
  durationMs: number,
): Finding {
  const expected = `this run's request in the runtime logs within ${check.timeoutMs} ms`;
  if (outcome === undefined) return findingOf({ ...check, seen: 'a wrong answer', expected, problems, durationMs });
  const missing: Problem = {
    seen: `${outcome.lines} lines without it`,
    expected,
    message: `The request of this run to ${check.path} does not show in the runtime logs of the deployment (${outcome.lines} lines read).`,
    fix: 'Set LOG_LEVEL to debug among the variables of the project, and let the app log the query of each request.',
  };
  const all = outcome.found ? problems : [...problems, missing];
  return findingOf({ ...check, seen: `found among ${outcome.lines} lines`, expected, problems: all, durationMs });
}

/** Judges that production refused what staging showed it; a door that told nothing is not a refusal. */
export function judgeRefusal(check: RefusalCheck, outcomes: readonly RefusalOutcome[], durationMs: number): Finding {
  const problems = outcomes.flatMap((outcome) => refusalProblem(outcome));
  const none: Problem = {
    seen: 'nothing of production to ask',
    expected: 'at least 1 refusal',
    message: 'The configuration names no Supabase project of production, so nothing was shown to production.',
    fix: 'Name production’s projects under `production.supabaseProjects`.',
  };
  return findingOf({
    ...check,
    seen: `refused by ${outcomes.map(({ door }) => door).join(', ')}`,
    expected: 'staging’s credentials refused by production',
    problems: outcomes.length === 0 ? [none] : problems,
    durationMs,
  });
}

function refusalProblem(outcome: RefusalOutcome): readonly Problem[] {
  const { door } = outcome;
  switch (outcome.kind) {
    case 'refused':
      return [];
    case 'accepted':
      return [
        {
          seen: `accepted by ${door} (${clip(outcome.message)})`,
          expected: `refused by ${door}`,
          message: `Production's ${door} accepted a credential of staging: ${clip(outcome.message, 160)}.`,
          fix: 'Give staging keys and users of its own, rotate what is shared, then run `jv-staging doctor isolation`.',
        },
      ];
    case 'unknown':
      return [
        {
          seen: `no word of ${door} (${clip(outcome.message)})`,
          expected: `refused by ${door}`,
          message: `Whether production's ${door} refuses staging's credentials is not known: ${clip(outcome.message, 160)}.`,
          fix: 'Check the name of the project under `production`, and that this machine may reach it.',
        },
      ];
  }
}
