import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { databaseGauge, poolerGauge } from '../../src/adapters/gauges/database-gauges.ts';
import { requestHistogram } from '../../src/adapters/load-trace/histogram.ts';
import { postgresInsight } from '../../src/adapters/postgres/insight.ts';
import { systemClock as clock } from '../../src/adapters/system/system-clock.ts';
import { webClient } from '../../src/adapters/web/web-client.ts';
import { perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import { findPgbouncer, startPooler } from '../../src/local/engines/pgbouncer.ts';
import { startPostgres, type PostgresServer, superuser } from '../../src/local/engines/postgres.ts';
import { perfStage } from '../../src/stages/perf/perf.ts';
import { closeServer, listen, originOf } from '../support/delayed-server.ts';
import { openSessions, runStage } from '../support/measure-fakes.ts';
import { pageRun } from '../support/measured.ts';
import { findComponent, requires } from '../support/requires.ts';
import { type TestContext, testContext } from '../support/service-context.ts';

const test = requires('pgbouncer');
const hasPooler = findComponent('pgbouncer') !== undefined;
const user = 'postgres.abc';
const closers: (() => Promise<unknown>)[] = [];
let place: TestContext;
let server: PostgresServer;
let verifier: string;

const direct = () => `postgres://${superuser}:${server.password}@${server.host}:${server.port}/postgres`;

beforeAll(async () => {
  if (!hasPooler) return;
  place = await testContext();
  server = await startPostgres(place.context, { binDir: undefined });
  const admin = postgres(direct(), { max: 1, onnotice: () => undefined });
  await admin`create extension pg_stat_statements`;
  await admin`create role "postgres.abc" login password 'geheim'`;
  const [row] = await admin`select rolpassword from pg_authid where rolname = ${user}`;
  verifier = String(row?.['rolpassword']);
  await admin.end();
}, 60_000);

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

afterAll(async () => {
  if (!hasPooler) return;
  await server.stop();
  await place.remove();
});

/** Starts a pgbouncer that gives so many connections of the server to its clients. Returns its address. */
async function pooled(poolSize: number): Promise<string> {
  const pooler = await startPooler(place.context, findPgbouncer() ?? '', {
    ref: `pool${poolSize}`,
    database: 'postgres',
    serverPort: server.port,
    users: [{ name: user, verifier }],
    poolMode: 'transaction',
    poolSize,
    maxClients: 100,
  });
  closers.push(() => pooler.stop());
  return `postgres://${user}:geheim@127.0.0.1:${pooler.port}/postgres`;
}

/** An app whose page keeps its transaction open for 250 ms while it does something else. */
async function holdingApp(url: string): Promise<Server> {
  const sql: Sql = postgres(url, { max: 20, prepare: false, onnotice: () => undefined });
  closers.push(() => sql.end({ timeout: 1 }));
  const app = createServer((_request, response) => {
    void sql
      .begin(async (transaction) => {
        await transaction`select 1`;
        await delay(250);
      })
      .then(
        () => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Page</h1>'),
        () => response.writeHead(500).end(),
      );
  });
  await listen(app);
  closers.push(() => closeServer(app));
  return app;
}

/** Runs perf as on the environment's own address; the pages' own figures are those of a good page. */
async function perf(poolSize: number) {
  const url = await pooled(poolSize);
  const origin = originOf(await holdingApp(url));
  const web = webClient();
  const gauges = [databaseGauge(direct()), poolerGauge(url)];
  const insight = postgresInsight(direct());
  closers.push(() => Promise.all([web, insight, ...gauges].map((each) => each.close())));
  const stage = perfStage({
    target: { origin, resolve: {} },
    web,
    signIns: { sessions: openSessions() },
    settings: { ...perfSettingsForUrl('/'), formFactors: ['desktop'], pool: { concurrency: 12, requests: 36 }, memory: {} },
    productionBudgets: undefined,
    audit: {
      versions: async () => ({ browser: 'Chromium', lighthouse: '13' }),
      audit: async () => pageRun({ finalUrl: `${origin}/` }),
    },
    browserMemory: { open: () => Promise.reject(new Error('No browser is expected.')) },
    histogram: async () => requestHistogram(),
    health: undefined,
    inside: { gauges, insight },
    baseline: async () => undefined,
    clock,
  });
  const { error } = await runStage(stage.steps, undefined, clock);
  return { error, findings: stage.result()?.findings ?? [] };
}

describe('the pool of a real pgbouncer, under a crowd whose transactions are held open', () => {
  test('is saturated with two connections for twelve clients: exactly its finding is red', async () => {
    const { error, findings } = await perf(2);

    expect(error).toMatchObject({ code: 'PERF_RED', exitCode: 5 });
    expect(findings.filter(({ verdict }) => verdict !== 'green')).toMatchObject([
      { id: 'pool', verdict: 'red', message: expect.stringContaining('the pool is saturated') },
    ]);
    expect(findings.find(({ id }) => id === 'pool')?.seen).toMatch(/[1-9]\d* of \d+ probes waited/);
  });

  test('has room with twenty: the control is green', async () => {
    const { error, findings } = await perf(20);

    expect(findings.filter(({ verdict }) => verdict !== 'green')).toEqual([]);
    expect(error).toBeUndefined();
  });
});
