import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { StagingError } from '../../core/errors.ts';
import type { Cache, CacheEntry, StoredEntry } from '../../core/ports/cache.ts';
import { redisError, serverOf } from './redis-error.ts';

/** Bounds on connecting and on each command. */
const connectTimeoutMs = 5_000;
const commandTimeoutMs = 5_000;

/** Seconds after which a probe key goes by itself, should its removal fail. */
const probeTtlSeconds = 60;

/** Returns the port over TCP; `url` is secret and never stands in a message. Each ping connects anew, so it tells of now. */
export function redisCache(url: string): Cache {
  return {
    ping: (prefix, signal) => connected(url, signal, (redis, server) => probe(redis, prefix, server)),
    removeKeys: (prefix, signal) =>
      connected(url, signal, (redis) => overKeys(redis, prefix, async (keys) => await redis.unlink(...keys), signal)),
    countKeys: (prefix, signal) => connected(url, signal, (redis) => overKeys(redis, prefix, async (keys) => keys.length, signal)),
    entries: (keys, signal) => connected(url, signal, (redis) => readEntries(redis, keys)),
    write: (entries, signal) => connected(url, signal, (redis) => writeEntries(redis, entries)),
    close: async () => undefined,
  };
}

async function connected<Value>(url: string, signal: AbortSignal, call: (redis: Redis, server: string) => Promise<Value>): Promise<Value> {
  signal.throwIfAborted();
  const server = serverOf(url);
  const { Redis: Client } = await import('ioredis');
  const redis = new Client(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
  // Errors of the connection are told by the calls below; without a listener ioredis prints them.
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  const stop = () => redis.disconnect();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await redis.connect();
    return await call(redis, server);
  } catch (error) {
    signal.throwIfAborted();
    throw redisError(error, lastError, server);
  } finally {
    signal.removeEventListener('abort', stop);
    redis.disconnect();
  }
}

async function probe(redis: Redis, prefix: string, server: string): Promise<void> {
  const key = `${prefix}jv-ping:${randomBytes(8).toString('hex')}`;
  const value = randomBytes(8).toString('hex');
  await redis.set(key, value, 'EX', probeTtlSeconds);
  const seen = await redis.get(key);
  await redis.del(key);
  if (seen === value) return;
  throw new StagingError('vendor', 'REDIS_LOST_WRITE', `Redis at ${server} did not give back what was written a moment before.`, {
    fix: 'Check that eviction is off and that no other program removes keys of this prefix.',
  });
}

async function readEntries(redis: Redis, keys: readonly string[]): Promise<readonly StoredEntry[]> {
  if (keys.length === 0) return [];
  const values = await redis.mget(...keys);
  const ttls = await Promise.all(keys.map((key) => redis.ttl(key)));
  return keys.flatMap((key, index) => {
    const value = values[index] ?? null;
    return value === null ? [] : [{ key, value, expires: (ttls[index] ?? -1) >= 0 }];
  });
}

async function writeEntries(redis: Redis, entries: readonly CacheEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const transaction = redis.multi();
  for (const { key, value, ttlSeconds } of entries) {
    if (ttlSeconds === null) transaction.set(key, value);
    else transaction.set(key, value, 'EX', ttlSeconds);
  }
  const answers = (await transaction.exec()) ?? [];
  const refused = answers.find(([error]) => error !== null)?.[0];
  if (refused !== undefined && refused !== null) throw refused;
}

/** Keys that one look at the keyspace goes over, and that one command removes at most. */
const scanCount = 500;

/** Calls `work` with the keys that begin with the prefix, some at a time; returns the sum of what it returns. */
async function overKeys(redis: Redis, prefix: string, work: (keys: readonly string[]) => Promise<number>, signal: AbortSignal) {
  if (prefix === '') throw new Error('Without a prefix every key would be meant.');
  // What has a meaning in a pattern stands for itself.
  const match = `${prefix.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`;
  let sum = 0;
  let cursor = '0';
  do {
    signal.throwIfAborted();
    const [next, keys] = await redis.scan(cursor, 'MATCH', match, 'COUNT', scanCount);
    if (keys.length > 0) sum += await work(keys);
    cursor = next;
  } while (cursor !== '0');
  return sum;
}
