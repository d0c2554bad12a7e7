import { beforeEach, expect, it } from 'vitest';
import type { SeedChoice } from '../../src/stages/seed/parts.ts';
import { queueSeed, stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

const settings = { ...stagingSettings, upstash: { ...stagingSettings.upstash, queues: ['requests'] } };
const queues: SeedChoice = { profile: 'queues' };

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  takeCalls(world);
});

const someonesKey = (key: string) => world.cache.stored.set(key, { key, value: 'x', ttlSeconds: null });

it('puts jobs and keys there, and nothing the second time, although a key has less time left', async () => {
  const first = await world.seed({ settings }, queues);
  await world.clock.sleep(5000);
  const second = await world.seed({ settings }, queues);

  expect(first.error).toBeUndefined();
  expect(world.calls).toEqual(['put seed-1 seed-2 into requests']);
  expect(world.jobs.queues.get('requests')?.map(({ id, delayMs }) => [id, delayMs])).toEqual([
    ['seed-1', 0],
    ['seed-2', 60_000],
  ]);
  expect([...world.cache.stored.values()]).toEqual([
    { key: 'jet:cache:airport', value: '{"code":"KTEB"}', ttlSeconds: null },
    { key: 'jet:cache:greeting', value: 'hello', ttlSeconds: 60 },
  ]);
  expect(first.result).toMatchObject({ verdict: 'green', summary: '2 jobs and 2 keys, 4 changed', details: { orphans: null, changed: 4 } });
  expect(second.details['done']).toBe('nothing to do: 0 jobs and keys changed');
  expect(second.result?.details.entries.map(({ fingerprint }) => fingerprint)).toEqual(
    first.result?.details.entries.map(({ fingerprint }) => fingerprint),
  );
});

it('puts back only the job that differs and the key that is gone', async () => {
  await world.seed({ settings }, queues);
  takeCalls(world);
  world.cache.stored.delete('jet:cache:greeting');
  const [job, ...others] = world.jobs.queues.get('requests') ?? [];
  if (job !== undefined) world.jobs.queues.set('requests', [{ ...job, name: 'renamed' }, ...others]);

  const { result } = await world.seed({ settings }, queues);

  expect(world.calls).toEqual(['put seed-1 into requests']);
  expect(result?.summary).toBe('2 jobs and 2 keys, 2 changed');
});

it('refuses a queue that the configuration does not declare, and a key among a queue’s own, before anything is written', async () => {
  const undeclared = await world.seed({}, queues);
  const plan = { ...queueSeed, cache: [{ key: 'requests:meta', value: 'x' }] };
  const reserved = await world.seed({ settings, readQueueSeed: async () => ({ plan, version: '' }) }, queues);

  expect(undeclared.error).toMatchObject({ code: 'SEED_QUEUE_UNDECLARED', exitCode: 2 });
  expect(reserved.error).toMatchObject({ code: 'SEED_KEY_RESERVED', exitCode: 2 });
  expect(world.calls).toEqual([]);
});

it('is red when a key is not there after it was written', async () => {
  const cache = { ...world.cache, write: async () => undefined };

  const { error, result } = await world.seed({ settings, openCache: () => cache }, queues);

  expect(error).toMatchObject({ kind: 'red', code: 'SEED_ENTRIES_DIFFER' });
  expect(result).toBeUndefined();
});

it.each(['queues', 'demo', 'volume'])('a reset of %s empties Redis under the prefix alone, once the name was typed', async (profile) => {
  for (const key of ['jet:cache:old', 'jet:requests:meta', 'jet-preview-x:cache', 'other:key']) someonesKey(key);
  const size = profile === 'volume' ? { rows: 100 } : {};
  const choice = (confirm: string | undefined, dryRun = false) => ({ profile, ...size, reset: { confirm, dryRun } });

  const unconfirmed = await world.seed({ settings }, choice(undefined));
  const dry = await world.seed({ settings }, choice(undefined, true), { dryRun: true });
  const before = world.cache.stored.size;
  const done = await world.seed({ settings }, choice('jet-staging'));

  expect(unconfirmed.error).toMatchObject({
    code: 'SEED_RESET_UNCONFIRMED',
    message: expect.stringContaining('2 keys under jet: in Redis'),
  });
  expect(dry.details['consent']).toMatch(/^would remove .*2 keys under jet: in Redis$/);
  expect(before).toBe(4);
  expect(done.error).toBeUndefined();
  expect(done.details['reset-redis']).toBe('2 keys removed');
  expect([...world.cache.stored.keys()].filter((key) => !key.startsWith('jet:cache:'))).toEqual(['jet-preview-x:cache', 'other:key']);
});

it('never touches a Redis that is named as production’s', async () => {
  someonesKey('jet:cache:old');
  const production = { ...settings.production, upstashDatabases: ['redis-1'] };
  const choice = { ...queues, reset: { confirm: 'jet-staging', dryRun: false } };

  const { error } = await world.seed({ settings: { ...settings, production } }, choice);

  expect(error).toMatchObject({ code: 'PRODUCTION_REFUSED', exitCode: 6 });
  expect(world.cache.stored.size).toBe(1);
});
