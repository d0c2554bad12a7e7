import { expect, test } from 'vitest';
import { type PerfSettings, perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import type { PageAudit, PageRun } from '../../src/core/ports/measure.ts';
import type { ProductionBudgets } from '../../src/core/perf/production-budgets.ts';
import type { WebOutcome } from '../../src/core/ports/web.ts';
import { perfStage } from '../../src/stages/perf.ts';
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
};

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
}) {
  const { audit, audited } = scriptedAudit(options.run ?? ((path) => pageRun({ finalUrl: `${origin}${path}` })));
  const web = scriptedWeb((request, index) => options.web?.(request.path, index) ?? answer(request.method === 'POST' ? 201 : 200));
  const sessions = openSessions();
  const stage = perfStage({
    target: { origin, resolve: {} },
    settings: options.settings ?? settings,
    productionBudgets: options.productionBudgets,
    audit,
    web,
    sessions,
    clock: stillClock(),
  });
  return { stage, audited, web, sessions };
}

test('a good app is green: each page three times as its user, each endpoint its requests after five warm-ups', async () => {
  const { stage, audited, web, sessions } = perf({});

  const { error, notes } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(audited.map((page) => page.path)).toEqual(['/', '/', '/', '/dashboard', '/dashboard', '/dashboard']);
  expect(audited[0]?.headers).toEqual({});
  expect(audited[5]?.headers).toEqual({ cookie: 'jv_session=agent1@staging.test' });
  expect(sessions.signedIn).toEqual(['agent1@staging.test']);
  expect(web.requests.filter((request) => request.path === '/api/health')).toHaveLength(15);
  expect(web.requests.at(-1)).toMatchObject({
    body: '{"departure_date":"2026-12-22"}',
    headers: { cookie: 'jv_session=agent1@staging.test' },
  });
  expect(notes).toContain('run 3 of 3, scores 98/98');
  const result = stage.result();
  expect(result).toMatchObject({ stage: 'perf', verdict: 'green', summary: 'Lighthouse / 98, /dashboard 98; slowest API p95 20 ms' });
  expect(result?.findings).toHaveLength(15);
  expect(result?.details.endpoints.map((endpoint) => endpoint.statistics.requests)).toEqual([10, 10]);
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
    settings: perfSettingsForUrl('/'),
    run: (path, index) => pageRun({ score: scores[index] ?? 0, finalUrl: `${origin}${path}` }),
  });

  const { notes } = await runStage(stage.steps);

  expect(audited).toHaveLength(9);
  expect(notes).toContain('run 4 of 5, scores 84/90/84; > 85 lies inside the spread of Lighthouse performance score');
  expect(stage.result()).toMatchObject({ verdict: 'green', summary: 'Lighthouse / 90' });
});

test('a page whose budget lies outside the spread is not audited again', async () => {
  const { stage, audited } = perf({
    settings: perfSettingsForUrl('/'),
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
  const { stage } = perf({ web: (path, index) => answer(path === '/api/health' ? (index === 12 ? 500 : 200) : path === '/' ? 200 : 201) });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'PERF_RED', message: expect.stringContaining('500 x1') });
});

test('an endpoint that never answers is given up after three requests', async () => {
  const { stage, web } = perf({
    web: (path) => (path === '/api/health' ? { ...refused, class: 'timeout', durationMs: 10_000 } : answer(path === '/' ? 200 : 201)),
  });

  const { error } = await runStage(stage.steps);

  expect(web.requests.filter((request) => request.path === '/api/health')).toHaveLength(3);
  expect(error).toMatchObject({ code: 'PERF_RED', message: expect.stringContaining('timeout x1') });
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
  const { stage, sessions, web } = perf({ settings: perfSettingsForUrl('/') });

  const { error, outcomes } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(outcomes).toMatchObject({ 'sign-in': 'skipped', endpoints: 'skipped' });
  expect(sessions.signedIn).toEqual([]);
  expect(web.requests).toHaveLength(1);
});
