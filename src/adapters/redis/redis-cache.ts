import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { StagingError } from '../../core/errors.ts';
import type { Cache } from '../../core/ports/cache.ts';
import { printable } from '../../core/printable.ts';

/** Bounds on connecting and on each command. */
const connectTimeoutMs = 5_000;
const commandTimeoutMs = 5_000;

/** Seconds after which a probe key goes by itself, should its removal fail. */
const probeTtlSeconds = 60;

/** Returns the port over TCP; `url` is secret and never stands in a message. Each ping connects anew, so it tells of now. */
export function redisCache(url: string): Cache {
  return {
    ping: (prefix, signal) => connected(url, signal, (redis, server) => probe(redis, prefix, server)),
    removeKeys: (prefix, signal) => connected(url, signal, (redis) => removeKeys(redis, prefix, signal)),
    close: async () => undefined,
  };
}

async function connected<Value>(url: string, signal: AbortSignal, call: (redis: Redis, server: string) => Promise<Value>): Promise<Value> {
  signal.throwIfAborted();
  const { hostname, port } = new URL(url);
  const server = `${hostname}:${port === '' ? '6379' : port}`;
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

/** Keys that one look at the keyspace goes over, and that one command removes at most. */
const scanCount = 500;

async function removeKeys(redis: Redis, prefix: string, signal: AbortSignal): Promise<number> {
  if (prefix === '') throw new Error('Without a prefix every key would go.');
  // What has a meaning in a pattern stands for itself.
  const match = `${prefix.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`;
  let removed = 0;
  let cursor = '0';
  do {
    signal.throwIfAborted();
    const [next, keys] = await redis.scan(cursor, 'MATCH', match, 'COUNT', scanCount);
    if (keys.length > 0) removed += await redis.unlink(...keys);
    cursor = next;
  } while (cursor !== '0');
  return removed;
}

/** Maps an error by Redis's own error code, the first word of its reply. `earlier` is what the connection itself said. */
function redisError(error: unknown, earlier: unknown, server: string): unknown {
  if (error instanceof StagingError) return error;
  const candidates = [earlier, error].filter((candidate) => candidate instanceof Error);
  const reply = candidates.find((candidate) => candidate.name === 'ReplyError');
  const said = printable((reply ?? candidates[0])?.message ?? 'no answer');
  switch (reply?.message.split(' ')[0]) {
    case undefined:
      return new StagingError('vendor', 'REDIS_UNREACHABLE', `Redis at ${server} cannot be reached: ${said}.`, {
        fix: 'Check that the database is active on the platform and that this machine may reach it, then run the same command again.',
        cause: error,
      });
    case 'WRONGPASS':
    case 'NOAUTH':
      return new StagingError('missing', 'REDIS_PASSWORD_REFUSED', `Redis at ${server} refused the password: ${said}.`, {
        fix: 'Run `jv-staging provision` again: it reads the password anew.',
        cause: error,
      });
    case 'OOM':
      return new StagingError('vendor', 'REDIS_FULL', `Redis at ${server} is full and takes no writes: ${said}.`, {
        fix: 'Remove keys that nobody needs, or take a larger plan.',
        cause: error,
      });
    case 'READONLY':
    case 'MISCONF':
      return new StagingError('vendor', 'REDIS_READ_ONLY', `Redis at ${server} takes no writes: ${said}.`, {
        fix: 'Look at the state of the database on the platform, then run the same command again.',
        cause: error,
      });
    default:
      return new StagingError('vendor', 'REDIS_REFUSED', `Redis at ${server} refused a command: ${said}.`, { cause: error });
  }
}
