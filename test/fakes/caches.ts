import { StagingError } from '../../src/core/errors.ts';
import type { Fields } from '../../src/core/plan/model.ts';
import type { ManagedCaches } from '../../src/core/ports/managed.ts';
import type { Cache, CacheDatabase, CacheEntry, CachePlatform, JobStore, NamedJob } from '../../src/core/ports/cache.ts';

/** A Redis platform in memory. */
export interface FakeCachePlatform extends CachePlatform {
  readonly managed: ManagedCaches;
  /** Settings by id, beside region and eviction; one that was made by `create` has an entry. */
  readonly settings: Map<string, Fields>;
  readonly databases: Map<string, CacheDatabase>;
}

/** Returns a Redis platform in memory. */
export function fakeCachePlatform(): FakeCachePlatform {
  const databases = new Map<string, CacheDatabase>();
  const settings = new Map<string, Fields>();
  const fieldsOf = (database: CacheDatabase): Fields => ({
    ...settings.get(database.id),
    region: database.region,
    eviction: database.eviction,
  });
  const existing = (id: string): CacheDatabase => {
    const database = databases.get(id);
    if (database === undefined) throw new StagingError('vendor', 'UPSTASH_REQUEST_FAILED', `There is no database ${id}.`);
    return database;
  };
  return {
    databases,
    settings,
    managed: {
      list: async ({ name, production }) => {
        const theirs = [...databases.values()].find((database) => production.includes(database.name) || production.includes(database.id));
        return {
          found: [...databases.values()]
            .filter((database) => database.name === name)
            .map((database) => ({
              resource: database,
              // One that nobody created through the port was there before any announcement.
              createdAtMs: settings.has(database.id) ? Date.UTC(2100, 0, 1) : null,
              fields: fieldsOf(database),
            })),
          production: theirs === undefined ? {} : fieldsOf(theirs),
        };
      },
      remove: async (id) => {
        databases.delete(id);
      },
      change: async (id, { eviction, ...fields }) => {
        databases.set(id, { ...existing(id), eviction: eviction === true });
        settings.set(id, { ...settings.get(id), ...fields });
      },
    },
    findByName: async (name) => [...databases.values()].filter((database) => database.name === name),
    create: async ({ name, region, plan, budgetUsd }) => {
      const database: CacheDatabase = { id: `redis-${databases.size + 1}`, name, region, state: 'active', eviction: false };
      databases.set(database.id, database);
      settings.set(database.id, { tls: true, plan: plan ?? 'payg', budgetUsd: budgetUsd ?? 20 });
      return database;
    },
    access: async (id) => ({
      url: `rediss://default:secret-${existing(id).id}@${id}.upstash.io:6379`,
      restUrl: `https://${id}.upstash.io`,
      restToken: `token-${id}`,
    }),
    monthlyCommands: async () => 0,
    resetPassword: async (id) => {
      existing(id);
    },
    addresses: async (id) => [`rediss://${existing(id).id}.upstash.io:6379`, `https://${id}.upstash.io`],
  };
}

/** A Redis in memory; `stored` holds what was written, and anything that a test puts there. */
export interface FakeCache extends Cache {
  readonly stored: Map<string, CacheEntry>;
}

/** Returns a Redis that answers, or one that is down. */
export function fakeCache(state: 'up' | 'down' = 'up'): FakeCache {
  const stored: FakeCache['stored'] = new Map();
  const under = (prefix: string) => [...stored.keys()].filter((key) => key.startsWith(prefix));
  return {
    stored,
    ping: async () => {
      if (state === 'down') throw new StagingError('vendor', 'REDIS_UNREACHABLE', 'Redis cannot be reached.');
    },
    removeKeys: async (prefix) => under(prefix).filter((key) => stored.delete(key)).length,
    countKeys: async (prefix) => under(prefix).length,
    entries: async (keys) =>
      keys.flatMap((key) => {
        const entry = stored.get(key);
        return entry === undefined ? [] : [{ key, value: entry.value, expires: entry.ttlSeconds !== null }];
      }),
    write: async (entries) => {
      for (const entry of entries) stored.set(entry.key, entry);
    },
    close: async () => undefined,
  };
}

/** Returns jobs in memory by queue, and says in `calls` when they are added. */
export function fakeJobs(calls: string[]): JobStore & { readonly queues: Map<string, readonly NamedJob[]> } {
  const queues = new Map<string, readonly NamedJob[]>();
  return {
    queues,
    find: async (queue, ids) =>
      ids.flatMap((id) => {
        const job = queues.get(queue)?.find((each) => each.id === id);
        return job === undefined ? [] : [job];
      }),
    put: async (queue, jobs) => {
      const ids = new Set(jobs.map(({ id }) => id));
      queues.set(queue, [...(queues.get(queue) ?? []).filter(({ id }) => !ids.has(id)), ...jobs]);
      calls.push(`put ${[...ids].join(' ')} into ${queue}`);
    },
    close: async () => undefined,
  };
}
