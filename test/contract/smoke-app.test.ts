import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { bullmqQueues } from '../../src/adapters/bullmq/bullmq-queues.ts';
import { supabaseRealtime } from '../../src/adapters/realtime/supabase-realtime.ts';
import { appSessions } from '../../src/adapters/sessions/app-sessions.ts';
import { webClient } from '../../src/adapters/web/web-client.ts';
import type { Clock } from '../../src/core/ports/clock.ts';
import type { SmokeDetails } from '../../src/core/report.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { StagingSettings } from '../../src/core/settings.ts';
import type { StageResult } from '../../src/core/verdict.ts';
import { smokeRun } from '../../src/stages/smoke/smoke.ts';
import type { AppServer } from '../support/app-server.ts';
import { type AppWorld, appTest, gitSha, hasAppPrograms, startAppWorld } from '../support/app-world.ts';

const cronSecret = 'the-cron-secret';
const clock: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }) };
const { checks, production } = configuration();
let world: AppWorld;
let app: AppServer;

beforeAll(async () => {
  if (!hasAppPrograms) return;
  world = await startAppWorld();
  app = await world.startApp({ CRON_SECRET: cronSecret });
});

afterAll(async () => {
  if (hasAppPrograms) await world.close();
});

/** The sample configuration, loaded by Node itself as the command line does. */
function configuration() {
  const root = join(import.meta.dirname, '../..');
  const printed = execFileSync(process.execPath, [join(root, 'test/support/print-config.ts'), join(root, 'fixtures/staging.config.ts')], {
    encoding: 'utf8',
  });
  const { settings }: { settings: StagingSettings } = JSON.parse(printed);
  // Shorter than the sample's own bounds: some tests wait until a check gives up.
  return { checks: settings.smoke.checks.map((check) => ({ ...check, timeoutMs: 5000 })), production: settings.production };
}

interface Wrong {
  readonly gitSha?: string;
  readonly password?: string;
  readonly prefix?: string;
  readonly workerSecret?: string;
}

async function smoke(server: AppServer, wrong: Wrong = {}): Promise<StageResult<SmokeDetails>> {
  const web = webClient();
  const queues = bullmqQueues({ url: world.redis.url, prefix: wrong.prefix ?? 'jetvision-staging:' });
  try {
    const run = smokeRun(
      {
        web,
        clock,
        queues,
        sessions: appSessions({ web, password: wrong.password ?? world.password }),
        realtime: supabaseRealtime({ url: world.supabase.url, anonKey: world.supabase.anonKey }),
      },
      {
        target: { origin: server.url, resolve: {} },
        checks,
        profile: 'full',
        expected: { environment: 'staging', sentryEnvironment: 'staging', gitSha: wrong.gitSha ?? gitSha, deploymentId: 'dpl_test1' },
        production,
        workerSecret: wrong.workerSecret ?? cronSecret,
        secrets: { SUPABASE_SERVICE_ROLE_KEY: world.supabase.serviceRoleKey, REDIS_URL: world.redis.url },
      },
    );
    const journal = { append: async () => undefined, unfinished: async () => [] };
    const signal = new AbortController().signal;
    await runSteps(run.steps, { runId: 'r', journal, clock, events: () => undefined, signal }).catch(() => undefined);
    const result = run.result();
    if (result === undefined) throw new Error('Smoke came to no result.');
    return result;
  } finally {
    await queues.close();
    await web.close();
  }
}

/** Returns the message of each check that is not green, by id. */
function wrongIn(result: StageResult): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(result.findings.filter(({ verdict }) => verdict !== 'green').map(({ id, message }) => [id, message]));
}

appTest('the sample app passes every check of the sample configuration, and nothing is left behind', async () => {
  const before = await world.sql`select count(*)::int as count from public.flight_requests`;

  const result = await smoke(app);

  expect(wrongIn(result)).toEqual({});
  expect(result).toMatchObject({ verdict: 'green', summary: `${checks.length} of ${checks.length} checks green` });
  expect(await world.sql`select count(*)::int as count from public.flight_requests`).toEqual(before);
});

appTest('twice in a row is the same', async () => {
  expect(wrongIn(await smoke(app))).toEqual({});
});

appTest('the wrong commit turns the health check red, and the job that another commit worked off', async () => {
  const wrong = wrongIn(await smoke(app, { gitSha: 'f'.repeat(40) }));

  expect(Object.keys(wrong)).toEqual(['health', 'queue']);
  expect(wrong['health']).toMatch(/Commit 0123456789ab answers, not ffffffffffff/);
});

appTest('another environment is asked for no password and gets no row', async () => {
  const other = await world.startApp({ APP_ENVIRONMENT: 'production' });
  const before = await world.sql`select count(*)::int as count from public.flight_requests`;

  const result = await smoke(other);

  expect(result.findings.filter(({ verdict }) => verdict === 'red').map(({ id }) => id)).toEqual(['health']);
  expect(result.verdict).toBe('red');
  expect(other.log()).not.toMatch(/sign-in/);
  expect(await world.sql`select count(*)::int as count from public.flight_requests`).toEqual(before);
});

appTest('a wrong Sentry tag turns the health check alone red', async () => {
  const wrong = wrongIn(await smoke(await world.startApp({ SENTRY_ENVIRONMENT: 'production', CRON_SECRET: cronSecret })));

  expect(wrong).toEqual({ health: expect.stringMatching(/tagged "production", not "staging"/) });
});

appTest('an app on another queue prefix turns the queue check alone red', async () => {
  const wrong = wrongIn(await smoke(await world.startApp({ QUEUE_PREFIX: 'another:', CRON_SECRET: cronSecret })));

  expect(wrong).toEqual({ queue: expect.stringMatching(/never begun/) });
});

appTest('a wrong worker secret turns the queue check alone red and tells which secret', async () => {
  const result = await smoke(app, { workerSecret: 'wrong' });

  expect(wrongIn(result)).toEqual({ queue: expect.stringMatching(/status 401/) });
  expect(result.findings.find(({ id }) => id === 'queue')?.fix).toMatch(/CRON_SECRET/);
});

appTest('a wrong password of the seeded users turns the signed-in checks red', async () => {
  const wrong = wrongIn(await smoke(app, { password: 'wrong' }));

  expect(Object.keys(wrong)).toEqual(['dashboard', 'create-request', 'list-requests', 'realtime']);
  expect(new Set(Object.values(wrong)).size).toBe(1);
});

appTest('a table that takes no rows turns the checks that write red', async () => {
  await world.sql`revoke insert on public.flight_requests from authenticated`;
  try {
    const wrong = wrongIn(await smoke(app));

    expect(Object.keys(wrong)).toEqual(['create-request', 'realtime']);
  } finally {
    await world.sql`grant insert on public.flight_requests to authenticated`;
  }
});

appTest('rows that row level security hides turn the list red', async () => {
  await world.sql`alter policy flight_requests_own on public.flight_requests using (false)`;
  try {
    const wrong = wrongIn(await smoke(app));

    expect(Object.keys(wrong)).toContain('list-requests');
  } finally {
    await world.sql`alter policy flight_requests_own on public.flight_requests
      using (user_id = (select public.current_user_id()) or (select public.is_admin()))`;
  }
});

appTest('a table that Realtime does not follow turns the realtime check alone red, and its row is removed', async () => {
  await world.sql`alter publication supabase_realtime drop table public.flight_requests`;
  const before = await world.sql`select count(*)::int as count from public.flight_requests`;
  try {
    const wrong = wrongIn(await smoke(app));

    expect(wrong).toEqual({ realtime: expect.stringMatching(/no event of it arrived|did not accept the subscription/) });
    expect(await world.sql`select count(*)::int as count from public.flight_requests`).toEqual(before);
  } finally {
    await world.sql`alter publication supabase_realtime add table public.flight_requests`;
  }
});

appTest('a Redis that is gone turns the health, creating and queue checks red', async () => {
  await world.redis.kill();
  try {
    const wrong = wrongIn(await smoke(app));

    expect(Object.keys(wrong)).toEqual(['health', 'create-request', 'queue']);
    expect(wrong['health']).toMatch(/redis is "disconnected"/);
    expect(wrong['queue']).toMatch(/Redis at 127\.0\.0\.1:\d+ cannot be reached/);
  } finally {
    await world.redis.start();
  }
});

appTest('an app that is gone turns every check red or leaves it unrun, and none green', async () => {
  const mortal = await world.startApp();
  await mortal.close();

  const result = await smoke(mortal);

  expect(result.findings.filter(({ verdict }) => verdict === 'green')).toEqual([]);
  expect(result.findings.find(({ id }) => id === 'health')?.message).toMatch(/Nothing listens/);
});
