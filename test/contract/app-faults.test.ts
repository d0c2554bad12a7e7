import { createServer } from 'node:net';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect } from 'vitest';
import type { AppServer } from '../support/app-server.ts';
import {
  appTest as test,
  hasAppPrograms,
  accessToken,
  type AppWorld,
  call,
  day,
  read,
  startAppWorld,
  until,
} from '../support/app-world.ts';

const newRequest = { departure_airport: 'KTEB', arrival_airport: 'KVNY', passengers: 6, departure_date: day(30) };

let world: AppWorld;
let app: AppServer;
let agent1: string;

beforeAll(async () => {
  if (!hasAppPrograms) return;
  world = await startAppWorld();
  app = await world.startApp();
  agent1 = await accessToken(app, world, 'agent1@staging.test');
}, 60_000);

afterAll(async () => {
  if (hasAppPrograms) await world.close();
});

test('without Redis: health says so within seconds, pages stand, no half request stays, and all is well when Redis is back', async () => {
  expect((await call(app, agent1, 'POST', '/api/requests', newRequest)).status).toBe(201);
  await world.redis.kill();

  expect(await health()).toMatchObject({
    status: 503,
    fast: true,
    body: { status: 'degraded', database: 'connected', redis: 'disconnected' },
  });
  expect((await call(app, undefined, 'GET', '/')).status).toBe(200);
  expect((await call(app, agent1, 'GET', '/api/requests')).status).toBe(200);
  const [before] = await world.sql`select count(*)::int as rows from flight_requests`;
  const refused = await call(app, agent1, 'POST', '/api/requests', newRequest);
  expect([refused.status, await refused.json()]).toEqual([503, { error: 'The queue is not available.' }]);
  expect(await world.sql`select count(*)::int as rows from flight_requests`).toEqual([before]);
  expect((await call(app, undefined, 'POST', '/api/worker')).status).toBe(503);

  await world.redis.start();
  await until(health, ({ status }) => status === 200);
  const created = await until(
    () => call(app, agent1, 'POST', '/api/requests', newRequest),
    ({ status }) => status === 201,
  );
  const { request } = await read<{ request: { id: string } }>(created);
  await until(
    () => world.sql`select status from flight_requests where id = ${request.id}`,
    ([row]) => row?.['status'] === 'AWAITING_QUOTES',
  );
  expect(app.alive()).toBe(true);
}, 30_000);

test('without Postgres: health says so within seconds, pages stand, and all is well when Postgres is back', async () => {
  await world.supabase.stopPostgres();

  expect(await health()).toMatchObject({
    status: 503,
    fast: true,
    body: { status: 'degraded', database: 'disconnected', redis: 'connected' },
  });
  expect((await call(app, undefined, 'GET', '/')).status).toBe(200);
  const refused = await call(app, agent1, 'GET', '/api/requests');
  expect([refused.status, await refused.json()]).toEqual([503, { error: 'The database is not available.' }]);
  const dashboard = await fetch(`${app.url}/dashboard`, { headers: { cookie: `jv_session=${agent1}` } });
  expect([dashboard.status, await dashboard.text()]).toEqual([503, expect.stringContaining('Back in a moment')]);

  await world.supabase.startPostgres();
  await until(health, ({ status }) => status === 200);
  await until(
    () => call(app, agent1, 'GET', '/api/requests'),
    ({ status }) => status === 200,
  );
  expect(app.alive()).toBe(true);
}, 30_000);

test('with services that accept and never answer, health and pages still answer', async () => {
  const silent = await silentServer();
  const lost = await world.startApp({
    DATABASE_URL: `postgres://postgres:postgres@127.0.0.1:${silent.port}/app`,
    REDIS_URL: `redis://127.0.0.1:${silent.port}`,
    NEXT_PUBLIC_SUPABASE_URL: `http://127.0.0.1:${silent.port}`,
  });

  for (let round = 0; round < 3; round += 1) {
    expect(await health(lost)).toMatchObject({ status: 503, fast: true, body: { database: 'disconnected', redis: 'disconnected' } });
  }
  expect((await call(lost, undefined, 'GET', '/')).status).toBe(200);
  expect((await call(lost, undefined, 'POST', '/api/worker')).status).toBe(503);
  expect((await call(lost, agent1, 'GET', '/api/requests')).status).toBe(503);
  expect(lost.alive()).toBe(true);
  silent.close();
}, 60_000);

test('with nothing set at all it stands, and says what is missing where it is needed', async () => {
  const bare = await world.startApp({
    DATABASE_URL: '',
    REDIS_URL: '',
    NEXT_PUBLIC_SUPABASE_URL: '',
    VERCEL_GIT_COMMIT_SHA: '',
    VERCEL_DEPLOYMENT_ID: '',
  });

  expect(await health(bare)).toMatchObject({
    status: 503,
    body: { version: null, deployment: null, database: 'disconnected', redis: 'disconnected' },
  });
  expect((await call(bare, undefined, 'GET', '/')).status).toBe(200);
  const refused = await call(bare, undefined, 'POST', '/api/auth/sign-in', { email: 'agent1@staging.test', password: 'x' });
  expect([refused.status, await refused.json()]).toEqual([503, { error: 'The sign-in service is not available.' }]);
  expect(bare.log()).toContain('NEXT_PUBLIC_SUPABASE_URL');
});

test('a job that failed while the database was away is tried again and done', async () => {
  const [row] = await world.sql`
    insert into flight_requests (user_id, departure_airport, arrival_airport, passengers, departure_date)
    select id, 'KTEB', 'KVNY', 2, current_date from users where email = 'agent1@staging.test' returning id`;
  const id: string = row?.['id'];
  const connection = new Redis(world.redis.url, { maxRetriesPerRequest: null });
  const queue = new Queue('flight-requests', { connection, prefix: 'jetvision-staging' });
  await world.supabase.stopPostgres();
  await queue.add('analyse', { requestId: id }, { attempts: 200, backoff: { type: 'fixed', delay: 50 } });

  const whileAway = await read<{ failed: number; remaining: number }>(await call(app, undefined, 'POST', '/api/worker'));
  expect(whileAway).toMatchObject({ processed: 0, remaining: 1 });
  expect(whileAway.failed).toBeGreaterThan(0);

  await world.supabase.startPostgres();
  await until(
    async () => read<{ processed: number }>(await call(app, undefined, 'POST', '/api/worker')),
    ({ processed }) => processed === 1,
  );
  expect([...(await world.sql`select status from flight_requests where id = ${id}`)]).toEqual([{ status: 'AWAITING_QUOTES' }]);
  await queue.close();
  await connection.quit();
}, 30_000);

/** Health must not make its caller wait for what is down: 1 s for the services, and a slow machine. */
async function health(server = app) {
  const startMs = performance.now();
  const response = await call(server, undefined, 'GET', '/api/health');
  return { status: response.status, fast: performance.now() - startMs < 2500, body: await response.json() };
}

async function silentServer(): Promise<{ port: number; close(): void }> {
  const server = createServer((socket) => void socket.on('error', () => undefined));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return { port: address.port, close: () => void server.close() };
}
