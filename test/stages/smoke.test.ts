import { describe, expect, test } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import type { RunEvent } from '../../src/core/run/events.ts';
import type { ProbeJob } from '../../src/core/ports/cache.ts';
import type { RealtimeOutcome, WebOutcome, WebRequest } from '../../src/core/ports/web.ts';
import type { SmokeDetails } from '../../src/core/report.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { SmokeCheck } from '../../src/core/smoke/smoke.ts';
import type { StageRun } from '../../src/core/run/stage.ts';
import type { StageResult } from '../../src/core/verdict.ts';
import { type SmokeDeps, type SmokeInput, smokeRun } from '../../src/stages/smoke/smoke.ts';
import { answered, fakeQueues, fakeRealtime, fakeSessions, fakeWeb, stillClock } from '../fakes/smoke.ts';

const sha = '0123456789abcdef0123456789abcdef01234567';
const target = { origin: 'https://staging.example.com', resolve: {} };
const user = 'agent1@staging.test';
const checks: readonly SmokeCheck[] = [
  { id: 'home', title: 'Home', kind: 'page', path: '/', as: 'nobody', status: 200, marker: 'JetVision Assistant', timeoutMs: 1000 },
  {
    id: 'dashboard',
    title: 'Dashboard',
    kind: 'page',
    path: '/dashboard',
    as: { user },
    status: 200,
    marker: '<h1>Dashboard</h1>',
    timeoutMs: 1000,
  },
  {
    id: 'dashboard-signed-out',
    title: 'Dashboard signed out',
    kind: 'page',
    path: '/dashboard',
    as: 'nobody',
    status: 307,
    marker: '/sign-in',
    timeoutMs: 1000,
  },
  { id: 'health', title: 'Health', kind: 'health', path: '/api/health', timeoutMs: 1000 },
  {
    id: 'create',
    title: 'Create a request',
    kind: 'api',
    method: 'POST',
    path: '/api/requests',
    as: { user },
    body: { departure_date: '{today+30}' },
    status: 201,
    fields: { 'request.id': 'string' },
    remove: { id: 'request.id', path: '/api/requests/{id}' },
    timeoutMs: 1000,
  },
  {
    id: 'create-signed-out',
    title: 'Create signed out',
    kind: 'api',
    method: 'POST',
    path: '/api/requests',
    as: 'nobody',
    body: {},
    status: 401,
    fields: { error: 'string' },
    timeoutMs: 1000,
  },
  {
    id: 'list',
    title: 'List',
    kind: 'api',
    method: 'GET',
    path: '/api/requests',
    as: { user },
    status: 200,
    fields: { requests: 'array' },
    notEmpty: 'requests',
    timeoutMs: 1000,
  },
  {
    id: 'realtime',
    title: 'Realtime',
    kind: 'realtime',
    table: 'flight_requests',
    as: { user },
    row: { user_id: '{user.id}' },
    timeoutMs: 1000,
  },
  { id: 'queue', title: 'Queue', kind: 'queue', queue: 'flight-requests', worker: '/api/worker?queue=flight-requests', timeoutMs: 1000 },
  {
    id: 'headers',
    title: 'Headers',
    kind: 'headers',
    path: '/',
    headers: { 'x-robots-tag': 'noindex', 'strict-transport-security': 'max-age=' },
    timeoutMs: 1000,
  },
  { id: 'negative', title: 'Nothing of production', kind: 'negative', path: '/', absent: [], timeoutMs: 1000 },
];

const common = { 'x-robots-tag': 'noindex, nofollow', 'strict-transport-security': 'max-age=63072000' };
const html = { ...common, 'content-type': 'text/html' };
const json = { ...common, 'content-type': 'application/json' };
const contract = {
  status: 'ok',
  environment: 'staging',
  version: sha,
  deployment: 'dpl_1',
  database: 'connected',
  redis: 'connected',
  sentry: { environment: 'staging' },
  memory: { rssBytes: 1000, heapUsedBytes: 500 },
};
const wall = answered(401, { ...html, 'set-cookie': '_vercel_sso_nonce=x' }, '<html><title>Authentication Required</title></html>');

/** The app as it should be, by method and path. */
function app(request: WebRequest): WebOutcome {
  const signedIn = request.headers?.['cookie'] === `jv_session=${user}`;
  switch (`${request.method} ${request.path}`) {
    case 'GET /':
      return answered(200, html, '<html><h1>JetVision Assistant</h1><script src="/app.js"></script></html>');
    case 'GET /app.js':
      return answered(200, { ...common, 'content-type': 'text/javascript' }, 'console.log(1)');
    case 'GET /dashboard':
      return signedIn
        ? answered(200, html, `<html><h1>Dashboard</h1>${user}</html>`)
        : answered(307, { ...common, location: '/sign-in?next=/dashboard' }, '');
    case 'GET /api/health':
      return answered(200, json, JSON.stringify(contract));
    case 'POST /api/requests':
      return signedIn ? answered(201, json, '{"request":{"id":"r 1"},"job":{"id":"1"}}') : answered(401, json, '{"error":"not signed in"}');
    case 'DELETE /api/requests/r%201':
      return answered(204, common, '');
    case 'GET /api/requests':
      return answered(200, json, '{"requests":[{"id":"r0"}]}');
    case 'POST /api/worker?queue=flight-requests':
      return answered(200, json, '{"processed":1,"failed":0,"remaining":0,"deployment":"dpl_1"}');
    default:
      return answered(404, json, '{"error":"not found"}');
  }
}

const event: RealtimeOutcome = { kind: 'event', afterMs: 20 };
const completed: ProbeJob = {
  state: 'completed',
  result: { probe: true, environment: 'staging', deployment: 'dpl_1', version: sha },
  durationMs: 9,
};

interface Sabotage {
  /** Answers in place of the app, by method and path; undefined lets the app answer. */
  readonly web?: (request: WebRequest) => WebOutcome | undefined;
  readonly realtime?: RealtimeOutcome;
  readonly job?: ProbeJob | Error;
  readonly refused?: readonly string[];
  readonly without?: readonly (keyof SmokeDeps)[];
  readonly input?: Partial<SmokeInput>;
}

function stage(sabotage: Sabotage = {}) {
  const web = fakeWeb((request) => sabotage.web?.(request) ?? app(request));
  const sessions = fakeSessions(sabotage.refused);
  const realtime = fakeRealtime(sabotage.realtime ?? event);
  const queues = fakeQueues(sabotage.job ?? completed);
  const clock = stillClock();
  const all = { web, clock, sessions, realtime, queues };
  const deps: SmokeDeps = { ...all, ...Object.fromEntries((sabotage.without ?? []).map((name) => [name, undefined])) };
  const input: SmokeInput = {
    target,
    checks,
    profile: 'full',
    expected: { environment: 'staging', sentryEnvironment: 'staging', gitSha: sha, deploymentId: 'dpl_1' },
    production: { domains: ['example.com'], vercelProjects: [], supabaseProjects: [], upstashDatabases: [] },
    ...sabotage.input,
  };
  return { ...all, run: () => smokeRun(deps, input) };
}

interface Outcome {
  readonly result: StageResult<SmokeDetails>;
  readonly error: unknown;
  readonly events: readonly RunEvent[];
}

async function execute(run: StageRun<SmokeDetails>, clock = stillClock(), signal = new AbortController().signal): Promise<Outcome> {
  const events: RunEvent[] = [];
  const journal = { append: async () => undefined, unfinished: async () => [] };
  const error: unknown = await runSteps(run.steps, { runId: 'r', journal, clock, events: (one) => void events.push(one), signal }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const result = run.result();
  if (result === undefined) throw error;
  return { result, error, events };
}

function idsOf(result: StageResult, verdict: string): readonly string[] {
  return result.findings.filter((finding) => finding.verdict === verdict).map(({ id }) => id);
}

function at(key: string, outcome: WebOutcome): (request: WebRequest) => WebOutcome | undefined {
  return ({ method, path }) => (`${method} ${path}` === key ? outcome : undefined);
}

function healthOf(changes: object, status = 200) {
  return at('GET /api/health', answered(status, json, JSON.stringify({ ...contract, ...changes })));
}

const needProof = ['dashboard', 'create', 'create-signed-out', 'list', 'realtime', 'queue'];

test('the control is green: every check was executed, and its summary says so', async () => {
  const { run } = stage();

  const { result, error } = await execute(run());

  expect(error).toBeUndefined();
  expect(result).toMatchObject({
    stage: 'smoke',
    verdict: 'green',
    summary: '11 of 11 checks green',
    details: { profile: 'full', notInProfile: [], executed: 11 },
  });
});

/** Name, sabotage, the checks that turn red, the message of the first of them, the checks that are not run because of it. */
const sabotages: readonly (readonly [string, Sabotage, readonly string[], RegExp, (readonly string[])?])[] = [
  [
    'a login wall over everything',
    { web: () => wall },
    ['health', 'home', 'dashboard-signed-out', 'headers', 'negative'],
    /login wall/,
    needProof,
  ],
  ['a login wall over the home page', { web: at('GET /', wall) }, ['home', 'headers', 'negative'], /login wall/],
  [
    'a redirect instead of the dashboard',
    { web: ({ path }) => (path === '/dashboard' ? answered(307, { location: '/sign-in' }, '') : undefined) },
    ['dashboard'],
    /session was not accepted/,
  ],
  [
    "SSO in place of the app's own redirect",
    {
      web: ({ path, headers }) =>
        path === '/dashboard' && headers?.['cookie'] === undefined
          ? answered(307, { location: 'https://vercel.com/sso-api?url=/sign-in' }, '')
          : undefined,
    },
    ['dashboard-signed-out'],
    /login wall/,
  ],
  [
    'the wrong commit',
    { web: healthOf({ version: 'fedcba9876543210fedcba9876543210fedcba98' }) },
    ['health'],
    /Commit fedcba987654 answers/,
  ],
  [
    'the wrong environment',
    { web: healthOf({ environment: 'production' }) },
    ['health'],
    /environment that answers is "production"/,
    needProof,
  ],
  ['the wrong deployment', { web: healthOf({ deployment: 'dpl_0' }) }, ['health'], /Deployment "dpl_0"/],
  ['the database gone', { web: healthOf({ database: 'disconnected', status: 'degraded' }, 503) }, ['health'], /database is "disconnected"/],
  ['redis gone for the app', { web: healthOf({ redis: 'disconnected', status: 'degraded' }, 503) }, ['health'], /redis is "disconnected"/],
  ['Sentry tagged production', { web: healthOf({ sentry: { environment: 'production' } }) }, ['health'], /tagged "production"/],
  ['memory not told', { web: healthOf({ memory: {} }) }, ['health'], /memory/],
  [
    'HTML for the health contract',
    { web: at('GET /api/health', answered(200, html, '<html><title>App</title>staging</html>')) },
    ['health'],
    /HTML where JSON/,
    needProof,
  ],
  [
    'a parked domain',
    { web: at('GET /', answered(200, html, '<html>This domain is for sale</html>')) },
    ['home', 'negative', 'headers'].toSorted(),
    /parked domain/,
  ],
  ['an empty home page', { web: at('GET /', answered(200, html, '')) }, ['home', 'headers', 'negative'], /empty body/],
  [
    'an error page with 200',
    { web: at('GET /', answered(200, html, '<html><title>Application error</title></html>')) },
    ['home', 'headers', 'negative'],
    /error page/,
  ],
  ['another app at the address', { web: at('GET /', answered(200, html, '<html><h1>Other</h1></html>')) }, ['home'], /does not show/],
  [
    "another user's dashboard",
    {
      web: ({ path, headers }) =>
        path === '/dashboard' && headers?.['cookie'] !== undefined
          ? answered(200, html, '<html><h1>Dashboard</h1>agent2@staging.test</html>')
          : undefined,
    },
    ['dashboard'],
    /does not show the signed-in user/,
  ],
  [
    'a dashboard open to everybody',
    { web: ({ path }) => (path === '/dashboard' ? answered(200, html, `<html><h1>Dashboard</h1>${user}</html>`) : undefined) },
    ['dashboard-signed-out'],
    /status 200, not 307/,
  ],
  [
    'requests open to everybody',
    { web: at('POST /api/requests', answered(201, json, '{"request":{"id":"r 1"}}')) },
    ['create-signed-out'],
    /status 201, not 401/,
  ],
  [
    'a read-only database',
    {
      web: ({ method, path, headers }) =>
        method === 'POST' && path === '/api/requests' && headers?.['cookie'] !== undefined
          ? answered(500, json, '{"error":"read-only transaction"}')
          : undefined,
    },
    ['create'],
    /read-only transaction/,
  ],
  [
    'what is created cannot be removed',
    { web: at('DELETE /api/requests/r%201', answered(403, json, '{}')) },
    ['create'],
    /could not be removed again: DELETE \/api\/requests\/r%201 came to status 403/,
  ],
  [
    'rows that row level security hides',
    { web: at('GET /api/requests', answered(200, json, '{"requests":[]}')) },
    ['list'],
    /nothing in `requests`/,
  ],
  [
    'the seeded user refused',
    { refused: [user] },
    ['dashboard', 'create', 'list', 'realtime'],
    /Sign-in of agent1@staging\.test answered 401/,
  ],
  [
    'a dead Realtime',
    { realtime: { kind: 'silent', stage: 'event', message: 'no event within 1000 ms' } },
    ['realtime'],
    /no event of it arrived/,
  ],
  ['a stalled worker', { job: { state: 'active', waitedMs: 1000 } }, ['queue'], /the worker stalled/],
  [
    'no worker',
    { web: at('POST /api/worker?queue=flight-requests', answered(404, json, '{}')), job: { state: 'waiting', waitedMs: 1000 } },
    ['queue'],
    /status 404/,
  ],
  ['the wrong Redis', { job: { state: 'waiting', waitedMs: 1000 } }, ['queue'], /never begun/],
  [
    'Redis unreachable',
    { job: new StagingError('vendor', 'REDIS_UNREACHABLE', 'Redis did not answer.', { fix: 'Start it.' }) },
    ['queue'],
    /Redis did not answer/,
  ],
  [
    "another environment's worker",
    { job: { state: 'completed', result: { environment: 'production', deployment: 'dpl_1', version: sha }, durationMs: 1 } },
    ['queue'],
    /processed with environment "production"/,
  ],
  [
    'no noindex',
    {
      web: at(
        'GET /',
        answered(
          200,
          { 'content-type': 'text/html', 'strict-transport-security': 'max-age=1' },
          '<html><h1>JetVision Assistant</h1></html>',
        ),
      ),
    },
    ['headers'],
    /without the header x-robots-tag/,
  ],
  [
    'a production host in the script',
    { web: at('GET /app.js', answered(200, {}, '"https://example.com"')) },
    ['negative'],
    /production host example\.com/,
  ],
  ['Realtime not configured', { without: ['realtime'] }, ['realtime'], /not tested/],
  ['queues not configured', { without: ['queues'] }, ['queue'], /not tested/],
  [
    'no password of the seeded users',
    { without: ['sessions'] },
    ['dashboard', 'create', 'list', 'realtime'],
    /password of the seeded users is not known/,
  ],
  [
    'nobody answers',
    { web: () => ({ kind: 'failure', class: 'refused', message: 'ECONNREFUSED', durationMs: 1 }) },
    ['health', 'home', 'dashboard-signed-out', 'headers', 'negative'],
    /Nothing listens/,
    needProof,
  ],
];

describe('the sabotage matrix', () => {
  const rows = sabotages.map(([name, sabotage, red, message, skipped = []]) => ({ name, sabotage, red, message, skipped }));

  test.each(rows)('$name turns exactly the right checks red', async ({ sabotage, red, message, skipped }) => {
    const { run, queues } = stage(sabotage);

    const { result, error } = await execute(run());

    expect(idsOf(result, 'red').toSorted()).toEqual([...red].toSorted());
    expect(idsOf(result, 'skipped').toSorted()).toEqual([...skipped].toSorted());
    expect(result.findings.find((finding) => finding.id === red[0])?.message).toMatch(message);
    expect(result.verdict).toBe('red');
    expect(error).toMatchObject({ code: 'SMOKE_RED', exitCode: 5, data: result });
    expect(queues.left.size).toBe(0);
  });

  test('has at least 20 rows, and every kind of check is turned red by one of them', () => {
    const red = new Set(sabotages.flatMap(([, , ids]) => ids));

    expect(sabotages.length).toBeGreaterThanOrEqual(20);
    expect([...red].toSorted()).toEqual(checks.map(({ id }) => id).toSorted());
  });
});

test('an address that is not staging gets no password and no write', async () => {
  const { run, web, sessions, realtime } = stage({ web: healthOf({ environment: 'production' }) });

  await execute(run());

  expect(web.asked.filter(({ method }) => method !== 'GET')).toEqual([]);
  expect(sessions.signedIn).toEqual([]);
  expect(realtime.rows).toEqual([]);
});

test('a production domain gets no write even when it says that it is staging', async () => {
  const { run, web } = stage({ input: { target: { origin: 'https://example.com', resolve: {} } } });

  const { result } = await execute(run());

  expect(web.asked.filter(({ method }) => method !== 'GET')).toEqual([]);
  expect(idsOf(result, 'skipped').toSorted()).toEqual(needProof.toSorted());
});

test('what was created is removed, dates are relative to today, and each user is signed in once', async () => {
  const { run, web, sessions, realtime } = stage();

  await execute(run());

  expect(sessions.signedIn).toEqual([user]);
  expect(web.asked.find(({ method, headers }) => method === 'POST' && headers?.['cookie'] !== undefined)?.body).toBe(
    '{"departure_date":"2026-12-22"}',
  );
  expect(web.asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual(['/api/requests/r%201']);
  expect(realtime.rows).toEqual([{ user_id: `id-of-${user}` }]);
});

test('the steps show which checks are red, and the last one fails with the code', async () => {
  const { run } = stage({ realtime: { kind: 'silent', stage: 'subscribe', message: 'gone' } });

  const { events } = await execute(run());

  const outcomes = Object.fromEntries(events.flatMap((one) => (one.type === 'step-finished' ? [[one.path.join('/'), one.outcome]] : [])));
  expect(outcomes).toMatchObject({ 'checks/home': 'done', 'checks/realtime': 'red', verdict: 'failed' });
});

test('a check that hangs is given up after its time, and the others are not held up', async () => {
  const hanging = stage();
  const never = new Promise<RealtimeOutcome>(() => undefined);
  const stageRun = smokeRun(
    { ...hanging, realtime: { probe: () => never } },
    { target, checks, profile: 'full', expected: { environment: 'staging', sentryEnvironment: 'staging' } },
  );

  const executing = execute(stageRun);
  await new Promise((resolve) => setImmediate(resolve));
  hanging.clock.elapse(2500);
  const { result } = await executing;

  expect(idsOf(result, 'red')).toEqual(['realtime']);
  expect(result.findings.find(({ id }) => id === 'realtime')?.message).toMatch(/did not finish within its 1000 ms/);
});

test('an interruption ends the run and is no finding', async () => {
  const abort = new AbortController();
  const { run } = stage({
    web: () => {
      abort.abort(new Error('stop'));
      return undefined;
    },
  });

  await expect(execute(run(), stillClock(), abort.signal)).rejects.toMatchObject({ code: 'RUN_INTERRUPTED' });
});

test('--only runs the named checks and always the health check', async () => {
  const { run, web } = stage({ input: { only: ['home'] } });

  const { result } = await execute(run());

  expect(result.findings.map(({ id }) => id)).toEqual(['health', 'home']);
  expect(result).toMatchObject({ verdict: 'green', summary: '2 of 2 checks green, 9 left out by --only' });
  expect(result.details.leftOut).toHaveLength(9);
  expect(web.asked.map(({ path }) => path).toSorted()).toEqual(['/', '/api/health']);
});

test('--only with the wrong commit is red: who answers is part of every run', async () => {
  const { run } = stage({ input: { only: ['home'] }, web: healthOf({ version: 'x' }) });

  const { result } = await execute(run());

  expect(idsOf(result, 'red')).toEqual(['health']);
});

test('--only with an unknown id is wrong usage and names the known ones', () => {
  const { run } = stage({ input: { only: ['home', 'hoem'] } });

  expect(run).toThrowError(expect.objectContaining({ code: 'SMOKE_CHECK_UNKNOWN', exitCode: 2, fix: expect.stringContaining('home') }));
});

test('a run that its first red check settles does not wait for the others, and says so of them', async () => {
  const hanging = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut off')), { once: true }));
  const { run, web, clock } = stage({ input: { settles: true, minimumExecuted: 11 }, web: at('GET /', answered(500, html, 'broken')) });
  const { request } = web;
  const { sleep } = clock;
  // The time of a check does not pass, that of its last words does.
  clock.sleep = (ms, signal) => (ms < 1000 ? Promise.resolve() : sleep(ms, signal));
  web.request = async (to, asked, signal) => (asked.path === '/api/requests' ? hanging(signal) : request(to, asked, signal));

  const { result, error } = await execute(run());

  expect(error).toMatchObject({ code: 'SMOKE_RED' });
  expect(idsOf(result, 'red')).toEqual(expect.arrayContaining(['home']));
  expect(idsOf(result, 'skipped')).toEqual(expect.arrayContaining(['create', 'create-signed-out', 'list']));
  expect(result.summary).toMatch(/, \d not waited for$/);
  expect(idsOf(result, 'red')).not.toContain('executed');
  expect(result.findings.find(({ id }) => id === 'list')).toMatchObject({ seen: 'not waited for', fix: 'Mend what is red first.' });
});

test('fewer checks than the minimum are red', async () => {
  const { run } = stage({ input: { only: ['home'], minimumExecuted: 5 } });

  const { result } = await execute(run());

  expect(result.findings.at(-1)).toMatchObject({ id: 'executed', verdict: 'red', seen: '2', expected: 'at least 5' });
});

/** Home answers an error the first `times` times that it is asked. */
function failing(times: number): (request: WebRequest) => WebOutcome {
  let left = times;
  return (request) => (request.path === '/' && left-- > 0 ? answered(500, html, '<title>Broken</title>') : app(request));
}

const homeAlone = (fields: Partial<SmokeCheck>) =>
  checks
    .slice(0, 1)
    .map((check) => ({ ...check, ...fields }))
    .filter(isCheck);

function isCheck(check: object): check is SmokeCheck {
  return 'kind' in check;
}

test('a red check is run once more only where that is declared, and is then reported as flaky', async () => {
  const once = stage({ input: { checks: homeAlone({}) }, web: failing(1) });
  const retried = stage({ input: { checks: homeAlone({ retry: true }) }, web: failing(1) });
  const broken = stage({ input: { checks: homeAlone({ retry: true }) }, web: failing(2) });

  const results = await Promise.all([once, retried, broken].map(async ({ run }) => (await execute(run())).result));

  expect(results.map(({ verdict }) => verdict)).toEqual(['red', 'green', 'red']);
  expect(results[1]).toMatchObject({ summary: '2 of 2 checks green, flaky: home', details: { flaky: ['home'] } });
});

test('a check that needs one that is not green is not run, and not green', async () => {
  const list = checks
    .filter(({ id }) => id === 'home' || id === 'list')
    .map((check) => (check.id === 'list' ? { ...check, needs: ['home'] } : check));
  const { run, web } = stage({ input: { checks: list }, web: failing(1) });

  const { result } = await execute(run());

  expect(idsOf(result, 'skipped')).toEqual(['list']);
  expect(result.verdict).toBe('red');
  expect(web.asked.map(({ path }) => path)).not.toContain('/api/requests');
});

test('every new kind of check is red when its part is not configured', async () => {
  const base = { title: 't', timeoutMs: 1000 };
  const authToken = { kind: 'env', name: 'SENTRY_AUTH_TOKEN' } as const;
  const kinds: readonly SmokeCheck[] = [
    { ...base, id: 'database', kind: 'database', table: 't', as: { user }, row: {}, key: 'id', anon: 'nothing' },
    { ...base, id: 'redis', kind: 'redis', otherPrefixes: [] },
    { ...base, id: 'websocket', kind: 'websocket', path: '/ws' },
    { ...base, id: 'sentry', kind: 'sentry', trigger: '/t', organization: 'o', project: 'p', authToken },
    { ...base, id: 'logs', kind: 'logs', path: '/' },
    { ...base, id: 'refusal', kind: 'refusal' },
    { ...base, id: 'clerk', kind: 'auth', path: '/dashboard', as: { user }, provider: 'clerk' },
    { ...base, id: 'browser', kind: 'page', path: '/', as: 'nobody', status: 200, marker: 'JetVision', browser: true },
  ];
  const { run } = stage({ input: { checks: kinds } });

  const { result } = await execute(run());

  expect(idsOf(result, 'red')).toEqual(kinds.map(({ id }) => id));
});

test('a configuration without a health check is checked by the built-in one', async () => {
  const { run } = stage({ input: { checks: checks.filter(({ kind }) => kind === 'page') }, web: healthOf({ environment: 'production' }) });

  const { result } = await execute(run());

  expect(idsOf(result, 'red')).toEqual(['health']);
});

describe('the profile outside', () => {
  const input: Partial<SmokeInput> = { profile: 'outside', checks: [], expected: { environment: 'staging', sentryEnvironment: 'staging' } };

  test('needs no configuration and no credentials, and says that it looked from outside only', async () => {
    const { run, web } = stage({ input, without: ['sessions', 'realtime', 'queues'] });

    const { result, error } = await execute(run());

    expect(error).toBeUndefined();
    expect(idsOf(result, 'green')).toEqual(['health', 'home', 'headers', 'negative']);
    expect(result.summary).toBe('outside only: 4 of 4 checks green, not in this profile: signed-in-pages, api, realtime, queue');
    expect(result.details).toEqual({
      profile: 'outside',
      notInProfile: ['signed-in-pages', 'api', 'realtime', 'queue'],
      executed: 4,
      flaky: [],
      leftOut: [],
      minimum: undefined,
    });
    expect(web.asked.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('an address without the health contract is red', async () => {
    const { run } = stage({ input, web: at('GET /api/health', answered(404, html, '<html><title>404</title></html>')) });

    const { result } = await execute(run());

    expect(idsOf(result, 'red')).toEqual(['health']);
  });

  test('plain http is not asked for HSTS', async () => {
    const plain = answered(200, { 'content-type': 'text/html', 'x-robots-tag': 'noindex' }, '<html><h1>Hi</h1></html>');
    const { run } = stage({ input: { ...input, target: { origin: 'http://127.0.0.1:3000', resolve: {} } }, web: at('GET /', plain) });

    const { result } = await execute(run());

    expect(result.verdict).toBe('green');
  });

  test("with a configuration it runs that one's checks from outside and names the rest", async () => {
    const { run } = stage({ input: { ...input, checks } });

    const { result } = await execute(run());

    expect(result.findings.map(({ id }) => id)).toEqual(['health', 'home', 'dashboard-signed-out', 'headers', 'negative']);
    expect(result.details.notInProfile).toEqual(['dashboard', 'create', 'create-signed-out', 'list', 'realtime', 'queue']);
  });
});
