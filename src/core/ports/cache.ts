import type { JsonValue } from './database.ts';

/** A Redis database on the platform. */
export interface CacheDatabase {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly state: 'active' | 'suspended' | 'passive';
  /** True when the database may drop keys when full: BullMQ needs false. */
  readonly eviction: boolean;
}

/** Addresses and keys of a Redis database. All but `restUrl` is secret. */
export interface CacheAccess {
  /** TCP address with the password (`rediss://…`; `redis://` on loopback only). */
  readonly url: string;
  readonly restUrl: string;
  readonly restToken: string;
}

/** A Redis database about to be created; what is undefined is the platform's default. */
export interface NewCacheDatabase {
  readonly name: string;
  readonly region: string;
  readonly plan?: string | undefined;
  readonly budgetUsd?: number | undefined;
}

/** Redis databases on the platform (Upstash Developer API). Throws `UPSTASH_…` errors. */
export interface CachePlatform {
  findByName(name: string, signal: AbortSignal): Promise<readonly CacheDatabase[]>;
  create(database: NewCacheDatabase, signal: AbortSignal): Promise<CacheDatabase>;
  access(id: string, signal: AbortSignal): Promise<CacheAccess>;
  /** Returns how many commands the database was sent this month, as the platform counts them. */
  monthlyCommands(id: string, signal: AbortSignal): Promise<number>;
  /** Lets the platform make a new password and token; `access` tells them. */
  resetPassword(id: string, signal: AbortSignal): Promise<void>;
  /** Returns the addresses that a database answers at, without any secret: to recognise it where a variable leads to it. */
  addresses(id: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** A key that holds text, with its whole name. */
export interface CacheEntry {
  readonly key: string;
  readonly value: string;
  /** Seconds until it goes by itself; null: it stays. */
  readonly ttlSeconds: number | null;
}

/** A key as it stands: what is left of its time differs from look to look. */
export interface StoredEntry {
  readonly key: string;
  readonly value: string;
  readonly expires: boolean;
}

/** The Redis database itself, over TCP. Throws `REDIS_…` errors. */
export interface Cache {
  /** Writes, reads and removes a key under the prefix; throws `REDIS_UNREACHABLE`. */
  ping(prefix: string, signal: AbortSignal): Promise<void>;
  /** Removes every key that begins with the prefix, which is not empty; returns how many. */
  removeKeys(prefix: string, signal: AbortSignal): Promise<number>;
  /** Returns how many keys begin with the prefix, which is not empty; one that is written meanwhile may be counted or not. */
  countKeys(prefix: string, signal: AbortSignal): Promise<number>;
  /** Returns those of these keys that hold text, in their order. */
  entries(keys: readonly string[], signal: AbortSignal): Promise<readonly StoredEntry[]>;
  /** Writes all of these keys in one transaction. */
  write(entries: readonly CacheEntry[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What became of a probe job. */
export type ProbeJob =
  | {
      readonly state: 'completed';
      readonly result: unknown;
      /** From waiting to completed. */
      readonly durationMs: number;
      /** From waiting to active, when the job says so. */
      readonly waitedMs?: number | undefined;
    }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'waiting' | 'active' | 'delayed' | 'unknown'; readonly waitedMs: number };

/** How a queue stands. */
export interface QueueHealth {
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
  /** Active jobs whose worker's lock has run out: the worker died or hangs. */
  readonly stalled: number;
  /** `maxmemory_policy` as Redis says it, or null when it does not. BullMQ needs `noeviction`. */
  readonly evictionPolicy: string | null;
}

/** Queues as a producer sees them. Throws `REDIS_…` errors. */
export interface Queues {
  /** Adds a job named `jv-probe`; returns its id. */
  addProbe(queue: string, signal: AbortSignal): Promise<string>;
  /** Waits until the job is completed or failed, at most `timeoutMs`; the job is removed afterwards. */
  outcome(queue: string, jobId: string, timeoutMs: number, signal: AbortSignal): Promise<ProbeJob>;
  /** Returns how the queue stands now. */
  health(queue: string, signal: AbortSignal): Promise<QueueHealth>;
  close(): Promise<void>;
}

/**
 * Queues as somebody sees them who wants their jobs to stand still. Which of them were paused here is kept beside them, so that a later run
 * can resume what one that was cut off left paused, and nothing that somebody else paused. Throws `REDIS_…` errors.
 */
export interface QueuePauses {
  /** Pauses those of the queues that run; returns their names. */
  pause(queues: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Returns how many jobs of the queues are being worked on. */
  active(queues: readonly string[], signal: AbortSignal): Promise<number>;
  /** Returns the names of those that were paused here and not resumed. */
  held(signal: AbortSignal): Promise<readonly string[]>;
  /** Resumes them; returns their names. */
  resume(signal: AbortSignal): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A job by its id, which is unique in its queue. */
export interface NamedJob {
  readonly id: string;
  readonly name: string;
  readonly data: JsonValue;
  /** How long it waits before a worker may take it. */
  readonly delayMs: number;
}

/** Jobs that are found by their ids. Throws `REDIS_…` errors. */
export interface JobStore {
  /** Returns those of these jobs that exist, whatever became of them, in the order of the ids. */
  find(queue: string, ids: readonly string[], signal: AbortSignal): Promise<readonly NamedJob[]>;
  /**
   * Adds the jobs in one transaction, in their order; one with the id of a job that exists takes its place. They stay in the queue's books when
   * they are done. Throws `QUEUE_JOB_ACTIVE` (exit 4) for one that is being worked on, and `REDIS_…` errors.
   */
  put(queue: string, jobs: readonly NamedJob[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
