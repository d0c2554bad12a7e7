import type { RequestStatistics } from '../load/load.ts';
import { budgetsInsideSpread, pageBudgets } from './page-budgets.ts';
import type { PageRun } from '../ports/measure.ts';
import type { FormFactor, PerfEndpoint, PerfPage, PerfSettings } from './perf.ts';
import { describeErrors, medianRun, percentile, timedRequests } from '../statistics.ts';
import type { Finding } from '../verdict.ts';

/**
 * With a median index below this the machine cannot carry a verdict. Lighthouse's own table (docs/throttling.md, read 2026-11-22)
 * puts desktops at 1000 to 2000 and mid-tier phones at 125 to 800, and Chrome DevTools calibrates its low-tier phone to 264: a
 * machine below 250 simulates a phone's CPU on something slower than a phone. A machine with two cores was seen at 627 to 1587
 * (`trials.md` §6), and with a load average of 10 at 351 to 1818 with medians of 813 and 955, so that only one in real trouble
 * falls below.
 */
export const benchmarkFloor = 250;

/**
 * With the fastest run's index above this multiple of the slowest's the machine changed under the measurement. Runs one after
 * the other were seen 1.6x apart (`trials.md` §6), and 5.2x with a load average of 10; all 16 scores were 100 all the same, so
 * that this only decides where a verdict hangs on it (see `judgeMachine`).
 */
export const benchmarkSpreadLimit = 3;

/**
 * With the budget between the lowest and the highest score, and more than this between them, the runs contradict each other.
 * 10 points were seen between five runs of one page on a busy machine (`trials.md` §6: 90 to 100).
 */
export const scoreSpreadLimit = 20;

/** What was measured of one page. */
export interface PageEvidence {
  readonly page: PerfPage;
  readonly formFactor: FormFactor;
  readonly runs: readonly PageRun[];
}

/** What was measured of one endpoint. */
export interface EndpointEvidence {
  readonly endpoint: PerfEndpoint;
  readonly cold: RequestStatistics;
  readonly warm: RequestStatistics;
}

/** Returns the findings of one page: that it is the page asked for, then its budgets. `origin` is that of the target. */
export function judgePage(evidence: PageEvidence, origin: string, settings: PerfSettings): readonly Finding[] {
  const { page, formFactor, runs } = evidence;
  const identity = judgeIdentity(evidence, origin);
  if (identity.verdict !== 'green') return [identity];
  const median = runs[medianRun(runs)];
  if (median === undefined) return [identity];
  const contradiction = contradictionOf(runs, settings.budgets.score);
  // What every run keeps, or every run breaks, is decided however far the scores lie apart.
  const undecided = contradiction === undefined ? [] : budgetsInsideSpread(runs, settings.budgets);
  return [
    identity,
    ...pageBudgets.map((budget): Finding => {
      const seen = budget.seen(median);
      const isUndecided = undecided.includes(budget);
      const kept = runs.filter((run) => budget.keeps(run, settings.budgets)).length;
      const isKept = budget.keeps(median, settings.budgets);
      return {
        id: `${evidenceId(evidence)}-${budget.id}`,
        title: `${budget.title} of ${page.path} (${formFactor})`,
        verdict: isUndecided ? 'inconclusive' : isKept ? 'green' : 'red',
        seen: runs.length === 1 ? `${seen} (one run)` : budget.id === 'score' ? `${seen} (median of ${scoresOf(runs)})` : seen,
        expected: budget.expected(settings.budgets),
        ...(isUndecided ? { message: budget.id === 'score' ? contradiction : `${kept} of ${runs.length} runs keep the budget.` } : {}),
        fix: isUndecided
          ? 'Run `jv-staging perf` again on a machine that does nothing else.'
          : isKept
            ? undefined
            : `Open ${page.path} in Chrome: Lighthouse in its DevTools, for ${formFactor}, names what costs most.`,
      };
    }),
  ];
}

/** Of a phone the form factor stands in the ids. */
function evidenceId({ page, formFactor }: PageEvidence): string {
  return formFactor === 'mobile' ? `${page.id}-mobile` : page.id;
}

function scoresOf(runs: readonly PageRun[]): string {
  return runs.map((run) => run.score).join('/');
}

/** Returns what is wrong with runs that contradict each other about the score, if they do. */
function contradictionOf(runs: readonly PageRun[], score: number): string | undefined {
  const scores = runs.map((run) => run.score);
  const spread = Math.max(...scores) - Math.min(...scores);
  const isContradictory = spread > scoreSpreadLimit && Math.min(...scores) <= score && Math.max(...scores) > score;
  return isContradictory ? `The runs lie ${spread} points apart with the budget between them.` : undefined;
}

/**
 * Returns whether the machine can carry a verdict, from the benchmark index of all runs. A slow machine cannot. One whose speed
 * changed cannot either, if a page fails within reach of its budgets: contention only makes figures worse, so that it may have
 * failed the page, but cannot have passed it.
 */
export function judgeMachine(runsByPage: readonly (readonly PageRun[])[], budgets: PerfSettings['budgets']): Finding {
  const indexes = runsByPage.flatMap((runs) => runs.map((run) => run.benchmarkIndex)).toSorted((a, b) => a - b);
  const [lowest, median, highest] = [percentile(indexes, 0), percentile(indexes, 50), percentile(indexes, 100)];
  const isUneven = highest > lowest * benchmarkSpreadLimit;
  const message =
    median < benchmarkFloor
      ? 'The machine is too slow, or too busy, to measure a page on.'
      : isUneven && runsByPage.some((runs) => isWithinReach(runs, budgets))
        ? 'The speed of the machine changed while it measured, and a page that fails may be fine.'
        : undefined;
  return {
    id: 'machine',
    title: "Machine speed (Lighthouse's benchmark index)",
    verdict: message === undefined ? 'green' : 'inconclusive',
    seen: `${Math.round(median)} (${Math.round(lowest)} to ${Math.round(highest)})`,
    expected: `>= ${benchmarkFloor}, runs within ${benchmarkSpreadLimit}x`,
    message,
    fix: message === undefined ? undefined : 'Run `jv-staging perf` again on a machine that does nothing else.',
  };
}

/** True when a run breaks a budget and the best run keeps it, or misses the score by no more than runs of one page may differ. */
function isWithinReach(runs: readonly PageRun[], { score, pageLoadMs }: PerfSettings['budgets']): boolean {
  const scores = runs.map((run) => run.score);
  const loads = runs.map((run) => run.pageLoadMs);
  const byScore = Math.min(...scores) <= score && Math.max(...scores) > score - scoreSpreadLimit;
  return byScore || (Math.max(...loads) >= pageLoadMs && Math.min(...loads) < pageLoadMs);
}

/** Returns the findings over one endpoint's latency, cold and warm apart. */
export function judgeEndpoint(evidence: EndpointEvidence, settings: PerfSettings): readonly Finding[] {
  const { endpoint, cold, warm } = evidence;
  return [
    judgeLatency({ id: `${endpoint.id}-cold-p95`, title: 'Cold latency', statistics: cold }, endpoint, settings),
    judgeLatency({ id: `${endpoint.id}-p95`, title: 'Warm latency', statistics: warm }, endpoint, settings),
  ];
}

/** Every answer as expected, and the 95th percentile below the budget. */
function judgeLatency(
  { id, title, statistics }: { readonly id: string; readonly title: string; readonly statistics: RequestStatistics },
  endpoint: PerfEndpoint,
  settings: PerfSettings,
): Finding {
  const finding = {
    id,
    title: `${title} of ${endpoint.method} ${endpoint.path}`,
    expected: `p95 < ${settings.budgets.apiP95Ms} ms, every answer ${endpoint.status}`,
  };
  if (statistics.requests === 0 || timedRequests(statistics) === 0) {
    const errors = statistics.errors > 0 ? ` (${describeErrors(statistics.errorsByClass)})` : '';
    return { ...finding, verdict: 'red', seen: `no answer to ${statistics.requests} requests${errors}`, message: 'Nothing was measured.' };
  }
  const seen = `p50 ${formatMs(statistics.p50Ms)}, p95 ${formatMs(statistics.p95Ms)}, p99 ${formatMs(statistics.p99Ms)} over ${statistics.requests} requests`;
  if (statistics.errors > 0) {
    const errors = describeErrors(statistics.errorsByClass);
    return {
      ...finding,
      verdict: 'red',
      seen: `${seen}; ${errors}`,
      message: `${statistics.errors} of ${statistics.requests} answers were not ${endpoint.status}.`,
    };
  }
  return { ...finding, verdict: statistics.p95Ms < settings.budgets.apiP95Ms ? 'green' : 'red', seen };
}

/** Returns milliseconds for people: whole from 10 ms on, one decimal below. */
export function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function judgeIdentity(evidence: PageEvidence, origin: string): Finding {
  const { page, runs } = evidence;
  const finding = {
    id: `${evidenceId(evidence)}-page`,
    title: `The page audited is ${page.path} (${evidence.formFactor})`,
    expected: `200 from ${page.path}`,
  };
  const wrong = runs.find((run) => run.status !== 200 || !isSamePage(run.finalUrl, origin, page.path));
  if (runs.length === 0) return { ...finding, verdict: 'red', seen: 'no run', message: 'The page was not audited.' };
  if (wrong === undefined) return { ...finding, verdict: 'green', seen: `200 from ${page.path}` };
  const seen = `${wrong.status} from ${shownAddress(wrong.finalUrl, origin)}`;
  if (isSamePage(wrong.finalUrl, origin, page.path)) {
    return { ...finding, verdict: 'red', seen, message: `The page answers ${wrong.status}, so there is nothing to score.` };
  }
  if (looksLikeSignIn(wrong.finalUrl)) {
    return {
      ...finding,
      verdict: 'red',
      seen,
      message: 'A sign-in page was audited instead: the session or the protection bypass does not reach the page.',
      fix:
        page.as === 'nobody'
          ? `Set \`as: { user: … }\` on the page ${page.id} in the configuration.`
          : 'Run `jv-staging smoke` to see whether the sign-in works.',
    };
  }
  return {
    ...finding,
    verdict: 'red',
    seen,
    message: 'The page redirects, and another page was audited instead.',
    fix: `Audit ${shownAddress(wrong.finalUrl, origin)} itself.`,
  };
}

/** True when the address is the page asked for: same origin, same path; a final slash, query and fragment do not matter. */
function isSamePage(finalUrl: string, origin: string, path: string): boolean {
  if (!URL.canParse(finalUrl) || !URL.canParse(path, origin)) return false;
  const final = new URL(finalUrl);
  const asked = new URL(path, origin);
  return final.origin === asked.origin && final.pathname.replace(/\/+$/, '') === asked.pathname.replace(/\/+$/, '');
}

/** Words in an address that mean a sign-in page or a platform's login wall (Vercel's is vercel.com/sso-api and /login). */
const signInWords = /(?:^|[/.-])(?:sign-?in|log-?in|auth|sso|sso-api|oauth2?|session\/new)(?:$|[/?#.-])/i;

function looksLikeSignIn(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { host, pathname } = new URL(url);
  return signInWords.test(`${host}${pathname}`);
}

function shownAddress(url: string, origin: string): string {
  if (!URL.canParse(url)) return 'no address';
  const { origin: finalOrigin, pathname } = new URL(url);
  return finalOrigin === new URL(origin).origin ? pathname : `${finalOrigin}${pathname}`;
}
