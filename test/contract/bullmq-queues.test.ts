import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type Processor, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { bullmqJobs } from '../../src/adapters/bullmq/bullmq-jobs.ts';
import { bullmqPauses } from '../../src/adapters/bullmq/bullmq-pauses.ts';
import { bullmqQueues } from '../../src/adapters/bullmq/bullmq-queues.ts';
import { redisCache } from '../../src/adapters/redis/redis-cache.ts';
import type { Queues } from '../../src/core/ports/cache.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { findComponent, requires } from '../support/requires.ts';

const test = requires('redis-server');
const prefix = 'jetvision-staging:';
const queue = 'flight-requests';
const never = new AbortController().signal;
const closers: (() => Promise<unknown>)[] = [];
let redis: TestRedis;
const hasRedis = findComponent('redis-server') !== undefined;

beforeAll(async () => {
  if (hasRedis) redis = await startRedis();
});

afterAll(async () => {
  if (hasRedis) await redis.remove();
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  vi.restoreAllMocks();
});

function open(url = redis.url): Queues {
  const queues = bullmqQueues({ url, prefix });
  closers.push(() => queues.close());
  return queues;
}

/** A worker as the app has it: BullMQ's own, with the prefix of the environment without its separator. */
function work(processor: Processor, workerPrefix = 'jetvision-staging'): void {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const worker = new Worker(queue, processor, { connection, prefix: workerPrefix });
  worker.on('error', () => undefined);
  closers.push(async () => {
    await worker.close(true);
    connection.disconnect();
  });
}

async function keys(pattern: string): Promise<readonly string[]> {
  const client = new Redis(redis.url);
  const found = await client.keys(pattern);
  client.disconnect();
  return found;
}

test('a job that a worker of the app processes is completed with its result, and is removed', async () => {
  work(async (job) => ({ name: job.name, data: job.data, deployment: 'dpl_1' }));
  const queues = open();

  const id = await queues.addProbe(queue, never);
  const outcome = await queues.outcome(queue, id, 5000, never);

  expect(outcome).toMatchObject({ state: 'completed', result: { name: 'jv-probe', data: { probe: true }, deployment: 'dpl_1' } });
  expect(await keys(`jetvision-staging:${queue}:${id}`)).toEqual([]);
});

test('queues that are paused here stand still until anybody resumes them, and what others paused stays', async () => {
  const [first, second] = [bullmqPauses({ url: redis.url, prefix }), bullmqPauses({ url: redis.url, prefix })];
  closers.push(
    () => first.close(),
    () => second.close(),
  );
  const queues = open();
  const client = new Redis(redis.url);
  closers.push(async () => client.disconnect());
  await client.hset('jetvision-staging:of-others:meta', 'paused', '1');

  const paused = await first.pause([queue, 'of-others'], never);
  work(async () => 'done');
  const id = await queues.addProbe(queue, never);

  expect(paused).toEqual([queue]);
  await expect(queues.outcome(queue, id, 300, never)).resolves.toMatchObject({ state: 'waiting' });
  await expect(second.active([queue], never)).resolves.toBe(0);
  // Another run, after the first was cut off.
  await expect(second.held(never)).resolves.toEqual([queue]);
  await expect(second.resume(never)).resolves.toEqual([queue]);
  await expect(second.held(never)).resolves.toEqual([]);
  const later = await queues.addProbe(queue, never);
  await expect(queues.outcome(queue, later, 5000, never)).resolves.toMatchObject({ state: 'completed' });
  await expect(client.hget('jetvision-staging:of-others:meta', 'paused')).resolves.toBe('1');
});

test('keys lie under the prefix, with one separator', async () => {
  const queues = open();

  const id = await queues.addProbe(queue, never);

  expect(await keys(`jetvision-staging:${queue}:${id}`)).toHaveLength(1);
  expect(await keys('jetvision-staging::*')).toEqual([]);
  await queues.outcome(queue, id, 1, never);
});

test('a job that fails is failed with its reason, and is removed', async () => {
  work(async () => {
    throw new Error('no such table: flight_requests');
  });
  const queues = open();

  const id = await queues.addProbe(queue, never);
  const outcome = await queues.outcome(queue, id, 5000, never);

  expect(outcome).toEqual({ state: 'failed', reason: 'no such table: flight_requests' });
  expect(await keys(`*:${id}`)).toEqual([]);
});

test('a job that nobody takes is waiting when the time is up, and is removed', async () => {
  work(async () => ({}), 'another-environment');
  const queues = open();

  const id = await queues.addProbe(queue, never);
  const outcome = await queues.outcome(queue, id, 300, never);

  expect(outcome).toMatchObject({ state: 'waiting' });
  expect('waitedMs' in outcome && outcome.waitedMs).toBeGreaterThanOrEqual(300);
  expect(await keys(`jetvision-staging:${queue}:${id}`)).toEqual([]);
});

test('a job whose worker stalls is active when the time is up', async () => {
  let finish: () => void = () => undefined;
  work(() => new Promise<void>((resolve) => (finish = resolve)));
  const queues = open();

  const id = await queues.addProbe(queue, never);
  const outcome = await queues.outcome(queue, id, 500, never);

  expect(outcome).toMatchObject({ state: 'active' });
  finish();
});

test('a job of another id is unknown', async () => {
  expect(await open().outcome(queue, 'no-such-job', 50, never)).toMatchObject({ state: 'unknown' });
});

test('an interruption rejects with its reason and removes the job', async () => {
  const queues = open();
  const abort = new AbortController();
  const reason = new Error('stop');

  const id = await queues.addProbe(queue, never);
  const waiting = queues.outcome(queue, id, 5000, abort.signal);
  setTimeout(() => abort.abort(reason), 50);

  await expect(waiting).rejects.toBe(reason);
  expect(await keys(`jetvision-staging:${queue}:${id}`)).toEqual([]);
});

test('nothing else in the database is touched', async () => {
  const client = new Redis(redis.url);
  closers.push(async () => client.disconnect());
  await client.set('jetvision-production:cache:x', '1');
  const queues = open();

  await queues.outcome(queue, await queues.addProbe(queue, never), 1, never);

  expect(await client.get('jetvision-production:cache:x')).toBe('1');
});

test('a Redis that nobody serves is REDIS_UNREACHABLE at once, without a word on the console and without the password', async () => {
  const said = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn'), vi.spyOn(console, 'log')];
  const queues = open(`redis://default:s3cret@127.0.0.1:${await freePort()}`);
  const startedMs = performance.now();

  const thrown: unknown = await queues.addProbe(queue, never).catch((error: unknown) => error);

  expect(thrown).toMatchObject({
    code: 'REDIS_UNREACHABLE',
    kind: 'vendor',
    message: expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/),
  });
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  expect(String(thrown)).not.toContain('s3cret');
  for (const spy of said) expect(spy).not.toHaveBeenCalled();
});

test('a wrong password is REDIS_PASSWORD_REFUSED', async () => {
  const guarded = await startRedis('--requirepass', 'right');
  closers.push(() => guarded.remove());
  const queues = open(`redis://default:wrong@127.0.0.1:${guarded.port}`);

  await expect(queues.addProbe(queue, never)).rejects.toMatchObject({ code: 'REDIS_PASSWORD_REFUSED', kind: 'missing' });
});

test('no password where one is needed is REDIS_PASSWORD_REFUSED', async () => {
  const guarded = await startRedis('--requirepass', 'right');
  closers.push(() => guarded.remove());

  await expect(open(guarded.url).addProbe(queue, never)).rejects.toMatchObject({ code: 'REDIS_PASSWORD_REFUSED' });
});

test('a full database is REDIS_FULL', async () => {
  const full = await startRedis('--maxmemory', '1mb');
  closers.push(() => full.remove());

  await expect(open(full.url).addProbe(queue, never)).rejects.toMatchObject({ code: 'REDIS_FULL' });
});

test('a replica that takes no writes is REDIS_READ_ONLY', async () => {
  const replica = await startRedis('--replicaof', `127.0.0.1 ${redis.port}`, '--replica-serve-stale-data', 'yes');
  closers.push(() => replica.remove());

  await expect(open(replica.url).addProbe(queue, never)).rejects.toMatchObject({ code: 'REDIS_READ_ONLY' });
});

test('a Redis that dies in between is REDIS_UNREACHABLE, and the next call connects anew when it is back', async () => {
  const mortal = await startRedis();
  closers.push(() => mortal.remove());
  const queues = open(mortal.url);
  const id = await queues.addProbe(queue, never);

  await mortal.kill();
  await expect(queues.outcome(queue, id, 2000, never)).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
  await mortal.start();

  await expect(queues.addProbe(queue, never)).resolves.toEqual(expect.any(String));
});

test('a process that has closed its queues ends by itself', async () => {
  const program = `
    import { bullmqQueues } from './src/adapters/bullmq/bullmq-queues.ts';
    const queues = bullmqQueues({ url: '${redis.url}', prefix: '${prefix}' });
    const signal = new AbortController().signal;
    await queues.outcome('${queue}', await queues.addProbe('${queue}', signal), 50, signal);
    await queues.close();
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: 'inherit', timeout: 10_000 });

  const [code] = await once(child, 'exit');

  expect(code).toBe(0);
});

test('a job that ends between two looks is no stalled one, and one that has lost its lock is', async () => {
  const queues = open();
  const client = new Redis(redis.url);
  closers.push(async () => client.disconnect());
  let isBusy = true;
  work(async () => undefined);
  const busy = (async () => {
    while (isBusy) await queues.outcome(queue, await queues.addProbe(queue, never), 10_000, never);
  })();

  const seen = new Set<number>();
  for (let look = 0; look < 400; look += 1) seen.add((await queues.health(queue, never)).stalled);
  isBusy = false;
  await busy;
  await client.lpush(`${prefix}${queue}:active`, 'lost');

  expect([...seen]).toEqual([0]);
  expect(await queues.health(queue, never)).toMatchObject({ stalled: 1 });
});

test('a job is found by its id, also when it is done, and takes the place of an older one', async () => {
  const jobs = bullmqJobs({ url: redis.url, prefix });
  closers.push(() => jobs.close());
  const wanted = [
    { id: 'seed-1', name: 'analyse', data: { seats: 6 }, delayMs: 0 },
    { id: 'seed-2', name: 'analyse', data: { seats: 8 }, delayMs: 3_600_000 },
  ];
  await jobs.put('seeded', wanted, never);
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const worker = new Worker('seeded', async ({ data }) => data, {
    connection,
    prefix: 'jetvision-staging',
    removeOnComplete: { count: 0 },
  });
  const done = once(worker, 'completed');
  closers.push(async () => {
    await worker.close(true);
    connection.disconnect();
  });

  expect(await done).toContainEqual(expect.objectContaining({ data: { seats: 6 } }));
  expect(await jobs.find('seeded', ['seed-2', 'seed-1', 'none'], never)).toEqual(wanted.toReversed());
  await jobs.put('seeded', [{ id: 'seed-2', name: 'renamed', data: {}, delayMs: 7_200_000 }], never);
  expect(await jobs.find('seeded', ['seed-2'], never)).toEqual([{ id: 'seed-2', name: 'renamed', data: {}, delayMs: 7_200_000 }]);
});

test('a job that is being worked on is not replaced', async () => {
  const jobs = bullmqJobs({ url: redis.url, prefix });
  const job = { id: 'held', name: 'analyse', data: {}, delayMs: 0 };
  const events = new EventEmitter();
  const taken = once(events, 'taken');
  closers.push(async () => {
    events.emit('end');
    await jobs.close();
  });
  await jobs.put(queue, [job], never);
  work(async () => {
    events.emit('taken');
    await once(events, 'end');
  });
  await taken;

  await expect(jobs.put(queue, [{ ...job, name: 'other' }], never)).rejects.toMatchObject({ code: 'QUEUE_JOB_ACTIVE', kind: 'vendor' });
});

test('keys are written with their time, read back, counted and removed, under the prefix alone', async () => {
  const cache = redisCache(redis.url);
  const own = 'jet[vision]:';
  const client = new Redis(redis.url);
  closers.push(async () => client.disconnect());
  await client.set('jetv:cache:a', 'another’s');
  await client.hset(`${own}hash`, 'field', 'x');

  await cache.write(
    [
      { key: `${own}a`, value: '1', ttlSeconds: null },
      { key: `${own}b`, value: 'two', ttlSeconds: 60 },
    ],
    never,
  );

  expect(await cache.entries([`${own}b`, `${own}hash`, `${own}none`, `${own}a`], never)).toEqual([
    { key: `${own}b`, value: 'two', expires: true },
    { key: `${own}a`, value: '1', expires: false },
  ]);
  expect(await cache.countKeys(own, never)).toBe(3);
  expect(await cache.removeKeys(own, never)).toBe(3);
  expect(await client.get('jetv:cache:a')).toBe('another’s');
});
