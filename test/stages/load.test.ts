import { expect, test } from 'vitest';
import { builtInProfiles, loadSettingsForUrl, originalJourney } from '../../src/core/load/profile.ts';
import type { LoadMeasurement, LoadSample, LoadSettings } from '../../src/core/load/load.ts';
import type { Gauge, GaugeReadings } from '../../src/core/ports/gauges.ts';
import type { LoadEngine, LoadPlan } from '../../src/core/ports/measure.ts';
import type { WebOutcome } from '../../src/core/ports/web.ts';
import type { ProductionBudgets } from '../../src/core/perf/production-budgets.ts';
import { requestStatistics } from '../../src/core/statistics.ts';
import type { CommandDeps } from '../../src/stages/load/commands.ts';
import { loadStage } from '../../src/stages/load/load.ts';
import { answer, openSessions, refused, runStage, scriptedWeb, stillClock } from '../support/measure-fakes.ts';
import { loadMeasurement } from '../support/measured.ts';

const origin = 'https://staging.example.com';
const original: LoadSettings = { ...loadSettingsForUrl('/'), journey: originalJourney('agent1@staging.test') };
const good = requestStatistics(Array.from({ length: 50 }, () => ({ latencyMs: 50, error: null })));

function load(options: {
  measurement?: LoadMeasurement;
  settings?: LoadSettings;
  web?: () => WebOutcome;
  gauges?: readonly Gauge[];
  productionBudgets?: ProductionBudgets;
  fails?: Error;
  samples?: readonly LoadSample[];
  origin?: string;
  ownedHost?: string;
  commands?: Omit<CommandDeps, 'probe' | 'used'>;
  usedCommands?: number;
  hasClerk?: boolean;
}) {
  const plans: LoadPlan[] = [];
  const engine: LoadEngine = {
    name: 'embedded',
    run: async (plan, onSample) => {
      plans.push(plan);
      // As long as a load takes: the watch beside it gets its turns.
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (options.fails !== undefined) throw options.fails;
      for (const sample of options.samples ?? []) {
        onSample(sample);
        if (plan.halt?.aborted === true) return loadMeasurement({ vusMax: 3 });
      }
      onSample({ second: 7, vus: 50, requests: 33, errors: 1, p50Ms: 51, p95Ms: 58.4 });
      return options.measurement ?? loadMeasurement({ byRequest: { health: good, 'create-request': good } });
    },
  };
  const probe: LoadEngine = { name: 'embedded', run: async () => loadMeasurement({ byRequest: { health: good, 'create-request': good } }) };
  const web = scriptedWeb(options.web ?? (() => answer(200, 20, '{"environment":"staging"}')));
  const sessions = openSessions();
  const clerkSessions = options.hasClerk === true ? openSessions('clerk_token') : undefined;
  const settings = options.settings ?? original;
  const stage = loadStage({
    target: { origin: options.origin ?? origin, resolve: {} },
    permission: { healthPath: '/api/health', environment: 'staging', ownedHost: options.ownedHost },
    settings,
    stages: builtInProfiles.short,
    gauges: options.gauges === undefined ? undefined : () => options.gauges ?? [],
    productionBudgets: options.productionBudgets,
    commands: options.commands && { ...options.commands, used: async () => options.usedCommands ?? 0, probe },
    engine,
    web,
    signIns: { sessions, clerkSessions },
    clock: stillClock(),
  });
  return { stage, plans, sessions, clerkSessions, web };
}

test('a good run is green, names its engine, and says how many rows it left behind', async () => {
  const { stage, plans, sessions } = load({});

  const { error, notes } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(sessions.signedIn).toEqual(['agent1@staging.test']);
  expect(plans[0]?.headers).toEqual({ health: {}, 'create-request': { cookie: 'jv_session=agent1@staging.test' } });
  expect(plans[0]?.journey[1]?.body).toMatchObject({ departure_date: '2026-12-22' });
  expect(notes).toContain('7 s: 50 VUs, 33/s, p95 58 ms, 3.03 % errors');
  expect(stage.result()).toMatchObject({
    verdict: 'green',
    summary: expect.stringContaining('embedded engine 0.1.0'),
    details: { created: { 'create-request': 50 }, thresholds: { p95Ms: 2000, errorRate: 0.15 } },
  });
  expect(stage.result()?.summary).toContain('50 rows created that stay');
});

test('too many errors make load red, with the share and the limit', async () => {
  const all = requestStatistics(Array.from({ length: 100 }, (_, index) => ({ latencyMs: 50, error: index < 20 ? '503' : null })));
  const { stage } = load({ measurement: loadMeasurement({ all }) });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({
    code: 'LOAD_RED',
    exitCode: 5,
    message: expect.stringContaining('20.00 % of 100 (503 x20), expected < 15.00 %'),
  });
});

test('a saturated generator makes load inconclusive, even when the limits are broken too', async () => {
  const all = requestStatistics([{ latencyMs: 5000, error: null }]);
  const { stage } = load({ measurement: loadMeasurement({ all, generatorCpu: 1 }) });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_INCONCLUSIVE', exitCode: 9 });
});

test('a target that does not answer is red after one request, and no load is sent', async () => {
  const { stage, plans, web } = load({ web: () => refused });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_TARGET_UNREACHABLE', kind: 'red', exitCode: 5 });
  expect(web.requests).toHaveLength(1);
  expect(plans).toEqual([]);
});

test('an address alone is loaded as nobody', async () => {
  const { stage, sessions, plans } = load({ settings: loadSettingsForUrl('/about'), measurement: loadMeasurement() });

  const { error } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(sessions.signedIn).toEqual([]);
  expect(plans[0]?.journey).toMatchObject([{ method: 'GET', path: '/about', status: 200 }]);
  expect(stage.result()?.details?.created).toEqual({});
});

const failing: LoadSample = { second: 0, vus: 3, requests: 10, errors: 9, p50Ms: 5, p95Ms: 5 };

/** A gauge that reads the next of these each time, and the last for ever. */
function scriptedGauge(
  name: Gauge['name'],
  readings: readonly (Partial<GaugeReadings> | Error)[],
): Gauge & { readonly closed: () => boolean } {
  let at = 0;
  let isClosed = false;
  return {
    name,
    read: async () => {
      const reading = readings[Math.min(at, readings.length - 1)];
      at += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (reading === undefined || reading instanceof Error) throw reading ?? new Error('nothing');
      return reading;
    },
    close: async () => {
      isClosed = true;
    },
    closed: () => isClosed,
  };
}

const connections = (count: number) => ({ database: { connections: count, active: 0, limit: 100 } });
const jobs = (waiting: number) => ({ queues: [{ queue: 'flight-requests', waiting, active: 0, failed: 0 }] });

test('what the app lives on is watched meanwhile: green adds its findings, and the gauges are closed', async () => {
  const gauges = [scriptedGauge('database', [connections(5), connections(20)]), scriptedGauge('queues', [jobs(0), jobs(9), jobs(0)])];
  const { stage } = load({ gauges });

  const { error, notes } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(stage.result()?.findings.slice(-2)).toMatchObject([
    { id: 'database-pressure', verdict: 'green', seen: 'at most 20 of 100' },
    { id: 'queues-pressure', verdict: 'green', seen: expect.stringContaining('at most 9 jobs waiting, 0 at the end') },
  ]);
  expect(stage.result()?.details?.watched?.samples.length).toBeGreaterThan(1);
  expect(notes).toContain('waiting for the queues to drain');
  expect(gauges.every((gauge) => gauge.closed())).toBe(true);
});

test('used-up connections make load red though every request was fast', async () => {
  const { stage } = load({ gauges: [scriptedGauge('database', [connections(5), connections(97), connections(5)])] });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_RED', exitCode: 5, message: expect.stringContaining('at most 97 of 100') });
});

test('queues that do not drain are waited for half a minute, and then red', async () => {
  const { stage } = load({ gauges: [scriptedGauge('queues', [jobs(0), jobs(50)])] });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_RED', message: expect.stringContaining('50 at the end') });
  expect(stage.result()?.findings.at(-1)?.message).toContain('50 jobs still waited');
});

test('a gauge that cannot be read at all makes load inconclusive with its reason', async () => {
  const { stage } = load({ gauges: [scriptedGauge('redis', [new Error('connect ECONNREFUSED 127.0.0.1:6379')])] });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_INCONCLUSIVE', message: expect.stringContaining('never read') });
  expect(stage.result()?.findings.at(-1)?.message).toBe('connect ECONNREFUSED 127.0.0.1:6379');
});

test('an error of the engine ends the watch, and is the error', async () => {
  const gauge = scriptedGauge('database', [connections(5)]);
  const { stage } = load({ gauges: [gauge], fails: new Error('k6 went away') });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ message: 'k6 went away' });
  expect(gauge.closed()).toBe(true);
});

test('a run in which nearly everything fails is stopped, and red rather than inconclusive for its missing users', async () => {
  const { stage } = load({ samples: Array.from({ length: 8 }, (_, second) => ({ ...failing, second })) });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_RED', exitCode: 5 });
  expect(stage.result()?.findings.find((finding) => finding.id === 'valve')).toMatchObject({
    verdict: 'red',
    seen: '90.00 % of the last 50 requests failed, so the run was stopped after 5 s',
  });
});

test.each<readonly [string, WebOutcome, RegExp]>([
  ['names another environment', answer(200, 20, '{"environment":"production"}'), /says environment "production"/],
  ['has no health contract', answer(404), /answered 404 without an environment/],
])('an address elsewhere that %s is refused before any load is sent', async (_what, outcome, seen) => {
  const { stage, plans } = load({ web: () => outcome });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({
    code: 'LOAD_TARGET_UNPROVEN',
    exitCode: 6,
    message: expect.stringMatching(seen),
    fix: 'Pass `--i-own-this-target staging.example.com` if you may load it.',
  });
  expect(plans).toEqual([]);
});

test.each([
  ['this machine', { origin: 'http://127.0.0.1:3000' }],
  ['a host that the user owns', { ownedHost: 'staging.example.com' }],
])('%s is loaded without any proof', async (_what, options) => {
  const { stage, plans } = load({ web: () => answer(), ...options });

  const { error } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(plans).toHaveLength(1);
});

test('owning one host does not allow to load another', async () => {
  const { stage, plans } = load({ ownedHost: 'other.example.com' });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_TARGET_UNPROVEN', message: expect.stringContaining('names "other.example.com"') });
  expect(plans).toEqual([]);
});

test('fewer virtual users than half of production’s are red', async () => {
  const { stage } = load({ productionBudgets: { virtualUsers: 200 } });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_RED', message: expect.stringContaining("production's 100") });
});

/** Of Redis only its count of commands. */
const commands = (count: number | null) => ({
  redis: { clients: 1, clientLimit: 10, usedMemoryBytes: 1, memoryLimitBytes: 0, evictedKeys: 0, rejectedConnections: 0, commands: count },
});

test('a database without a limit of commands is not asked, and no request is sent for it', async () => {
  const { stage } = load({ gauges: [scriptedGauge('redis', [commands(7)])], commands: {} });

  const { outcomes } = await runStage(stage.steps);

  expect(outcomes['commands']).toBe('skipped');
  expect(stage.result()?.findings.map(({ id }) => id)).not.toContain('redis-commands');
});

test('a load that would spend more commands than are left of the month is refused with the figures, and none is sent', async () => {
  // 10 a second on their own, and 100 requests that brought about 2000.
  const gauge = scriptedGauge('redis', [commands(0), commands(10), commands(2020)]);
  const { stage, plans } = load({
    gauges: [gauge],
    commands: { month: { commands: 500_000, what: 'the free plan’s month' } },
    usedCommands: 490_000,
  });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({
    code: 'LOAD_COMMANDS_OVER_BUDGET',
    exitCode: 6,
    message: expect.stringContaining('of 20.0 each), and 10000 are left'),
  });
  expect(plans).toEqual([]);
  expect(gauge.closed()).toBe(true);
});

test('a run that fits is green with what it spent, and the rows of its estimate count, too', async () => {
  const { stage } = load({ gauges: [scriptedGauge('redis', [commands(0), commands(10), commands(220)])], commands: { budget: 100_000 } });

  const { error, outcomes } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect(outcomes['commands']).toBe('done');
  expect(stage.result()?.findings.find(({ id }) => id === 'redis-commands')).toMatchObject({
    verdict: 'green',
    expected: '<= 100000 (load.commandBudget)',
  });
  expect(stage.result()?.details?.created).toEqual({ 'create-request': 100 });
});

test('a run that spends more than it may is stopped, and red with the figures', async () => {
  const readings = [commands(0), commands(10), commands(220), commands(300), commands(90_000)];
  const { stage } = load({ gauges: [scriptedGauge('redis', readings)], commands: { budget: 80_000 } });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'LOAD_RED', exitCode: 5 });
  expect(stage.result()?.findings.find(({ id }) => id === 'valve')?.seen).toContain('89700 Redis commands were spent, and 80000 were left');
  expect(stage.result()?.findings.find(({ id }) => id === 'redis-commands')).toMatchObject({ verdict: 'red', seen: '89700' });
});

test('a server that tells no count needs a configured one', async () => {
  const gauges = () => [scriptedGauge('redis', [commands(null)])];
  const unknown = load({ gauges: gauges(), commands: { budget: 100_000 } });
  const configured = load({ gauges: gauges(), commands: { budget: 100_000, perRequest: 3 } });

  const refusal = await runStage(unknown.stage.steps);
  const { error } = await runStage(configured.stage.steps);

  expect(refusal.error).toMatchObject({ code: 'LOAD_COMMANDS_UNKNOWN', exitCode: 6 });
  expect(error).toBeUndefined();
  expect(configured.stage.result()?.findings.find(({ id }) => id === 'redis-commands')?.seen).toBe('about 300, by 100 requests of 3.0');
});

const clerkJourney = originalJourney('agent1@staging.test').map((request) =>
  request.as === 'nobody' ? request : { ...request, as: { ...request.as, provider: 'clerk' as const } },
);

test('whom Clerk signs in is loaded with the session of Clerk, not with the app’s', async () => {
  const { stage, sessions, clerkSessions, plans } = load({ settings: { ...original, journey: clerkJourney }, hasClerk: true });

  const { error } = await runStage(stage.steps);

  expect(error).toBeUndefined();
  expect([sessions.signedIn, clerkSessions?.signedIn]).toEqual([[], ['agent1@staging.test']]);
  expect(plans[0]?.headers).toEqual({ health: {}, 'create-request': { cookie: 'clerk_token=agent1@staging.test' } });
});

test('without a key of Clerk nobody is loaded as its user: red before any load, with the variable to set', async () => {
  const { stage, plans } = load({ settings: { ...original, journey: clerkJourney } });

  const { error } = await runStage(stage.steps);

  expect(error).toMatchObject({ code: 'SMOKE_SESSIONS_MISSING', exitCode: 5, fix: expect.stringContaining('CLERK_SECRET_KEY') });
  expect(plans).toEqual([]);
});
