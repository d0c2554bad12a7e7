import { compareWithBaseline, judgeBaseline } from '../../core/perf/baseline.ts';
import { judgeDatabase } from '../../core/perf/database.ts';
import { formatMs, judgeEndpoint, judgeMachine, judgePage } from '../../core/perf/judge.ts';
import { judgeBrowserMemory, judgeServerMemory } from '../../core/perf/memory.ts';
import { judgePool } from '../../core/perf/pool.ts';
import { judgePerfBudgets } from '../../core/perf/production-budgets.ts';
import type { PageRun } from '../../core/ports/measure.ts';
import type { PerfDetails, PerfMemory } from '../../core/report.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import { medianRun, requestStatistics } from '../../core/statistics.ts';
import type { Finding, StageResult } from '../../core/verdict.ts';
import { runsKey } from './pages.ts';
import type { PerfDeps, PerfState } from './state.ts';

/** Returns the result of perf from what its steps noted down. */
export function perfResult(deps: PerfDeps, state: PerfState, startedMs: number): StageResult<PerfDetails> {
  const details = perfDetails(deps, state);
  return stageResult('perf', perfFindings(deps, state, details), startedMs, deps.clock, details, perfSummary(details));
}

/** Returns what perf keeps beside its findings. */
export function perfDetails(deps: PerfDeps, state: PerfState): PerfDetails {
  const { settings } = deps;
  const details: PerfDetails = {
    pages: pagesOf(deps, state).map(({ page, formFactor, runs }) => {
      const median = medianRun(runs);
      return {
        id: page.id,
        path: page.path,
        formFactor,
        runs: runs.map((run, at) => (at === median ? run : withoutFilm(run))),
        medianRun: median,
      };
    }),
    endpoints: endpointsOf(deps, state).map(({ endpoint, warm, cold }) => {
      const { id, method, path } = endpoint;
      return { id, method, path, statistics: warm, cold };
    }),
    memory: memoryOf(deps, state),
    pool: state.pool.peek(),
    database: state.database.peek(),
    budgets: settings.budgets,
    leftOut: deps.leftOut,
    versions: state.versions,
  };
  const baseline = state.baseline.peek();
  return baseline === undefined ? details : { ...details, baseline: compareWithBaseline(details, baseline, settings.noise) };
}

function perfFindings(deps: PerfDeps, state: PerfState, details: PerfDetails): readonly Finding[] {
  const { settings, target } = deps;
  const budgets = judgePerfBudgets(settings.budgets, deps.productionBudgets);
  const pages = pagesOf(deps, state);
  const { server, browser } = details.memory ?? {};
  return [
    ...(budgets === undefined ? [] : [budgets]),
    judgeMachine(
      pages.map(({ runs }) => runs),
      settings.budgets,
    ),
    ...pages.flatMap((evidence) => judgePage(evidence, target.origin, settings)),
    ...endpointsOf(deps, state).flatMap((evidence) => judgeEndpoint(evidence, settings)),
    ...(details.pool === undefined ? [] : [judgePool(details.pool)]),
    ...(server === undefined ? [] : judgeServerMemory(server, server.settings)),
    ...(browser === undefined ? [] : judgeBrowserMemory(browser, browser.settings)),
    ...(details.database === undefined ? [] : judgeDatabase(details.database, settings.database)),
    ...(details.baseline === undefined ? [] : [judgeBaseline(details.baseline, settings.noise)]),
  ];
}

/** Returns why what comes after pages and endpoints is not measured: what was measured of the app is red already, and a reading that fails with it says nothing. */
export function failsAlready(deps: PerfDeps, state: PerfState): string | undefined {
  const findings = [
    ...pagesOf(deps, state)
      .filter(({ runs }) => runs.length > 0)
      .flatMap((evidence) => judgePage(evidence, deps.target.origin, deps.settings)),
    ...endpointsOf(deps, state)
      .filter(({ endpoint }) => state.endpoints.has(endpoint.id))
      .flatMap((evidence) => judgeEndpoint(evidence, deps.settings)),
  ];
  return findings.some(({ verdict }) => verdict === 'red') ? 'a page or an endpoint is red already' : undefined;
}

function pagesOf({ settings }: PerfDeps, state: PerfState) {
  return settings.pages.flatMap((page) =>
    settings.formFactors.map((formFactor) => ({ page, formFactor, runs: state.pages.get(runsKey(page, formFactor)) ?? [] })),
  );
}

function endpointsOf({ settings }: PerfDeps, state: PerfState) {
  const none = requestStatistics([]);
  return settings.endpoints.map((endpoint) => ({ endpoint, ...(state.endpoints.get(endpoint.id) ?? { cold: none, warm: none }) }));
}

function memoryOf({ settings }: PerfDeps, state: PerfState): PerfMemory {
  const [server, browser] = [state.server.peek(), state.browser.peek()];
  const { memory } = settings;
  return {
    server: server === undefined || memory.server === undefined ? undefined : { ...server, settings: memory.server },
    browser: browser === undefined || memory.browser === undefined ? undefined : { ...browser, settings: memory.browser },
  };
}

function withoutFilm(run: PageRun): PageRun {
  return { ...run, filmstrip: undefined };
}

function perfSummary({ pages, endpoints }: PerfDetails): string {
  const name = (page: PerfDetails['pages'][number]) => (page.formFactor === 'mobile' ? `${page.path} (mobile)` : page.path);
  const scores = pages.map((page) => `${name(page)} ${page.runs[page.medianRun]?.score ?? 'not audited'}`);
  const slowest = endpoints.reduce((highest, { statistics }) => Math.max(highest, statistics.p95Ms), 0);
  return [`Lighthouse ${scores.join(', ')}`, ...(endpoints.length === 0 ? [] : [`slowest API p95 ${formatMs(slowest)}`])].join('; ');
}
