import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { databaseGauge, poolerGauge } from '../../src/adapters/gauges/database-gauges.ts';
import { queueGauge, redisGauge } from '../../src/adapters/gauges/redis-gauges.ts';
import type { Gauge } from '../../src/core/ports/gauges.ts';
import { freePort } from '../support/free-port.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { findComponent, requires } from '../support/requires.ts';

const test = requires('redis-server');
const hasRedis = findComponent('redis-server') !== undefined;
const never = new AbortController().signal;
const closers: (() => Promise<unknown>)[] = [];
let database: TestPostgres;
let redis: TestRedis;

beforeAll(async () => {
  database = await startPostgres();
  if (hasRedis) redis = await startRedis();
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

afterAll(async () => {
  await database.remove();
  if (hasRedis) await redis.remove();
});

function opened(gauge: Gauge): Gauge {
  closers.push(() => gauge.close());
  return gauge;
}

function connections(count: number) {
  const sql = postgres(database.url, { max: count, onnotice: () => undefined });
  closers.push(() => sql.end({ timeout: 1 }));
  return sql;
}

test('the database gauge counts the connections of others, those that run a statement, and the limit', async () => {
  const gauge = opened(databaseGauge(database.url));
  const before = await gauge.read(never);
  const sql = connections(3);
  const sleeping = Promise.all([1, 2, 3].map(() => sql`select pg_sleep(1.5)`.catch(() => undefined)));
  await delay(300);

  // The server's own count of sessions is up to half a second old.
  let seen = await gauge.read(never);
  for (let tries = 0; tries < 10 && (seen.database?.active ?? 0) < 3; tries += 1) {
    await delay(100);
    seen = await gauge.read(never);
  }

  expect(before.database).toMatchObject({ active: 0, limit: expect.any(Number) });
  expect(seen.database?.connections).toBe((before.database?.connections ?? 0) + 3);
  expect(seen.database?.active).toBe(3);
  expect(seen.database?.limit).toBeGreaterThan(10);
  await sleeping;
});

test('the pooler gauge says how long a statement takes, and a server that is not there is an error, not a wait', async () => {
  const gauge = opened(poolerGauge(database.url));
  const away = opened(poolerGauge(`postgres://postgres:canary-secret@127.0.0.1:${await freePort()}/app`));

  const seen = await gauge.read(never);

  expect(seen.pooler?.waitMs).toBeGreaterThan(0);
  await expect(away.read(never)).rejects.toThrow(/ECONNREFUSED/);
  await expect(away.read(never)).rejects.not.toThrow(/canary-secret/);
});

test('a pooler that takes the login, but whose server is gone, is an error that the reader gets', async () => {
  const gauge = opened(poolerGauge(`postgres://app:secret@127.0.0.1:${await startServerlessPooler()}/app`));

  await expect(gauge.read(never)).rejects.toThrow(/server login has been failing|CONNECTION_CLOSED/);
});

/** As pgbouncer 1.18 does: the login is its own affair, the first query fails with the server's. Returns the port. */
async function startServerlessPooler(): Promise<number> {
  const message = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const fields = ['SFATAL', 'VFATAL', 'C08P01', 'Mserver login has been failing, try again later'];
  const server = createServer((socket) => {
    let started = false;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (started) socket.end(message('E', Buffer.from(`${fields.join('\0')}\0\0`)));
      else socket.write(Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]));
      started = true;
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  closers.push(async () => server.close());
  return port;
}

test('the Redis gauge reads clients and memory, and what is evicted shows', async () => {
  const gauge = opened(redisGauge(redis.url));
  const client = new Redis(redis.url);
  closers.push(async () => client.disconnect());
  await client.ping();

  const seen = await gauge.read(never);

  expect(seen.redis?.clients).toBeGreaterThanOrEqual(2);
  expect(seen.redis).toMatchObject({
    evictedKeys: 0,
    rejectedConnections: 0,
    clientLimit: expect.any(Number),
    commands: expect.any(Number),
  });
  expect(seen.redis?.usedMemoryBytes).toBeGreaterThan(100_000);
});

test('the queue gauge counts waiting jobs of the environment’s own prefix', async () => {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const own = new Queue('flight-requests', { connection, prefix: 'jetvision-staging' });
  const foreign = new Queue('flight-requests', { connection, prefix: 'other' });
  closers.push(async () => connection.disconnect());
  await own.addBulk([1, 2, 3].map((data) => ({ name: 'job', data })));
  await foreign.add('job', {});

  const seen = await opened(queueGauge(redis.url, 'jetvision-staging:', ['flight-requests'])).read(never);

  expect(seen.queues).toEqual([{ queue: 'flight-requests', waiting: 3, active: 0, failed: 0 }]);
});

test('a Redis that goes away is an error of that reading, and the next one after its return is good', async () => {
  const gauge = opened(redisGauge(redis.url));
  await gauge.read(never);

  await redis.kill();
  await expect(gauge.read(never)).rejects.toThrow();
  await redis.start();

  await expect(gauge.read(never)).resolves.toMatchObject({ redis: { evictedKeys: 0 } });
});
