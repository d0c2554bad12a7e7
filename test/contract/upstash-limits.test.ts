import { Queue, QueueEvents, Worker } from 'bullmq';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { requires } from '../support/requires.ts';
import { signal } from '../support/signal.ts';
import { startTestUpstash, type TestDatabase, type TestUpstash } from '../support/upstash.ts';

const it = requires('redis-server');

let upstash: TestUpstash;
let full: TestDatabase;
let queues: TestDatabase;

beforeAll(async () => {
  upstash = await startTestUpstash();
  full = await upstash.create({ name: 'full', primaryRegion: 'us-east-1', plan: 'free' });
  queues = await upstash.create({ name: 'queues', primaryRegion: 'us-east-1' });
});

afterAll(() => upstash.stop());

/** Fills a database of 256 MiB up to its limit, by keys that never expire; the last of them finds it full. */
async function fill(database: TestDatabase): Promise<void> {
  const redis = await database.tcp();
  for (const key of ['fill:1', 'fill:2', 'fill:3']) await redis.setrange(key, 90_000_000, 'x');
  redis.disconnect();
}

it('refuses writes once the memory is full: through REST, ioredis and BullMQ; reads go on', async () => {
  await full.rest().then((rest) => rest.set('small', 'there'));
  await fill(full);
  const redis = await full.tcp();
  const rest = await full.rest();
  const queue = new Queue('full', { connection: { url: await full.url() } });

  await expect(rest.set('more', 'x')).rejects.toThrow(/OOM command not allowed/);
  await expect(redis.set('more', 'x')).rejects.toThrow(/OOM command not allowed/);
  await expect(queue.add('job', {})).rejects.toThrow(/OOM/);
  expect(await rest.get('small')).toBe('there');
  redis.disconnect();
  await queue.close();
});

it('drops keys instead once eviction is on, of which BullMQ warns', async () => {
  const redis = await full.tcp();
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  await upstash.api('POST', `/v2/redis/enable-eviction/${full.id}`);
  const answer = await redis.set('more', 'x');
  const evicted = Number(/evicted_keys:(\d+)/.exec(await redis.info('stats'))?.[1]);
  redis.disconnect();
  const queue = new Queue('full', { connection: { url: await full.url() } });
  await queue.waitUntilReady();
  await queue.close();
  const warned = warnings.mock.calls.flat().join(' ');
  warnings.mockRestore();

  expect(warned).toContain('It should be "noeviction"');
  expect(answer).toBe('OK');
  expect(evicted).toBeGreaterThan(0);
});

it('processes 1,000 BullMQ jobs, each once, on a database that evicts nothing', async () => {
  const connection = { url: await queues.url(), maxRetriesPerRequest: null };
  const queue = new Queue('jobs', { connection, prefix: 'jv-test' });
  const events = new QueueEvents('jobs', { connection, prefix: 'jv-test' });
  await events.waitUntilReady();
  const runs: number[] = [];
  const done = signal<true>();
  const worker = new Worker(
    'jobs',
    async (job) => {
      runs.push(Number(job.data.value));
      return Number(job.data.value) * 2;
    },
    { connection, prefix: 'jv-test', concurrency: 50 },
  );
  let completed = 0;
  events.on('completed', () => {
    completed += 1;
    if (completed === 1000) done.reach(true);
  });
  await queue.addBulk(Array.from({ length: 1000 }, (_, value) => ({ name: 'double', data: { value } })));
  await done.reached;
  const counts = await queue.getJobCounts('completed', 'failed', 'waiting', 'active');
  const redis = await queues.tcp();
  const policy = await redis.info('memory');
  redis.disconnect();
  await Promise.all([worker.close(), events.close(), queue.close()]);

  expect(runs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, value) => value));
  expect(counts).toEqual({ completed: 1000, failed: 0, waiting: 0, active: 0 });
  expect(policy).toContain('maxmemory_policy:noeviction');
});
