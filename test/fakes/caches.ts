import { StagingError } from '../../src/core/errors.ts';
import type { Cache, CacheDatabase, CachePlatform } from '../../src/core/ports/cache.ts';

/** A Redis platform in memory. */
export interface FakeCachePlatform extends CachePlatform {
  readonly databases: Map<string, CacheDatabase>;
}

/** Returns a Redis platform in memory. */
export function fakeCachePlatform(): FakeCachePlatform {
  const databases = new Map<string, CacheDatabase>();
  const existing = (id: string): CacheDatabase => {
    const database = databases.get(id);
    if (database === undefined) throw new StagingError('vendor', 'UPSTASH_REQUEST_FAILED', `There is no database ${id}.`);
    return database;
  };
  return {
    databases,
    findByName: async (name) => [...databases.values()].filter((database) => database.name === name),
    create: async ({ name, region }) => {
      const database: CacheDatabase = { id: `redis-${databases.size + 1}`, name, region, state: 'active', eviction: false };
      databases.set(database.id, database);
      return database;
    },
    access: async (id) => ({
      url: `rediss://default:secret-${existing(id).id}@${id}.upstash.io:6379`,
      restUrl: `https://${id}.upstash.io`,
      restToken: `token-${id}`,
    }),
    setEviction: async (id, on) => {
      databases.set(id, { ...existing(id), eviction: on });
    },
  };
}

/** Returns a Redis that answers, or one that is down. */
export function fakeCache(state: 'up' | 'down' = 'up'): Cache {
  return {
    ping: async () => {
      if (state === 'down') throw new StagingError('vendor', 'REDIS_UNREACHABLE', 'Redis cannot be reached.');
    },
    close: async () => undefined,
  };
}
