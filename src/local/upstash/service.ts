import { findRedis } from '../engines/redis.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { openDatabases, type CacheDatabase, type DatabaseAddresses, type NewDatabase } from './databases.ts';
import { developerApi } from './developer-api.ts';

/** How the emulated Upstash is started. */
export interface UpstashOptions {
  /** Credentials that open the Developer API (HTTP Basic). */
  readonly email: string;
  readonly apiKey: string;
  /** The redis-server program, instead of the one on the search path. */
  readonly redisServer?: string | undefined;
  /** PATH of the environment, for finding redis-server. */
  readonly searchPath: string;
}

/** The emulated Upstash: Developer API, and for each database a redis-server and its REST interface. */
export interface UpstashService extends LocalService {
  readonly name: 'upstash';
  databases(): readonly CacheDatabase[];
  /** Creates a database and returns once it answers; for the world that exists from the start. */
  createDatabase(database: NewDatabase): Promise<CacheDatabase>;
  addresses(id: string): Promise<DatabaseAddresses>;
}

/** Starts the emulated Upstash. Throws `LOCAL_REDIS_MISSING`, `LOCAL_REDIS_FAILED` and `LOCAL_PORT_TAKEN`. */
export async function startUpstash(context: ServiceContext, options: UpstashOptions): Promise<UpstashService> {
  const databases = await openDatabases(context, findRedis(options.searchPath, options.redisServer));
  return {
    name: 'upstash',
    app: developerApi({ email: options.email, apiKey: options.apiKey, databases, log: (line) => context.log(line) }),
    databases: () => databases.all(),
    createDatabase: (wanted) => databases.create(wanted),
    addresses: (id) => databases.addresses(id),
    stop: () => databases.stop(),
  };
}
