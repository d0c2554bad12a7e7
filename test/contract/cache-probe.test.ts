import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect } from 'vitest';
import { cacheProbe } from '../../src/adapters/redis/cache-probe.ts';
import { ownKeys, previewPrefix } from '../../src/core/preview/names.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { requires } from '../support/requires.ts';

const test = requires('redis-server');
let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.remove();
});

test('a database that an environment shares with its previews holds no strangers’ keys, until somebody else writes into it', async () => {
  const staging = { prefix: 'jet-staging:' };
  const preview = { prefix: previewPrefix(staging.prefix, 'fix'), previewOf: staging.prefix };
  const probe = cacheProbe({ url: redis.url, restUrl: 'http://127.0.0.1:1', restToken: 'unused' });
  const writer = new Redis(redis.url);
  const look = () =>
    Promise.all([staging, preview].map((side) => probe.keys.foreignKeys(ownKeys(side), 1000, new AbortController().signal)));
  await writer.mset('jet-staging:a', '1', `${preview.prefix}b`, '1');

  const shared = await look();
  await writer.set('jet-production:a', '1');
  const foreign = await look();
  writer.disconnect();
  await probe.close();

  expect(shared).toEqual(Array.from({ length: 2 }, () => ({ looked: 2, foreign: 0, examples: [] })));
  expect(foreign).toEqual(Array.from({ length: 2 }, () => ({ looked: 3, foreign: 1, examples: ['jet-production:a'] })));
});
