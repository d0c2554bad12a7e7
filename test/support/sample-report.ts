import { originalBudgets } from '../../src/core/perf/perf.ts';
import type { LoadSample, RequestStatistics } from '../../src/core/load/load.ts';
import type { PageRun } from '../../src/core/ports/measure.ts';
import type { LoadDetails, PerfDetails, RunReport, SmokeDetails } from '../../src/core/report.ts';
import type { Finding, StageResult } from '../../src/core/verdict.ts';

/** TEST FIXTURE. Invented figures in a realistic shape: nothing here was measured. */

/** Returns the same series of values in [0, 1) for the same seed. */
function seededNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function statistics(p50Ms: number, requests: number, errors = 0): RequestStatistics {
  return {
    requests,
    errors,
    errorRate: requests === 0 ? 0 : errors / requests,
    minMs: p50Ms * 0.42,
    meanMs: p50Ms * 1.2,
    p50Ms,
    p90Ms: p50Ms * 2.1,
    p95Ms: p50Ms * 2.9,
    p99Ms: p50Ms * 5.4,
    maxMs: p50Ms * 8.7,
    errorsByClass: errors === 0 ? {} : { '500': Math.ceil(errors * 0.7), timeout: Math.floor(errors * 0.3) },
  };
}

function timeline(): readonly LoadSample[] {
  const noise = seededNoise(7);
  return Array.from({ length: 30 }, (_, second) => {
    const vus = second < 10 ? Math.round((second + 1) * 5) : second < 26 ? 50 : Math.max(0, 50 - (second - 25) * 12);
    const requests = Math.round(vus * (0.6 + noise() * 0.12));
    const p50Ms = 24 + vus * 0.7 + noise() * 9;
    return { second, vus, requests, errors: second === 17 || second === 18 ? 2 : 0, p50Ms, p95Ms: p50Ms * (2.1 + noise() * 0.8) };
  });
}

function pageRun(score: number, pageLoadMs: number): PageRun {
  return {
    score,
    firstContentfulPaintMs: pageLoadMs * 0.5,
    largestContentfulPaintMs: pageLoadMs * 0.8,
    totalBlockingTimeMs: (100 - score) * 6,
    cumulativeLayoutShift: 0.01,
    pageLoadMs,
    benchmarkIndex: 1040,
    status: 200,
    finalUrl: 'http://staging.jetvision-assistant.com:41234/',
  };
}

const startedAt = '2026-11-22T20:00:00.000Z';

function stage<Details>(
  name: string,
  summary: string,
  durationMs: number,
  findings: readonly Finding[],
  details: Details,
): StageResult<Details> {
  const red = findings.some((finding) => finding.verdict === 'red');
  return { stage: name, verdict: red ? 'red' : 'green', summary, findings, startedAt, durationMs, details };
}

function green(id: string, title: string, seen: string, expected: string): Finding {
  return { id, title, verdict: 'green', seen, expected, durationMs: 42 };
}

/** The smallest JPEG that browsers show. */
const picture =
  'data:image/jpeg;base64,/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=';

const film = [375, 750, 1125, 1500].map((atMs) => ({ atMs, image: picture }));

/** Returns a series that grows by a slope, with some noise. */
function grown(count: number, start: number, slope: number, noiseBytes: number): readonly number[] {
  const noise = seededNoise(11);
  return Array.from({ length: count }, (_, at) => Math.round(start + slope * at + noise() * noiseBytes));
}

const serverRound = grown(30, 41e6, 2600, 90_000).map((heapUsedBytes, at) => ({
  requests: (at + 1) * 20,
  rssBytes: 96e6 + at * 1000,
  heapUsedBytes,
  collected: true,
  process: '71-1',
}));

const browserRound = grown(10, 1.4e6, 300, 2000).map((heapBytes, at) => ({ cycle: at + 1, heapBytes, nodes: 210, listeners: 34 }));

/** Details of perf as the fixture has them. */
export const samplePerf: PerfDetails = {
  memory: {
    server: {
      rounds: [serverRound],
      settings: { samples: 30, requests: 20, concurrency: 4, heapBytesPerRequest: 500, rssBytesPerRequest: 5000 },
    },
    browser: {
      path: '/dashboard',
      rounds: [browserRound],
      settings: { journey: [], cycles: 10, heapBytesPerCycle: 10_000, nodesPerCycle: 1, listenersPerCycle: 0.5 },
    },
  },
  pool: {
    samples: [0, 0.1, 0.2, 0.3, 0.4].map((second, at) => ({
      second,
      database: { connections: 8 + at, active: at % 3, limit: 60 },
      pooler: { waitMs: 2 + at },
      unread: {},
    })),
    newSessions: 4,
    requests: 200,
  },
  database: {
    statements: [{ id: '1', text: 'select * from flight_requests where user_id = $1', calls: 50, totalMs: 210 }],
    unindexedKeys: [],
    tableRows: [],
  },
  baseline: {
    name: 'run_01jd8 (rel_01JD8)',
    figures: [
      { what: 'score of / (desktop)', before: 97, now: 98, unit: 'points', regressed: false },
      { what: 'p95 of POST /api/requests', before: 170, now: 186, unit: 'ms', regressed: false },
    ],
  },
  pages: [
    {
      id: 'home',
      path: '/',
      formFactor: 'desktop',
      runs: [pageRun(97, 740), pageRun(99, 690), { ...pageRun(98, 702), filmstrip: film }],
      medianRun: 2,
    },
    {
      id: 'dashboard',
      path: '/dashboard',
      formFactor: 'desktop',
      runs: [pageRun(88, 1420), pageRun(93, 1290), pageRun(91, 1312)],
      medianRun: 2,
    },
  ],
  endpoints: [
    { id: 'health', method: 'GET', path: '/api/health', statistics: statistics(11, 50), cold: statistics(34, 10) },
    { id: 'list-requests', method: 'GET', path: '/api/requests', statistics: statistics(38, 50) },
    { id: 'create-request', method: 'POST', path: '/api/requests', statistics: statistics(64, 50) },
  ],
  budgets: originalBudgets,
  versions: { browser: 'Chrome/156.0.8078.79', lighthouse: '13.5.0' },
};

/** Details of load as the fixture has them. */
export const sampleLoad: LoadDetails = {
  measurement: {
    engine: 'k6',
    engineVersion: '1.8.1',
    durationMs: 30_020,
    iterations: 402,
    vusMax: 50,
    all: statistics(58, 806, 4),
    byRequest: { health: statistics(31, 403), 'create-request': statistics(72, 403, 4) },
    timeline: timeline(),
    generatorCpu: 0.21,
  },
  stages: [
    { durationMs: 10_000, vus: 50 },
    { durationMs: 16_000, vus: 50 },
    { durationMs: 4000, vus: 0 },
  ],
  thresholds: { p95Ms: 2000, errorRate: 0.15 },
};

const smokeDetails: SmokeDetails = { profile: 'full', notInProfile: [], executed: 7 };

const smokeFindings: readonly Finding[] = [
  green('home', 'Home page shows JetVision', '200, marker found', '200 and "JetVision Assistant"'),
  green('dashboard', 'Dashboard shows the signed-in agent', '200, agent1@staging.test', '200 and agent1@staging.test'),
  green('health', 'Health contract', 'staging, database and redis connected, 4f1c2ab', 'staging, all connected, 4f1c2ab'),
  green('create-request', 'A signed-in agent creates a request', '201', '201'),
  green('create-refused', 'Nobody creates no request', '401', '401'),
  green('realtime', 'An insert is announced in real time', 'event after 84 ms', 'an event within 5 s'),
  green('queue', 'A job is processed by the app', 'completed by dpl_8Kq2', 'completed by dpl_8Kq2'),
];

/** Returns a green report of all six stages. */
export function sampleReport(): RunReport {
  return {
    runId: 'run_01jd9zk3qf',
    command: 'up',
    environment: 'staging',
    target: 'local',
    url: 'http://staging.jetvision-assistant.com:41234',
    openUrl: 'http://127.0.0.1:41287',
    gitSha: '4f1c2ab9d03e5577aa10b2c8ee41d6f0937ac115',
    releaseId: 'rel_01JD9ZM8WT',
    deploymentId: 'dpl_8Kq2',
    verdict: 'green',
    stages: [
      stage(
        'provision',
        '3 resources in place, 14 variables set, 5 migrations applied',
        9400,
        [
          green('supabase', 'Supabase project', 'healthy', 'healthy'),
          green('redis', 'Upstash database', 'answers in 2 ms', 'answers'),
          green('rls', 'Row level security', '5 of 5 tables', 'every table'),
        ],
        null,
      ),
      stage(
        'deploy',
        '61 files uploaded, dpl_8Kq2 is live',
        5100,
        [green('commit', 'Commit that answers', '4f1c2ab9d03e', '4f1c2ab9d03e')],
        null,
      ),
      stage('seed', '11 rows in place, 0 changed', 640, [green('rows', 'Seed rows', '11 of 11', '11 of 11')], null),
      stage('smoke', '7 of 7 checks green', 2300, smokeFindings, smokeDetails),
      stage(
        'perf',
        'scores 98 and 91, slowest API p95 186 ms',
        52_000,
        [
          green('score-home', 'Lighthouse score of / (desktop)', '98 (97 to 99 in 3 runs)', '> 85'),
          green('score-dashboard', 'Lighthouse score of /dashboard (desktop)', '91 (88 to 93 in 3 runs)', '> 85'),
          green('load-home', 'Page load of /', '702 ms', '< 3 s'),
          green('load-dashboard', 'Page load of /dashboard', '1.3 s', '< 3 s'),
          green('api-create-request', 'POST /api/requests, p95 of 50', '186 ms', '< 2 s'),
        ],
        samplePerf,
      ),
      stage(
        'load',
        '50 users, 806 requests, p95 168 ms, 0.5 % errors',
        31_000,
        [
          green('p95', '95th percentile of all requests', '168 ms', '< 2 s'),
          green('errors', 'Failed requests', '0.5 % (4 of 806)', '< 15 %'),
        ],
        sampleLoad,
      ),
    ],
    notRun: [],
    startedAt,
    durationMs: 101_000,
    machine: {
      cpus: 2,
      cpuModel: 'Intel(R) Xeon(R) Processor @ 2.60GHz',
      memoryBytes: 8_330_000_000,
      node: 'v24.21.0',
      platform: 'linux x64',
    },
    toolVersion: '0.1.0',
  };
}

/** Returns a red report: the queue check failed, perf could not decide, load was not reached. Some texts are hostile. */
export function sampleRedReport(): RunReport {
  const report = sampleReport();
  const stages = report.stages.slice(0, 5).map((each): StageResult => {
    if (each.stage === 'smoke')
      return { ...each, verdict: 'red', summary: '5 of 7 checks green', findings: [...smokeFindings.slice(0, 5), ...brokenFindings] };
    if (each.stage === 'perf')
      return {
        ...each,
        verdict: 'inconclusive',
        summary: 'the machine is too noisy: benchmark index 412 to 1040',
        findings: [noisyFinding],
      };
    return each;
  });
  return { ...report, verdict: 'inconclusive', stages, notRun: [{ stage: 'load', reason: 'smoke is red' }] };
}

const brokenFindings: readonly Finding[] = [
  {
    id: 'realtime',
    title: 'An insert is announced in real time <script>alert("xss")</script>',
    verdict: 'red',
    seen: 'no event within 5 s',
    expected: 'an event within 5 s',
    message: 'The subscription was confirmed, the row was inserted, and no event arrived. \u001B[2J\u202Egnp.exe',
    fix: 'Run `alter publication supabase_realtime add table flight_requests;` in a migration, then `jv-staging deploy`.',
    durationMs: 5004,
  },
  {
    id: 'queue',
    title: 'A job is processed by the app',
    verdict: 'red',
    seen: 'still waiting after 10 s',
    expected: 'completed by dpl_8Kq2 within 10 s',
    message: 'The probe job stayed in state waiting: /api/worker answered 500.',
    fix: 'Run `jv-staging logs --path /api/worker`.',
    durationMs: 10_010,
  },
];

const noisyFinding: Finding = {
  id: 'score-dashboard',
  title: 'Lighthouse score of /dashboard (desktop)',
  verdict: 'inconclusive',
  seen: '86 (71 to 93 in 9 runs)',
  expected: '> 85',
  message: 'The limit lies inside the spread of the runs.',
  fix: 'Run `jv-staging perf` again on a machine that does nothing else.',
};
