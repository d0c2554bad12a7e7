import { randomBytes } from 'node:crypto';
import { loadSnapshot, takeSnapshot } from '../engines/redis-snapshot.ts';
import {
  adminUser,
  evictionPolicy,
  fullAccess,
  readOnlyAccess,
  readOnlyUser,
  redisFolder,
  removeRedis,
  removeStrayRedis,
  startRedis,
  type RedisServer,
  type RedisSettings,
} from '../engines/redis.ts';
import { ReplyError, respConnection, type Reply, type RespConnection } from '../engines/resp.ts';
import { serveLoopback, type LoopbackServer } from '../loopback.ts';
import type { ServiceContext } from '../service.ts';
import { openCollection, type Collection } from '../store.ts';
import { freshSecrets, newDatabase, unchanged, type CacheDatabase, type DatabaseAddresses, type NewDatabase } from './database.ts';
import { limitsOf } from './plans.ts';
import { redisRest } from './rest.ts';

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
  /** Writes a copy of the data to a file. */
  takeSnapshot(id: string, file: string): Promise<void>;
  /** Replaces the data by a copy. */
  loadSnapshot(id: string, file: string): Promise<void>;
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
  /** The change of each database that is under way: the next one waits for it. */
  readonly turns: Map<string, Promise<unknown>>;
}

/** Opens the stored databases and starts a server for each. */
export async function openDatabases(context: ServiceContext, program: string): Promise<Databases> {
  const stored = await openCollection<CacheDatabase>(context.stateDir, 'databases');
  const adminPassword = await ownPassword(context.stateDir);
  for (const database of stored.all()) {
    // A database that was kept before plans were.
    const kept: Partial<CacheDatabase> = database;
    if (kept.plan === undefined) await stored.put(database.id, { ...database, ...unchanged, plan: 'payg' });
  }
  const lifecycle: Lifecycle = { context, program, stored, running: new Map(), adminPassword, turns: new Map() };
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
    change: (id, change) => inTurn(lifecycle, id, () => changeDatabase(lifecycle, id, change)),
    resetPassword: async (id) => {
      const database = await inTurn(lifecycle, id, () => changeDatabase(lifecycle, id, freshSecrets()));
      // What is logged in stays so in Redis: end it, our own connections as well.
      for (const type of ['normal', 'pubsub']) await commandOn(lifecycle, id, ['CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes']);
      return database;
    },
    remove: (id) =>
      inTurn(lifecycle, id, async () => {
        await stored.delete(id);
        await stopRunning(lifecycle, id);
        await removeRedis(context, id);
      }),
    addresses: (id) => addressesOf(lifecycle, id),
    command: (id, command) => commandOn(lifecycle, id, command),
    takeSnapshot: (id, file) => takeSnapshot(runningOf(lifecycle, id).admin, redisFolder(context, id), file),
    loadSnapshot: (id, file) =>
      inTurn(lifecycle, id, () => loadSnapshot(context, program, file, { id, admin: runningOf(lifecycle, id).admin })),
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

function settingsOf(database: CacheDatabase, adminPassword: string): RedisSettings {
  return {
    id: database.id,
    password: database.password,
    readOnlyPassword: database.readOnlyToken,
    adminPassword,
    eviction: database.eviction,
    maxMemoryBytes: limitsOf(database.plan).memoryBytes,
    maxClients: limitsOf(database.plan).maxClients,
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
    const door = context.traffic?.door({ service: 'upstash', part: 'Redis REST', resource: database.id });
    const rest = await serveLoopback(app, await context.ports.port(`upstash-${database.id}`), `Redis REST of ${database.name}`, door);
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

function runningOf({ running }: Lifecycle, id: string): Running {
  const here = running.get(id);
  if (here === undefined) throw new Error(`There is no database ${id}.`);
  return here;
}

/** Changes of one database come one after the other: each starts from what the one before has left. */
async function inTurn<Result>({ turns }: Lifecycle, id: string, change: () => Promise<Result>): Promise<Result> {
  const turn = (turns.get(id) ?? Promise.resolve()).catch(() => undefined).then(change);
  turns.set(id, turn);
  try {
    return await turn;
  } finally {
    if (turns.get(id) === turn) turns.delete(id);
  }
}

async function changeDatabase(lifecycle: Lifecycle, id: string, change: Partial<CacheDatabase>): Promise<CacheDatabase> {
  const database = lifecycle.stored.get(id);
  const here = runningOf(lifecycle, id);
  if (database === undefined) throw new Error(`There is no database ${id}.`);
  const changed = { ...database, ...change };
  await here.redis.store(settingsOf(changed, lifecycle.adminPassword));
  const replies = await here.admin.send([
    ['CONFIG', 'SET', 'maxmemory-policy', evictionPolicy(changed.eviction)],
    ['CONFIG', 'SET', 'maxmemory', `${limitsOf(changed.plan).memoryBytes}`],
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
