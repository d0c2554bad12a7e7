import type { Redis } from 'ioredis';
import type { CommandCalls } from '../../core/cost/commands.ts';
import type { CommandCounter, Gauge, QueueReading, RedisReading } from '../../core/ports/gauges.ts';

/** Bounds on connecting and on one reading. */
const connectTimeoutMs = 5000;
const commandTimeoutMs = 5000;

/** Returns the gauge of the Redis server over TCP; `url` is secret. Its own connection is one of the clients that it counts. */
export function redisGauge(url: string): Gauge {
  const client = lazyClient(url);
  return {
    name: 'redis',
    read: async () => {
      const redis = await client.open();
      return { redis: redisReading(await redis.info()) };
    },
    close: client.close,
  };
}

/** Returns the gauge of these BullMQ queues; `prefix` is the environment's key prefix with its final colon. */
export function queueGauge(url: string, prefix: string, queues: readonly string[]): Gauge {
  const client = lazyClient(url);
  return {
    name: 'queues',
    read: async () => {
      const connection = await client.open();
      const { Queue } = await import('bullmq');
      const readings = await Promise.all(
        queues.map(async (name): Promise<QueueReading> => {
          const queue = new Queue(name, { connection, prefix: prefix.replace(/:$/, ''), skipVersionCheck: true, skipMetasUpdate: true });
          queue.on('error', () => undefined);
          const counts = await queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed');
          const waiting = (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0) + (counts['delayed'] ?? 0);
          return { queue: name, waiting, active: counts['active'] ?? 0, failed: counts['failed'] ?? 0 };
        }),
      );
      return { queues: readings };
    },
    close: client.close,
  };
}

/** Returns the counter of the server's commands; `url` is secret. */
export function commandCounter(url: string): CommandCounter {
  const client = lazyClient(url);
  return {
    read: async () => {
      const redis = await client.open();
      return commandCalls(await redis.info('commandstats'));
    },
    close: client.close,
  };
}

/** Returns what `INFO commandstats` says: lines `cmdstat_name:calls=1,…` (redis.io/docs, `INFO`, read 2026-11-23); undefined without any. */
export function commandCalls(info: string): CommandCalls | undefined {
  const found = [...info.matchAll(/^cmdstat_([^:\r\n]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)] as const);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Returns what `INFO` says: lines `name:value` (redis.io/docs, `INFO`, read 2026-11-23); Upstash gives a part of them. */
export function redisReading(info: string): RedisReading {
  const values = new Map(info.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
  const count = (name: string): number | null => {
    const text = values.get(name);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
  };
  return {
    clients: count('connected_clients'),
    clientLimit: count('maxclients'),
    usedMemoryBytes: count('used_memory'),
    memoryLimitBytes: count('maxmemory'),
    evictedKeys: count('evicted_keys'),
    rejectedConnections: count('rejected_connections'),
    commands: count('total_commands_processed'),
  };
}

/** A connection that is made on first use, and again when it was lost. */
function lazyClient(url: string) {
  let opened: Redis | undefined;
  return {
    open: async (): Promise<Redis> => {
      if (opened?.status === 'ready') return opened;
      opened?.disconnect();
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
      redis.on('error', () => undefined);
      opened = redis;
      await redis.connect();
      return redis;
    },
    close: async () => opened?.disconnect(),
  };
}
