import { describe, expect, test } from 'vitest';
import { requestHistogram } from '../../src/adapters/load-trace/histogram.ts';
import type { PerfBaseline } from '../../src/core/perf/baseline.ts';
import { type PerfSettings, perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import type { BrowserMemory, PageAudit, PageRun } from '../../src/core/ports/measure.ts';
import type { DatabaseInsight, StatementTotals } from '../../src/core/ports/database-insight.ts';
import type { Gauge, GaugeReadings } from '../../src/core/ports/gauges.ts';
import type { ProductionBudgets } from '../../src/core/perf/production-budgets.ts';
import type { WebOutcome } from '../../src/core/ports/web.ts';
import type { PerfDeps } from '../../src/stages/perf/state.ts';
import { perfStage } from '../../src/stages/perf/perf.ts';
import { answer, openSessions, refused, runStage, scriptedWeb, stillClock } from '../support/measure-fakes.ts';
import { pageRun } from '../support/measured.ts';

const origin = 'https://staging.example.com';
const agent = { user: 'agent1@staging.test' };
const settings: PerfSettings = {
  ...perfSettingsForUrl('/'),
  pages: [
    { id: 'home', path: '/', as: 'nobody' },
    { id: 'dashboard', path: '/dashboard', as: agent },
  ],
  endpoints: [
    { id: 'health', method: 'GET', path: '/api/health', as: 'nobody', status: 200 },
    { id: 'create', method: 'POST', path: '/api/requests', as: agent, body: { departure_date: '{today+30}' }, status: 201 },
  ],
  requests: 10,
  coldRequests: 4,
  formFactors: ['desktop'],
};
const addressAlone: PerfSettings = { ...perfSettingsForUrl('/'), formFactors: ['desktop'] };

const noBrowser: BrowserMemory = { open: async () => Promise.reject(new Error('No browser is expected.')) };

function scriptedAudit(run: (path: string, index: number) => PageRun) {
  const audited: { readonly path: string; readonly headers: Readonly<Record<string, string>> }[] = [];
  const audit: PageAudit = {
    versions: async () => ({ browser: 'Chromium 156', lighthouse: '13.5.0' }),
    audit: async (_target, page) => {
      audited.push({ path: page.path, headers: page.headers });
      return run(page.path, audited.length - 1);
    },
  };
  return { audit, audited };
}

function perf(options: {
  run?: (path: string, index: number) => PageRun;
  web?: (path: string, index: number) => WebOutcome;
  settings?: PerfSettings;
  productionBudgets?: ProductionBudgets;
  browserMemory?: BrowserMemory;
  health?: PerfDeps['health'];
  inside?: PerfDeps['inside'];
  baseline?: PerfBaseline;
  hasClerk?: boolean;
}) {
  const { audit, audited } = scriptedAudit(options.run ?? ((path) => pageRun({ finalUrl: `${origin}${path}` })));
  const web = scriptedWeb((request, index) => options.web?.(request.path, index) ?? answer(request.method === 'POST' ? 201 : 200));
  const sessions = openSessions();
  const clerkSessions = options.hasClerk === true ? openSessions('clerk_token') : undefined;
  const stage = perfStage({
    target: { origin, resolve: {} },
    settings: options.settings ?? settings,
    productionBudgets: options.productionBudgets,
    audit,
    browserMemory: options.browserMemory ?? noBrowser,
    histogram: async () => requestHistogram(),
    health: options.health,
    inside: options.inside,
    baseline: async () => options.baseline,
    web,
    signIns: { sessions, clerkSessions },
    clock: stillClock(),
  });
  return { stage, audited, web, sessions, clerkSessions };
}

test('a good app is green: each page three times as its user, each endpoint its cold requests, five warm-ups and its warm ones', async () => {
  const { stage, audited, web, sessions } = perf({});

  const { error, notes } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(audited.map((page) => page.path)).toEqual(['/', '/', '/', '/dashboard', '/dashboard', '/dashboard']);
  expect(audited[0]?.headers).toEqual({});
  expect(audited[5]?.headers).toEqual({ cookie: 'jv_session=agent1@staging.test' });
  expect(sessions.signedIn).toEqual(['agent1@staging.test']);
  expect(web.requests.filter((request) => request.path === '/api/health')).toHaveLength(19);
  expect(web.requests.filter(({ path, fresh }) => path === '/api/health' && fresh === true)).toHaveLength(4);
  expect(web.requests.at(-1)).toMatchObject({
    body: '{"departure_date":"2026-12-22"}',
    headers: { cookie: 'jv_session=agent1@staging.test' },
  });
  expect(notes).toContain('run 3 of 3, scores 98/98');
  const result = stage.result();
  expect(result).toMatchObject({ stage: 'perf', verdict: 'green', summary: 'Lighthouse / 98, /dashboard 98; slowest API p95 20 ms' });
  expect(result?.findings).toHaveLength(17);
  expect(result?.details.endpoints.map((endpoint) => endpoint.statistics.requests)).toEqual([10, 10]);
  expect(result?.details.endpoints.map(({ cold }) => cold?.requests)).toEqual([4, 4]);
});

test('pages and endpoints are measured as users of Clerk, beside the app’s own of the same address', async () => {
  const clerk = { ...agent, provider: 'clerk' as const };
  const pages = [...settings.pages, { id: 'clerk', path: '/clerk', as: clerk }];
  const endpoints = [{ id: 'own', method: 'GET' as const, path: '/api/own', as: clerk, status: 200 }];
  const { stage, audited, web, sessions, clerkSessions } = perf({ settings: { ...settings, pages, endpoints }, hasClerk: true });

  const { error } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect([sessions.signedIn, clerkSessions?.signedIn]).toEqual([[agent.user], [agent.user]]);
  expect(audited.at(3)?.headers).toEqual({ cookie: `jv_session=${agent.user}` });
  expect(audited.at(-1)?.headers).toEqual({ cookie: `clerk_token=${agent.user}` });
  expect(web.requests.at(-1)).toMatchObject({ path: '/api/own', headers: { cookie: `clerk_token=${agent.user}` } });
});

test.each([
  [
    'https://parked.example/x',
    { code: 'PERF_TARGET_ELSEWHERE', exitCode: 5, message: expect.stringContaining('redirects to https://parked.example:') },
  ],
  ['/home', undefined],
])('a first page that redirects to %s', async (location, expected) => {
  const { stage, audited } = perf({ settings: addressAlone, web: () => ({ ...answer(302), headers: { location } }) });

  const { error } = await runStage(stage.steps);

  if (expected === undefined) expect(error).toBeUndefined();
  else expect(error).toMatchObject(expected);
  // Where a redirect within the host leads is judged by what the browser saw.
  expect(audited.length).toBe(expected === undefined ? 3 : 0);
});

test('the median run counts, and its index is in the details', async () => {
  const scores = [99, 86, 90];
  const { stage } = perf({ run: (path, index) => pageRun({ score: scores[index] ?? 95, finalUrl: `${origin}${path}` }) });

  await runStage(stage.steps);

  expect(stage.result()?.details.pages[0]).toMatchObject({ id: 'home', medianRun: 2 });
  expect(stage.result()?.verdict).toBe('green');
});

test('a page whose budget lies inside the spread of its runs is audited up to nine times, and why is said', async () => {
  const scores = [84, 90, 84, 90, 90, 90, 84, 90, 90];
  const { stage, audited } = perf({
    settings: addressAlone,
    run: (path, index) => pageRun({ score: scores[index] ?? 0, finalUrl: `${origin}${path}` }),
  });

  const { notes } = await runStage(stage.steps);

  expect(audited).toHaveLength(9);
  expect(notes).toContain('run 4 of 5, scores 84/90/84; > 85 lies inside the spread of Lighthouse performance score');
  expect(stage.result()).toMatchObject({ verdict: 'green', summary: 'Lighthouse / 90' });
});

test('a page whose budget lies outside the spread is not audited again', async () => {
  const { stage, audited } = perf({
    settings: addressAlone,
    run: (path, index) => pageRun({ score: [86, 100, 93][index] ?? 0, finalUrl: `${origin}${path}` }),
  });

  await runStage(stage.steps);

  expect(audited).toHaveLength(3);
});

test('a budget looser than production’s makes perf red, though every page keeps it', async () => {
  const { stage } = perf({ productionBudgets: { score: 90, apiP95Ms: 2000 } });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'PERF_RED', message: expect.stringContaining("score 85, production's 90") });
});

test('a slow page makes perf red, and the others are still measured', async () => {
  const { stage } = perf({ run: (path) => pageRun({ score: path === '/' ? 60 : 98, finalUrl: `${origin}${path}` }) });

  const { error, outcomes } = await runStage(stage.steps);

  expect(error).toMatchObject({
    code: 'PERF_RED',
    exitCode: 5,
    message: expect.stringContaining('seen 60 (median of 60/60/60), expected > 85'),
  });
  expect(outcomes).toMatchObject({ 'pages/home': 'red', 'pages/dashboard': 'done', 'endpoints/create': 'done', verdict: 'failed' });
});

test('a page behind a login wall makes perf red though its score is 100', async () => {
  const { stage } = perf({ run: () => pageRun({ score: 100, finalUrl: `${origin}/sign-in` }) });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'PERF_RED', message: expect.stringContaining('200 from /sign-in') });
});

test('a machine that is too slow makes perf inconclusive', async () => {
  const { stage } = perf({ run: (path) => pageRun({ benchmarkIndex: 120, finalUrl: `${origin}${path}` }) });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'PERF_INCONCLUSIVE', exitCode: 9 });
});

test('one wrong answer among the measured requests makes perf red', async () => {
  const { stage } = perf({ web: (path, index) => answer(path === '/api/health' ? (index === 16 ? 500 : 200) : path === '/' ? 200 : 201) });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'PERF_RED', message: expect.stringContaining('500 x1') });
});

test('an endpoint that never answers is given up after three requests', async () => {
  const { stage, web } = perf({
    web: (path) => (path === '/api/health' ? { ...refused, class: 'timeout', durationMs: 10_000 } : answer(path === '/' ? 200 : 201)),
  });

  const { error } = await runStage(stage.steps);

  expect(web.requests.filter((request) => request.path === '/api/health')).toHaveLength(3);
  expect(error).toMatchObject({ code: 'PERF_RED', message: expect.stringContaining('timeout x3') });
});

test('a target that does not answer is red before any browser starts', async () => {
  const { stage, audited } = perf({ web: () => refused });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({
    code: 'PERF_TARGET_UNREACHABLE',
    kind: 'red',
    message: expect.stringContaining('does not answer (refused)'),
  });
  expect(audited).toEqual([]);
  expect(stage.result()).toBeUndefined();
});

test('an address alone is audited as nobody, without endpoints', async () => {
  const { stage, sessions, web } = perf({ settings: addressAlone });

  const { error, outcomes } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(outcomes).toMatchObject({ 'sign-in': 'skipped', endpoints: 'skipped' });
  expect(sessions.signedIn).toEqual([]);
  expect(web.requests).toHaveLength(1);
});

test('a page is audited as a phone too where the settings say so, and judged as such', async () => {
  const { stage, audited } = perf({
    settings: perfSettingsForUrl('/'),
    run: (path, index) => pageRun({ score: index < 3 ? 99 : 70, finalUrl: `${origin}${path}` }),
  });

  const { error, outcomes } = await runStage(stage.steps);

  expect(audited).toHaveLength(6);
  expect(outcomes).toMatchObject({ 'pages/page': 'done', 'pages/page-mobile': 'red' });
  expect(error).toMatchObject({ message: expect.stringContaining('score of / (mobile): seen 70') });
  expect(stage.result()).toMatchObject({ summary: 'Lighthouse / 99, / (mobile) 70' });
});

test('the film of the median run alone is kept', async () => {
  const filmstrip = [{ atMs: 300, image: 'data:image/jpeg;base64,AAAA' }];
  const { stage } = perf({
    settings: addressAlone,
    run: (path, index) => pageRun({ score: [99, 97, 98][index] ?? 0, filmstrip, finalUrl: `${origin}${path}` }),
  });

  await runStage(stage.steps);

  expect(stage.result()?.details.pages[0]?.runs.map((run) => run.filmstrip)).toEqual([undefined, undefined, filmstrip]);
});

describe('beside an earlier run', () => {
  const figuresOf = (changes: Parameters<typeof pageRun>[0]): PerfBaseline => ({
    name: 'run_0a (rel_1)',
    figures: { pages: [{ path: '/', formFactor: 'desktop', runs: [pageRun(changes), pageRun(changes)] }], endpoints: [] },
  });

  test('a page that became slower beyond the noise is red and named', async () => {
    const { stage } = perf({
      settings: addressAlone,
      baseline: figuresOf({}),
      run: (path) => pageRun({ pageLoadMs: 1400, finalUrl: `${origin}${path}` }),
    });

    const { error } = await runStage(stage.steps);

    expect(error).toMatchObject({
      code: 'PERF_RED',
      message: expect.stringContaining('Beside run_0a (rel_1): seen load time of / (desktop) 400 ms → 1400 ms'),
    });
  });

  test('one measured on another machine is not compared, which is neither green nor red', async () => {
    const { stage } = perf({
      settings: addressAlone,
      baseline: figuresOf({ benchmarkIndex: 4000, pageLoadMs: 1 }),
      run: (path) => pageRun({ pageLoadMs: 1400, finalUrl: `${origin}${path}` }),
    });

    const { error } = await runStage(stage.steps);

    expect(error).toBeUndefined();
    expect(stage.result()?.findings.find(({ id }) => id === 'baseline')).toMatchObject({ verdict: 'skipped', seen: 'not compared' });
  });
});

describe('memory of the server', () => {
  const soak = { samples: 10, requests: 5, concurrency: 2, heapBytesPerRequest: 500, rssBytesPerRequest: 5000 };
  const soaked: PerfSettings = { ...addressAlone, memory: { server: soak } };
  const memoryAnswer = (bytesARequest: number, served: number) =>
    answer(
      200,
      5,
      JSON.stringify({ memory: { rssBytes: 9e7, heapUsedBytes: 4e7 + bytesARequest * served, collected: true, process: '1-2' } }),
    );
  const soakRun = (answered: (served: number, path: string) => WebOutcome) => {
    let served = 0;
    return perf({
      settings: soaked,
      health: { path: '/api/health', secret: 'cron-secret' },
      web: (path) => {
        if (path.startsWith('/api/health')) return answered(served, path);
        served += 1;
        return answer(200);
      },
    });
  };

  test('is read after each bunch of requests, after garbage collection, which the secret asks for', async () => {
    const { stage, web } = soakRun((served) => memoryAnswer(0, served));

    const { error } = await runStage(stage.steps);

    expect(error).toBeUndefined();
    const reads = web.requests.filter(({ path }) => path === '/api/health?gc=1');
    expect(reads).toHaveLength(10);
    expect(reads[0]?.headers).toEqual({ authorization: 'Bearer cron-secret' });
    expect(
      stage
        .result()
        ?.details.memory?.server?.rounds[0]?.map(({ requests }) => requests)
        .slice(0, 3),
    ).toEqual([5, 10, 15]);
  });

  test('that grows is soaked for three rounds, and is a leak if it grows in all', async () => {
    const { stage } = soakRun((served) => memoryAnswer(2000, served));

    const { error } = await runStage(stage.steps);

    expect(error).toMatchObject({
      code: 'PERF_RED',
      message: expect.stringContaining('Heap of the server over a soak: seen 2.0 kB a request'),
    });
    expect(stage.result()?.details.memory?.server?.rounds).toHaveLength(3);
  });

  test('that grows in the first round alone is none', async () => {
    const { stage } = soakRun((served) => memoryAnswer(2000, Math.min(served, 60)));

    const { error } = await runStage(stage.steps);

    expect(error).toBeUndefined();
    expect(stage.result()?.details.memory?.server?.rounds).toHaveLength(2);
  });

  test('that the health answer does not say is inconclusive, not green', async () => {
    const { stage } = soakRun(() => answer(200, 5, '{"status":"ok"}'));

    const { error } = await runStage(stage.steps);

    expect(error).toMatchObject({ code: 'PERF_INCONCLUSIVE', exitCode: 9, message: expect.stringContaining('not measured') });
  });
});

test('memory of the browser that grows with every cycle is red, and the journey is closed', async () => {
  let cycles = 0;
  let closed = 0;
  const settingsOfSoak = { journey: [], cycles: 10, heapBytesPerCycle: 10_000, nodesPerCycle: 1, listenersPerCycle: 0.5 };
  const { stage } = perf({
    settings: { ...addressAlone, memory: { browser: settingsOfSoak } },
    browserMemory: {
      open: async () => ({
        cycle: async () => ({ heapBytes: 1e6, nodes: 100, listeners: 10 + 3 * (cycles += 1) }),
        close: async () => void (closed += 1),
      }),
    },
  });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({
    code: 'PERF_RED',
    message: expect.stringContaining('Event listeners of / over its journey: seen 3 a cycle'),
  });
  expect([cycles, closed]).toEqual([30, 1]);
});

describe('the database from inside', () => {
  const gauge = (name: 'database' | 'pooler', reading: Partial<GaugeReadings>): Gauge => ({
    name,
    read: async () => reading,
    close: async () => undefined,
  });
  const insight: DatabaseInsight = {
    sessions: async () => 7,
    statements: async () => [],
    unindexedKeys: async () => [],
    tableRows: async () => [],
    close: async () => undefined,
  };
  const insideWith = (connections: number, waitMs: number, changes: Partial<DatabaseInsight> = {}) => ({
    gauges: [gauge('database', { database: { connections, active: 1, limit: 60 } }), gauge('pooler', { pooler: { waitMs } })],
    insight: { ...insight, ...changes },
  });
  const wideKey = { table: 'quotes', name: 'quotes_request_id_fkey', columns: ['request_id'], rows: 1000 };
  const bloated = { table: 'quotes', live: 20_000, dead: 20_000, vacuumedAt: null };
  const slowStatement = { id: '1', text: 'select 1', calls: 2, totalMs: 1200 };
  /** Answers the first look with one list, and later ones with another. */
  const after = (first: readonly StatementTotals[], then: readonly StatementTotals[]) => {
    let looks = 0;
    return async () => ((looks += 1) === 1 ? first : then);
  };
  const pooled: PerfSettings = { ...addressAlone, pool: { concurrency: 3, requests: 12 } };

  test('is green with room in the pool, no slow statement, every key indexed', async () => {
    const { stage, web } = perf({ settings: pooled, inside: insideWith(5, 2) });

    const { error } = await runStage(stage.steps);

    expect(error).toBeUndefined();
    expect(web.requests).toHaveLength(13);
    expect(stage.result()?.findings.find(({ id }) => id === 'pool')?.seen).toMatch(/^at most 5 of 60 \(8 %\); 0 of \d+ probes waited/);
  });

  test.each([
    ['connections near the limit', insideWith(54, 2), 'about to refuse'],
    ['a pool that clients queue for', insideWith(5, 1000), 'the pool is saturated'],
    [
      'a statement that takes long',
      insideWith(5, 2, { statements: after([], [slowStatement]) }),
      'Slowest statements: seen 600 ms over 2 calls: select 1',
    ],
    ['a foreign key of a large table without an index', insideWith(5, 2, { unindexedKeys: async () => [wideKey] }), 'quotes (request_id)'],
    ['a table full of dead rows', insideWith(5, 2, { tableRows: async () => [bloated] }), 'quotes: 20000 dead rows (50 %)'],
  ])('is red with %s', async (_what, inside, says) => {
    const { stage } = perf({ settings: pooled, inside });

    const { error } = await runStage(stage.steps);

    expect(error).toMatchObject({ code: 'PERF_RED' });
    expect(JSON.stringify(stage.result()?.findings.filter(({ verdict }) => verdict === 'red')) + String(error)).toContain(says);
  });

  test('is not looked at where a page is red already, so that the red is not hidden by what could not be read', async () => {
    const { stage } = perf({
      settings: pooled,
      inside: insideWith(5, 2, { statements: async () => undefined }),
      run: (path) => pageRun({ score: 40, finalUrl: `${origin}${path}` }),
    });

    const { error, outcomes } = await runStage(stage.steps);

    expect(error).toMatchObject({ code: 'PERF_RED', exitCode: 5 });
    expect(outcomes).toMatchObject({ pool: 'skipped', database: 'skipped' });
  });

  test('is inconclusive where statements are not counted', async () => {
    const { stage } = perf({ settings: pooled, inside: insideWith(5, 2, { statements: async () => undefined }) });

    const { error } = await runStage(stage.steps);

    expect(error).toMatchObject({ code: 'PERF_INCONCLUSIVE', fix: expect.stringContaining('create extension pg_stat_statements') });
  });
});
