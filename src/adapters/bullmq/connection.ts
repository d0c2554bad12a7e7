import type * as Bullmq from 'bullmq';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { StagingError } from '../../core/errors.ts';
import { clip } from '../../core/problem.ts';

/** Which queues are spoken to. */
export interface BullmqQueuesOptions {
  /** TCP address of the Redis database with its password; secret. */
  readonly url: string;
  /** Key prefix of the environment with its final separator (`jetvision-staging:`); BullMQ's own prefix is this without it. */
  readonly prefix: string;
}

/** Bounds on connecting and on one command. */
const connectTimeoutMs = 5000;
const commandTimeoutMs = 5000;
/** BullMQ on one connection of its own, made with the first call. */
export interface BullmqConnection {
  /** Calls `work` with what opens queues and with Redis itself; what Redis refuses becomes `REDIS_…`. */
  use<Value>(signal: AbortSignal, work: (open: (name: string) => Queue, redis: Redis) => Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

/** Returns the connection: it is made on first use, fails at once when Redis does not answer, and never comes back by itself. */
export function bullmqConnection({ url, prefix }: BullmqQueuesOptions): BullmqConnection {
  const server = serverOf(url);
  const queues = new Map<string, Queue>();
  let connection: Promise<Redis> | undefined;

  const ready = async () => {
    if (connection !== undefined && !(await isOpen(connection))) {
      connection = undefined;
      queues.clear();
    }
    connection ??= connect(url);
    const redis = await connection;
    const bullmq = await import('bullmq');
    const open = (name: string): Queue => {
      const queue = queues.get(name) ?? newQueue(bullmq, name, redis, prefix.replace(/:$/, ''));
      queues.set(name, queue);
      return queue;
    };
    return { open, redis };
  };
  return {
    use: async (signal, work) => {
      signal.throwIfAborted();
      try {
        const { open, redis } = await ready();
        return await work(open, redis);
      } catch (error) {
        signal.throwIfAborted();
        throw redisError(error, server);
      }
    },
    close: async () => {
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      queues.clear();
      await connection?.then((redis) => redis.disconnect()).catch(() => undefined);
      connection = undefined;
    },
  };
}

/** Returns false for a connection that was lost or never made: the next call connects anew. */
async function isOpen(connection: Promise<Redis>): Promise<boolean> {
  return await connection.then(
    (redis) => redis.status === 'ready',
    () => false,
  );
}

async function connect(url: string): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const redis = new Client(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
    enableOfflineQueue: false,
  });
  let lastError: unknown;
  // Without a listener ioredis prints errors to the console; the failing call throws them anyway.
  redis.on('error', (error: unknown) => {
    lastError = error;
  });
  try {
    await redis.connect();
    // A refused password only shows in the first command.
    await redis.ping();
    return redis;
  } catch (error) {
    redis.disconnect();
    throw isReply(error) ? error : (lastError ?? error);
  }
}

function newQueue(bullmq: typeof Bullmq, name: string, connection: Redis, prefix: string): Queue {
  // The version check also prints a warning about the eviction policy to the console: smoke and doctor tell that themselves.
  const queue = new bullmq.Queue(name, { connection, prefix, skipVersionCheck: true, skipMetasUpdate: true });
  queue.on('error', () => undefined);
  return queue;
}

function serverOf(url: string): string {
  if (!URL.canParse(url)) return 'the configured address';
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '6379' : port}`;
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Maps an error by Redis's own error code, the first word of its reply; anything else means that Redis was not reached. */
function redisError(error: unknown, server: string): unknown {
  if (error instanceof StagingError || !(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return error;
  const said = clip(error.message, 160);
  const code = isReply(error) ? error.message.split(' ')[0] : undefined;
  switch (code) {
    case undefined:
      return new StagingError('vendor', 'REDIS_UNREACHABLE', `Redis at ${server} cannot be reached: ${said}.`, {
        fix: 'Check that the database is active on the platform and that this machine may reach it.',
        cause: error,
      });
    case 'WRONGPASS':
    case 'NOAUTH':
      return new StagingError('missing', 'REDIS_PASSWORD_REFUSED', `Redis at ${server} refused the password: ${said}.`, {
        fix: 'Run `jv-staging provision` again: it reads the password anew.',
        cause: error,
      });
    case 'OOM':
      return new StagingError('vendor', 'REDIS_FULL', `Redis at ${server} is full and takes no jobs: ${said}.`, {
        fix: 'Remove keys that nobody needs, or take a larger plan.',
        cause: error,
      });
    case 'READONLY':
    case 'MISCONF':
      return new StagingError('vendor', 'REDIS_READ_ONLY', `Redis at ${server} takes no writes: ${said}.`, {
        fix: 'Look at the state of the database on the platform.',
        cause: error,
      });
    default:
      return new StagingError('vendor', 'REDIS_REFUSED', `Redis at ${server} refused a command: ${said}.`, { cause: error });
  }
}
