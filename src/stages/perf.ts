import { StagingError } from '../core/errors.ts';
import { bodyText } from '../core/load/request.ts';
import { formatMs, judgeEndpoint, judgeMachine, judgePage } from '../core/perf/judge.ts';
import type { PerfEndpoint, PerfPage, PerfSettings } from '../core/perf/perf.ts';
import { budgetsInsideSpread, nextRunCount } from '../core/perf/page-budgets.ts';
import { fillPlaceholders } from '../core/variables/placeholders.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { PageAudit, PageRun } from '../core/ports/measure.ts';
import type { Sessions, WebClient, WebOutcome, WebTarget } from '../core/ports/web.ts';
import { judgePerfBudgets, type ProductionBudgets } from '../core/perf/production-budgets.ts';
import type { PerfDetails } from '../core/report.ts';
import { type StageRun, stepVerdict, verdictStep } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import { medianRun, type RequestSample, requestStatistics } from '../core/statistics.ts';
import type { Step, StepIo } from '../core/run/step.ts';
import type { Finding, StageResult } from '../core/verdict.ts';
import { identityHeaders, sessionOf, type SessionsByUser, signInStep } from './isolation/identities.ts';

/** Requests an endpoint gets before the measured ones, so that connections and caches are warm. */
const warmUps = 5;

/** Bound on one request of the latency measurement; the slowest budget of the original plan is 2 s. */
const requestTimeoutMs = 10_000;

/** After this many requests in a row without an answer an endpoint is given up: 55 timeouts of 10 s would take nine minutes. */
const givenUpAfter = 3;

/** What perf needs. */
export interface PerfDeps {
  readonly target: WebTarget;
  readonly settings: PerfSettings;
  /** What production promises, when the configuration says so. */
  readonly productionBudgets?: ProductionBudgets | undefined;
  readonly audit: PageAudit;
  readonly web: WebClient;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

interface PerfState {
  readonly signedIn: SessionsByUser;
  readonly pages: Map<string, readonly PageRun[]>;
  readonly endpoints: Map<string, readonly RequestSample[]>;
  versions: PerfDetails['versions'];
}

/**
 * Returns the perf stage: signs in, audits each page `runs` times one after the other, measures each endpoint, judges.
 * Throws `PERF_TARGET_UNREACHABLE` (kind `red`) when nothing answers.
 */
export function perfStage(deps: PerfDeps): StageRun<PerfDetails> {
  const { settings } = deps;
  const startedMs = deps.clock.nowMs();
  const state: PerfState = { signedIn: new Map(), pages: new Map(), endpoints: new Map(), versions: { browser: '', lighthouse: '' } };
  const identities = [...settings.pages, ...settings.endpoints].map((item) => item.as);
  const isDone = () => state.pages.size === settings.pages.length && state.endpoints.size === settings.endpoints.length;
  return {
    steps: [
      reachStep(deps, state),
      signInStep(deps.target, deps.sessions, identities, state.signedIn),
      { id: 'pages', title: 'Audit pages', steps: () => settings.pages.map((page) => pageStep(deps, state, page)) },
      {
        id: 'endpoints',
        title: 'Measure endpoints',
        skip: () => (settings.endpoints.length === 0 ? 'no endpoints are configured' : undefined),
        steps: () => settings.endpoints.map((endpoint) => endpointStep(deps, state, endpoint)),
      },
      verdictStep('Verdict', () => perfResult(deps, state, startedMs)),
    ],
    result: () => (isDone() ? perfResult(deps, state, startedMs) : undefined),
  };
}

function reachStep(deps: PerfDeps, state: PerfState): Step {
  return {
    id: 'reach',
    title: 'Reach the target',
    run: async ({ signal }) => {
      const path = deps.settings.pages[0]?.path ?? '/';
      const outcome = await deps.web.request(deps.target, { method: 'GET', path, timeoutMs: requestTimeoutMs }, signal);
      if (outcome.kind === 'failure') throw unreachable('PERF_TARGET_UNREACHABLE', deps.target, outcome);
      state.versions = await deps.audit.versions(signal);
      return `${deps.target.origin} answers; Lighthouse ${state.versions.lighthouse}, ${state.versions.browser}`;
    },
  };
}

/** Returns the error for a target that does not answer at all. */
export function unreachable(code: string, target: WebTarget, failure: WebOutcome & { readonly kind: 'failure' }): StagingError {
  return new StagingError('red', code, `${target.origin} does not answer (${failure.class}): ${failure.message.replace(/\.$/, '')}.`, {
    fix: 'Run `jv-staging status` to see what the domain leads to, or correct `--url`.',
  });
}

function pageStep(deps: PerfDeps, state: PerfState, page: PerfPage): Step {
  const { settings, target, audit } = deps;
  return {
    id: page.id,
    title: `Lighthouse ${page.path}`,
    run: async (io) => {
      const runs: PageRun[] = [];
      const headers = identityHeaders(page.as, state.signedIn);
      for (let wanted = settings.runs; runs.length < wanted; wanted = Math.max(wanted, nextRunCount(runs, settings.budgets))) {
        io.note(runNote(runs, wanted, settings));
        runs.push(await audit.audit(target, { path: page.path, headers, formFactor: settings.formFactor }, io.signal));
      }
      state.pages.set(page.id, runs);
      return overall(judgePage({ page, runs }, target.origin, settings));
    },
  };
}

function runNote(runs: readonly PageRun[], wanted: number, { runs: configured, budgets }: PerfSettings): string {
  const undecided = runs.length < configured ? [] : budgetsInsideSpread(runs, budgets);
  const scores = runs.length === 0 ? '' : `, scores ${runs.map((done) => done.score).join('/')}`;
  const why = undecided.map((budget) => `${budget.expected(budgets)} lies inside the spread of ${budget.title}`).join(', ');
  return `run ${runs.length + 1} of ${wanted}${scores}${why === '' ? '' : `; ${why}`}`;
}

function endpointStep(deps: PerfDeps, state: PerfState, endpoint: PerfEndpoint): Step {
  return {
    id: endpoint.id,
    title: `${endpoint.method} ${endpoint.path}`,
    run: async (io) => {
      const samples = await measureEndpoint(deps, state, endpoint, io);
      state.endpoints.set(endpoint.id, samples);
      return stepVerdict(judgeEndpoint({ endpoint, statistics: requestStatistics(samples) }, deps.settings));
    },
  };
}

async function measureEndpoint(deps: PerfDeps, state: PerfState, endpoint: PerfEndpoint, io: StepIo): Promise<readonly RequestSample[]> {
  const { settings, target, web } = deps;
  const user = sessionOf(endpoint.as, state.signedIn);
  const filled = fillPlaceholders(endpoint.body, { nowMs: deps.clock.nowMs(), user: user && { id: user.userId, email: user.email } });
  const body = bodyText(filled);
  const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...user?.headers };
  const request = { method: endpoint.method, path: endpoint.path, headers, body, timeoutMs: requestTimeoutMs };
  const samples: RequestSample[] = [];
  let unanswered = 0;
  for (let sent = 0; sent < warmUps + settings.requests && unanswered < givenUpAfter; sent += 1) {
    const outcome = await web.request(target, request, io.signal);
    unanswered = outcome.kind === 'failure' ? unanswered + 1 : 0;
    // A warm-up is not measured, but when nothing answers from the start on there is nothing else to show.
    if (sent >= warmUps || unanswered === givenUpAfter) samples.push(sampleOf(outcome, endpoint.status));
    if (sent % 10 === 0) io.note(`${samples.length} of ${settings.requests} requests`);
  }
  return samples;
}

function sampleOf(outcome: WebOutcome, status: number): RequestSample {
  if (outcome.kind === 'failure') return { latencyMs: outcome.class === 'timeout' ? outcome.durationMs : null, error: outcome.class };
  return { latencyMs: outcome.durationMs, error: outcome.status === status ? null : String(outcome.status) };
}

function perfResult(deps: PerfDeps, state: PerfState, startedMs: number): StageResult<PerfDetails> {
  const { settings, target, clock } = deps;
  const pages = settings.pages.map((page) => ({ page, runs: state.pages.get(page.id) ?? [] }));
  const endpoints = settings.endpoints.map((endpoint) => ({
    endpoint,
    statistics: requestStatistics(state.endpoints.get(endpoint.id) ?? []),
  }));
  const budgets = judgePerfBudgets(settings.budgets, deps.productionBudgets);
  const findings: readonly Finding[] = [
    ...(budgets === undefined ? [] : [budgets]),
    judgeMachine(
      pages.map(({ runs }) => runs),
      settings.budgets,
    ),
    ...pages.flatMap((evidence) => judgePage(evidence, target.origin, settings)),
    ...endpoints.map((evidence) => judgeEndpoint(evidence, settings)),
  ];
  const scores = pages.map(({ page, runs }) => `${page.path} ${runs[medianRun(runs)]?.score ?? 'not audited'}`);
  const slowest = endpoints.reduce((highest, { statistics }) => Math.max(highest, statistics.p95Ms), 0);
  const summary = [`Lighthouse ${scores.join(', ')}`, ...(endpoints.length === 0 ? [] : [`slowest API p95 ${formatMs(slowest)}`])].join(
    '; ',
  );
  const details: PerfDetails = {
    pages: pages.map(({ page, runs }) => ({
      id: page.id,
      path: page.path,
      formFactor: settings.formFactor,
      runs,
      medianRun: medianRun(runs),
    })),
    endpoints: endpoints.map(({ endpoint, statistics }) => ({ id: endpoint.id, method: endpoint.method, path: endpoint.path, statistics })),
    budgets: settings.budgets,
    versions: state.versions,
  };
  return stageResult('perf', findings, startedMs, clock, details, summary);
}

/** Returns what a page's own step shows: the first finding that is not green, else the last. */
function overall(findings: readonly Finding[]) {
  const shown = findings.find((finding) => finding.verdict !== 'green') ?? findings.find((finding) => finding.id.endsWith('-score'));
  return shown === undefined ? undefined : stepVerdict(shown);
}
