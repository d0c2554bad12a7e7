import { findRedis } from '../engines/redis.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { openBackups } from './backups.ts';
import type { CacheDatabase, DatabaseAddresses, NewDatabase } from './database.ts';
import { openDatabases } from './databases.ts';
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
  const log = (line: string) => context.log(line);
  const backups = await openBackups(context, databases);
  // Looks every hour whether a day has passed; nothing waits for it.
  const daily = setInterval(() => void backups.makeDaily(Date.now()).catch((error: unknown) => log(`backup: ${String(error)}`)), 3_600_000);
  daily.unref();
  return {
    name: 'upstash',
    app: developerApi({ email: options.email, apiKey: options.apiKey, databases, backups, log }),
    databases: () => databases.all(),
    createDatabase: (wanted) => databases.create(wanted),
    addresses: (id) => databases.addresses(id),
    stop: () => {
      clearInterval(daily);
      return databases.stop();
    },
  };
}
