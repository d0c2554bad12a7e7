import { StagingError } from '../../src/core/errors.ts';
import type { Fields } from '../../src/core/plan/model.ts';
import type { ManagedCaches } from '../../src/core/ports/managed.ts';
import type { Cache, CacheDatabase, CachePlatform } from '../../src/core/ports/cache.ts';

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
    resetPassword: async (id) => {
      existing(id);
    },
    addresses: async (id) => [`rediss://${existing(id).id}.upstash.io:6379`, `https://${id}.upstash.io`],
  };
}

/** Returns a Redis that answers, or one that is down. */
export function fakeCache(state: 'up' | 'down' = 'up'): Cache {
  return {
    ping: async () => {
      if (state === 'down') throw new StagingError('vendor', 'REDIS_UNREACHABLE', 'Redis cannot be reached.');
    },
    removeKeys: async () => 0,
    close: async () => undefined,
  };
}
