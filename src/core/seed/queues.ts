import { StagingError } from '../errors.ts';
import type { CacheEntry, NamedJob, StoredEntry } from '../ports/cache.ts';
import type { JsonValue } from '../ports/database.ts';
import { canonicalJson, resolveRows, type SeedValue } from './plan.ts';

/** The jobs that a seed wants in one queue, in the order in which workers shall take them. */
export interface SeedQueue {
  readonly queue: string;
  readonly jobs: readonly {
    /** The natural key that the job is found by. */
    readonly id: string;
    readonly name: string;
    readonly data: Readonly<Record<string, SeedValue>>;
    readonly delaySeconds: number;
  }[];
}

/** A seed of Redis: jobs in queues, and keys of the cache. */
export interface QueuePlan {
  readonly version: 1;
  readonly queues: readonly SeedQueue[];
  readonly cache: readonly {
    /** Without the environment's prefix. */
    readonly key: string;
    /** Text is kept as it is, anything else as JSON. */
    readonly value: JsonValue;
    readonly ttlSeconds?: number | undefined;
  }[];
}

/**
 * Throws `SEED_QUEUE_UNDECLARED` (exit 2) when a seed has jobs for a queue that is not among `declared`, and `SEED_KEY_RESERVED` (exit 2) when a
 * key of its cache would lie among a queue's own keys or this tool's.
 */
export function checkQueuePlan(plan: QueuePlan, declared: readonly string[]): void {
  const unknown = plan.queues.find(({ queue }) => !declared.includes(queue));
  if (unknown !== undefined) {
    const names = declared.length === 0 ? 'none' : declared.join(', ');
    throw new StagingError(
      'usage',
      'SEED_QUEUE_UNDECLARED',
      `The seed has jobs for the queue ${unknown.queue}, expected one of \`upstash.queues\`: ${names}.`,
      { fix: 'Add it to `upstash.queues` in the configuration, or correct its name in the seed file.' },
    );
  }
  const reserved = plan.cache.find(({ key }) => key.startsWith('jv-') || declared.some((queue) => key.startsWith(`${queue}:`)));
  if (reserved === undefined) return;
  throw new StagingError('usage', 'SEED_KEY_RESERVED', `The key ${reserved.key} would lie among a queue’s own keys or this tool’s.`, {
    fix: 'Begin it with a word of its own, for example `cache:`.',
  });
}

/** Returns the jobs with every day resolved, in their order; `nowMs` is in milliseconds since 1970 UTC. */
export function wantedJobs({ queue, jobs }: SeedQueue, nowMs: number): readonly NamedJob[] {
  const rows = resolveRows({ table: queue, key: [], rows: jobs.map(({ data }) => data) }, { nowMs, authUserIds: {}, stored: {} });
  return jobs.map(({ id, name, delaySeconds }, index) => ({ id, name, data: rows[index] ?? {}, delayMs: delaySeconds * 1000 }));
}

/** Returns the wanted jobs that are missing or differ, in their order. One that was worked off is there. */
export function changedJobs(existing: readonly NamedJob[], wanted: readonly NamedJob[]): readonly NamedJob[] {
  const found = new Map(existing.map((job) => [job.id, canonicalJson(job)]));
  return wanted.filter((job) => found.get(job.id) !== canonicalJson(job));
}

/** Returns the wanted keys with their whole names, in their order. */
export function wantedEntries({ cache }: QueuePlan, prefix: string): readonly CacheEntry[] {
  return cache.map(({ key, value, ttlSeconds }) => ({
    key: `${prefix}${key}`,
    value: typeof value === 'string' ? value : canonicalJson(value),
    ttlSeconds: ttlSeconds ?? null,
  }));
}

/** Returns the wanted keys that are missing or differ. How much of its time a key has left makes no difference. */
export function changedEntries(existing: readonly StoredEntry[], wanted: readonly CacheEntry[]): readonly CacheEntry[] {
  const found = new Map(existing.map((entry) => [entry.key, entry]));
  return wanted.filter(({ key, value, ttlSeconds }) => {
    const stored = found.get(key);
    return stored?.value !== value || stored.expires !== (ttlSeconds !== null);
  });
}
