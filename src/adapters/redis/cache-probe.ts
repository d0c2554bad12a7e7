import type { Redis as RestClient } from '@upstash/redis';
import type { Redis } from 'ioredis';
import type { CacheDoor, CacheProbe, KeySpace } from '../../core/ports/probes.ts';
import { StagingError } from '../../core/errors.ts';
import { clip } from '../../core/problem.ts';
import { redisError, serverOf } from './redis-error.ts';

/** Where a Redis database answers; all but the REST address is secret. */
export interface CacheProbeOptions {
  readonly url: string;
  readonly restUrl: string;
  readonly restToken: string;
}

/** Bounds on connecting and on each command. */
const connectTimeoutMs = 5_000;
const commandTimeoutMs = 5_000;
/** Keys a SCAN command looks at: Upstash counts commands, not keys. */
const scanCount = 1000;
const examplesAtMost = 3;

/** Returns the port over both doors: ioredis on TCP, Upstash's own client on REST. Nothing is repeated: a probe tells of now. */
export function cacheProbe({ url, restUrl, restToken }: CacheProbeOptions): CacheProbe {
  const tcp = tcpDoor(url);
  return { doors: [tcp, restDoor(restUrl, restToken)], keys: tcp, close: tcp.close };
}

function tcpDoor(url: string): CacheDoor & KeySpace & { close(): Promise<void> } {
  const server = serverOf(url);
  let connection: Promise<Redis> | undefined;
  let lastError: unknown;
  const open = (): Promise<Redis> =>
    (connection ??= connect(url, (error) => {
      lastError = error;
    }));
  const guarded = async <Value>(signal: AbortSignal, work: (redis: Redis) => Promise<Value>): Promise<Value> => {
    signal.throwIfAborted();
    try {
      return await work(await open());
    } catch (error) {
      signal.throwIfAborted();
      connection = undefined;
      throw redisError(error, lastError, server);
    }
  };
  return {
    name: 'TCP',
    set: (key, value, ttlSeconds, signal) => guarded(signal, async (redis) => void (await redis.set(key, value, 'EX', ttlSeconds))),
    get: (key, signal) => guarded(signal, async (redis) => ({ value: await redis.get(key), ttlSeconds: await redis.ttl(key) })),
    remove: (keys, signal) => guarded(signal, async (redis) => void (await redis.del(...keys))),
    foreignKeys: (isOurs, maxKeys, signal) => guarded(signal, (redis) => foreignKeys(redis, isOurs, maxKeys, signal)),
    close: async () => {
      await connection?.then((redis) => redis.disconnect()).catch(() => undefined);
      connection = undefined;
    },
  };
}

async function connect(url: string, onError: (error: unknown) => void): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const redis = new Client(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
  // Without a listener ioredis prints errors to the console; the failing call throws them anyway.
  redis.on('error', onError);
  await redis.connect();
  return redis;
}

async function foreignKeys(redis: Redis, isOurs: (key: string) => boolean, maxKeys: number, signal: AbortSignal) {
  const found: { looked: number; foreign: number; examples: readonly string[] } = { looked: 0, foreign: 0, examples: [] };
  let cursor = '0';
  do {
    signal.throwIfAborted();
    const [next, keys] = await redis.scan(cursor, 'COUNT', scanCount);
    const foreign = keys.filter((key) => !isOurs(key));
    found.looked += keys.length;
    found.foreign += foreign.length;
    found.examples = [...found.examples, ...foreign].slice(0, examplesAtMost);
    cursor = next;
  } while (cursor !== '0' && found.looked < maxKeys);
  return found;
}

function restDoor(url: string, token: string): CacheDoor {
  let client: Promise<RestClient> | undefined;
  const guarded = async <Value>(signal: AbortSignal, work: (redis: RestClient) => Promise<Value>): Promise<Value> => {
    signal.throwIfAborted();
    try {
      return await work(await (client ??= restClient(url, token)));
    } catch (error) {
      signal.throwIfAborted();
      throw restError(error, url, token);
    }
  };
  return {
    name: 'REST',
    set: (key, value, ttlSeconds, signal) => guarded(signal, async (redis) => void (await redis.set(key, value, { ex: ttlSeconds }))),
    get: (key, signal) =>
      guarded(signal, async (redis) => {
        const value: unknown = await redis.get(key);
        return { value: typeof value === 'string' ? value : null, ttlSeconds: await redis.ttl(key) };
      }),
    remove: (keys, signal) => guarded(signal, async (redis) => void (await redis.del(...keys))),
  };
}

async function restClient(url: string, token: string): Promise<RestClient> {
  const { Redis: Client } = await import('@upstash/redis');
  return new Client({
    url,
    token,
    retry: false,
    enableTelemetry: false,
    enableAutoPipelining: false,
    automaticDeserialization: false,
    signal: () => AbortSignal.timeout(commandTimeoutMs),
  });
}

/** The client's message may quote what the server said, which may quote the token. */
function restError(error: unknown, url: string, token: string): unknown {
  if (!(error instanceof Error)) return error;
  const said = clip(error.message.replaceAll(token, '…'), 160);
  // The first word of a reply is Redis's own code.
  const isUnauthorized = ['WRONGPASS', 'NOAUTH', 'Unauthorized'].includes(error.message.split(' ')[0] ?? '');
  return new StagingError(
    isUnauthorized ? 'missing' : 'vendor',
    isUnauthorized ? 'REDIS_TOKEN_REFUSED' : 'REDIS_REST_FAILED',
    `Redis over REST at ${new URL(url).host} ${isUnauthorized ? 'refused the token' : 'did not do what it was asked'}: ${said}.`,
    {
      fix: isUnauthorized
        ? 'Run `jv-staging provision` again: it reads the token anew.'
        : 'Check that the database is active on the platform and that its REST interface is on.',
      cause: error,
    },
  );
}
