import { randomBytes, randomUUID } from 'node:crypto';
import {
  adminUser,
  fullAccess,
  readOnlyAccess,
  readOnlyUser,
  removeRedis,
  removeStrayRedis,
  startRedis,
  type RedisServer,
  type RedisSettings,
} from '../engines/redis.ts';
import { serveLoopback, type LoopbackServer } from '../loopback.ts';
import type { ServiceContext } from '../service.ts';
import { openCollection, type Collection } from '../store.ts';
import { ReplyError, respConnection, type Reply, type RespConnection } from '../engines/resp.ts';
import { redisRest } from './rest.ts';

/** A Redis database as stored: the file is ours alone (0600), for it holds password and tokens. */
export interface CacheDatabase {
  readonly id: string;
  readonly name: string;
  readonly primaryRegion: string;
  readonly readRegions: readonly string[];
  /** Seconds since 1970. */
  readonly createdAtS: number;
  readonly password: string;
  readonly restToken: string;
  readonly readOnlyToken: string;
  readonly eviction: boolean;
  readonly autoUpgrade: boolean;
  readonly budgetUsd: number;
  readonly type: 'free' | 'payg' | 'paid';
}

/** What a database is created with. */
export interface NewDatabase {
  readonly name: string;
  readonly primaryRegion: string;
  readonly readRegions?: readonly string[] | undefined;
  readonly eviction?: boolean | undefined;
  readonly budgetUsd?: number | undefined;
  readonly type?: CacheDatabase['type'] | undefined;
}

/** Where a database is reached. */
export interface DatabaseAddresses {
  readonly id: string;
  readonly restUrl: string;
  readonly host: string;
  readonly port: number;
  /** Address for TCP clients with its password: secret. */
  readonly url: string;
}

/** The databases of the emulated platform and the servers that run for them. */
export interface Databases {
  all(): readonly CacheDatabase[];
  get(id: string): CacheDatabase | undefined;
  create(database: NewDatabase): Promise<CacheDatabase>;
  /** Stores the change and applies it to the running server. */
  change(id: string, change: Partial<CacheDatabase>): Promise<CacheDatabase>;
  /** New password and tokens; every connection with the old ones ends. */
  resetPassword(id: string): Promise<CacheDatabase>;
  remove(id: string): Promise<void>;
  addresses(id: string): Promise<DatabaseAddresses>;
  /** Sends one command as our own user. */
  command(id: string, command: readonly string[]): Promise<Reply>;
  /** True when the server answers. */
  alive(id: string): boolean;
  stop(): Promise<void>;
}

interface Running {
  readonly redis: RedisServer;
  readonly rest: LoopbackServer;
  /** Logged in as our own user. */
  readonly admin: RespConnection;
  readonly full: RespConnection;
  readonly readOnly: RespConnection;
}

interface Lifecycle {
  readonly context: ServiceContext;
  readonly program: string;
  readonly stored: Collection<CacheDatabase>;
  readonly running: Map<string, Running>;
  readonly adminPassword: string;
}

/** Limits of a free database (upstash.com/docs/redis/overall/pricing, read 2026-11-22). */
export const limits = { memoryBytes: 256 * 1024 * 1024, maxClients: 10_000, maxCommandsPerSecond: 10_000 } as const;

/** Opens the stored databases and starts a server for each. */
export async function openDatabases(context: ServiceContext, program: string): Promise<Databases> {
  const stored = await openCollection<CacheDatabase>(context.stateDir, 'databases');
  const adminPassword = await ownPassword(context.stateDir);
  const lifecycle: Lifecycle = { context, program, stored, running: new Map(), adminPassword };
  const stop = async () => {
    await Promise.all([...lifecycle.running.keys()].map((id) => stopRunning(lifecycle, id)));
  };
  try {
    await removeStrayRedis(context, new Set(stored.all().map((database) => database.id)));
    const started = await Promise.allSettled(stored.all().map((database) => startRunning(lifecycle, database)));
    const failed = started.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    all: () => stored.all(),
    get: (id) => stored.get(id),
    create: async (wanted) => {
      const database = newDatabase(wanted);
      await startRunning(lifecycle, database);
      await stored.put(database.id, database);
      return database;
    },
    change: (id, change) => changeDatabase(lifecycle, id, change),
    resetPassword: async (id) => {
      const database = await changeDatabase(lifecycle, id, freshSecrets());
      // What is logged in stays so in Redis: end it, our own connections as well.
      await commandOn(lifecycle, id, ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      return database;
    },
    remove: async (id) => {
      await stored.delete(id);
      await stopRunning(lifecycle, id);
      await removeRedis(context, id);
    },
    addresses: (id) => addressesOf(lifecycle, id),
    command: (id, command) => commandOn(lifecycle, id, command),
    alive: (id) => lifecycle.running.get(id)?.redis.alive() ?? false,
    stop,
  };
}

/** Returns the password of our own user, made the first time. */
async function ownPassword(stateDir: string): Promise<string> {
  const secrets = await openCollection<{ readonly password: string }>(stateDir, 'redis');
  const known = secrets.get(adminUser);
  if (known !== undefined) return known.password;
  const password = randomBytes(24).toString('base64url');
  await secrets.put(adminUser, { password });
  return password;
}

function newDatabase(wanted: NewDatabase): CacheDatabase {
  return {
    id: randomUUID(),
    name: wanted.name,
    primaryRegion: wanted.primaryRegion,
    readRegions: wanted.readRegions ?? [],
    createdAtS: Math.floor(Date.now() / 1000),
    eviction: wanted.eviction ?? false,
    autoUpgrade: false,
    budgetUsd: wanted.budgetUsd ?? 20,
    type: wanted.type ?? 'payg',
    ...freshSecrets(),
  };
}

function freshSecrets() {
  const secret = (bytes: number) => randomBytes(bytes).toString('base64url');
  return { password: secret(24), restToken: `A${secret(42)}`, readOnlyToken: `A${secret(42)}` };
}

function settingsOf(database: CacheDatabase, adminPassword: string): RedisSettings {
  return {
    id: database.id,
    password: database.password,
    readOnlyPassword: database.readOnlyToken,
    adminPassword,
    eviction: database.eviction,
    maxMemoryBytes: limits.memoryBytes,
    maxClients: limits.maxClients,
  };
}

async function startRunning(lifecycle: Lifecycle, database: CacheDatabase): Promise<void> {
  const { context, program, stored, running } = lifecycle;
  const redis = await startRedis(context, program, settingsOf(database, lifecycle.adminPassword));
  // Until the first `put` the document is not stored: a creation that fails leaves none.
  const secrets = () => stored.get(database.id) ?? database;
  const admin = respConnection(redis.port, () => ({ user: adminUser, password: lifecycle.adminPassword }));
  const full = respConnection(redis.port, () => ({ user: 'default', password: secrets().password }));
  const readOnly = respConnection(redis.port, () => ({ user: readOnlyUser, password: secrets().readOnlyToken }));
  try {
    const app = redisRest({
      tokens: () => ({ full: secrets().restToken, readOnly: secrets().readOnlyToken }),
      full,
      readOnly,
      log: (line) => context.log(line),
    });
    const rest = await serveLoopback(app, await context.ports.port(`upstash-${database.id}`), `Redis REST of ${database.name}`);
    running.set(database.id, { redis, rest, admin, full, readOnly });
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

async function stopRunning({ running }: Lifecycle, id: string): Promise<void> {
  const here = running.get(id);
  running.delete(id);
  if (here === undefined) return;
  here.admin.close();
  here.full.close();
  here.readOnly.close();
  await here.rest.stop();
  await here.redis.stop();
}

async function changeDatabase(lifecycle: Lifecycle, id: string, change: Partial<CacheDatabase>): Promise<CacheDatabase> {
  const database = lifecycle.stored.get(id);
  const here = lifecycle.running.get(id);
  if (database === undefined || here === undefined) throw new Error(`There is no database ${id}.`);
  const changed = { ...database, ...change };
  await here.redis.store(settingsOf(changed, lifecycle.adminPassword));
  const replies = await here.admin.send([
    ['CONFIG', 'SET', 'maxmemory-policy', changed.eviction ? 'volatile-lru' : 'noeviction'],
    ['ACL', 'SETUSER', 'default', ...fullAccess(changed.password)],
    ['ACL', 'SETUSER', readOnlyUser, ...readOnlyAccess(changed.readOnlyToken)],
  ]);
  const refused = replies.find((reply) => reply instanceof ReplyError);
  if (refused instanceof ReplyError) throw refused;
  await lifecycle.stored.put(id, changed);
  return changed;
}

async function commandOn({ running }: Lifecycle, id: string, command: readonly string[]): Promise<Reply> {
  const [reply = null] = (await running.get(id)?.admin.send([command])) ?? [];
  return reply;
}

async function addressesOf({ context, stored }: Lifecycle, id: string): Promise<DatabaseAddresses> {
  const host = '127.0.0.1';
  const port = await context.ports.port(`redis-${id}`);
  const password = stored.get(id)?.password ?? '';
  return {
    id,
    host,
    port,
    restUrl: `http://${host}:${await context.ports.port(`upstash-${id}`)}`,
    url: `redis://default:${encodeURIComponent(password)}@${host}:${port}`,
  };
}
