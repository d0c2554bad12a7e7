import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StagingError } from '../../core/errors.ts';
import type { ServiceContext } from '../service.ts';
import { ownedFile, ownedFolder } from './postgres.ts';
import { ReplyError, respConnection } from './resp.ts';
import { assertPortFree, endStaleServer, logEnd, startServer, waitForPort, type ServerProcess } from './server-process.ts';

/** Settings of one Redis database: one server each. */
export interface RedisSettings {
  /** Names the server's port and folder. */
  readonly id: string;
  readonly password: string;
  /** Password of the user `default_ro`, who may only read. */
  readonly readOnlyPassword: string;
  /** Password of the local cloud's own user: it alone may change settings and users. */
  readonly adminPassword: string;
  /** With false a full database refuses writes (`noeviction`), which queues need; with true it drops keys. */
  readonly eviction: boolean;
  readonly maxMemoryBytes: number;
  readonly maxClients: number;
}

/** A running Redis server. */
export interface RedisServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  alive(): boolean;
  /** Writes the settings for the next start; the running server is changed by commands. */
  store(settings: RedisSettings): Promise<void>;
  stop(): Promise<void>;
}

/** Name of the local cloud's own user. */
export const adminUser = 'jv_admin';

/** What the platform withholds from its users: settings, users, the server's process and its replication. */
const withheld = [
  'config',
  'acl',
  'shutdown',
  'debug',
  'module',
  'replicaof',
  'slaveof',
  'failover',
  'cluster',
  'psync',
  'sync',
  'replconf',
  'migrate',
  'save',
  'bgsave',
  'bgrewriteaof',
  'swapdb',
];

/** Name of the user whose token may only read. */
export const readOnlyUser = 'default_ro';

/** Returns the redis-server program: the given one, or the first on the search path. Throws `LOCAL_REDIS_MISSING`. */
export function findRedis(searchPath: string, given?: string): string {
  const folders = [...searchPath.split(delimiter), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].filter((folder) => folder !== '');
  const candidates = given === undefined ? folders.map((folder) => join(folder, 'redis-server')) : [given];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new StagingError(
    'missing',
    'LOCAL_REDIS_MISSING',
    given === undefined ? 'There is no redis-server on the search path.' : `There is no redis-server at ${given}.`,
    {
      fix: 'Run `apt-get install -y redis-server` (Debian) or `brew install redis`.',
    },
  );
}

/**
 * Starts a Redis server for one database: its append-only file is written before each answer, so that what was acknowledged survives
 * `kill -9`.
 * Throws `LOCAL_REDIS_FAILED` and `LOCAL_PORT_TAKEN`.
 */
export async function startRedis(context: ServiceContext, program: string, settings: RedisSettings): Promise<RedisServer> {
  const dir = redisFolder(context, settings.id);
  await ownedFolder(join(context.sharedDir, 'redis'), context.serverAccount);
  await ownedFolder(dir, context.serverAccount);
  const configFile = join(dir, 'redis.conf');
  const logFile = join(dir, 'server.log');
  await endStaleServer(join(dir, 'redis.pid'), configFile, 'SIGTERM');
  const port = await context.ports.port(`redis-${settings.id}`);
  const store = (wanted: RedisSettings) => ownedFile(configFile, configuration(wanted, dir, port), context.serverAccount);
  await assertPortFree(port, `Redis database ${settings.id}`);
  await store(settings);
  const server = await startServer({
    command: program,
    args: [configFile],
    cwd: dir,
    env: {},
    account: context.serverAccount,
    logFile,
    stopSignal: 'SIGTERM',
  });
  try {
    await waitForPort(port, server, 30_000);
    await waitUntilLoaded(port, server, settings.adminPassword);
  } catch (error) {
    await server.stop(1000);
    throw new StagingError(
      'missing',
      'LOCAL_REDIS_FAILED',
      `The Redis server of database ${settings.id} did not start: ${await logEnd(logFile)}`,
      {
        fix: `Run \`${program} ${configFile}\` to see why.`,
        cause: error,
      },
    );
  }
  return { host: '127.0.0.1', port, alive: () => server.alive(), store, stop: () => server.stop() };
}

/** A server that reads its file listens already, and answers LOADING until it has done so. */
async function waitUntilLoaded(port: number, server: ServerProcess, password: string): Promise<void> {
  const connection = respConnection(port, () => ({ user: adminUser, password }));
  try {
    while (server.alive()) {
      const [reply] = await connection.send([['PING']]).catch((error: unknown) => [error]);
      if (reply === 'PONG') return;
      // Other errors than LOADING would not go away.
      if (!(reply instanceof ReplyError && reply.message.startsWith('LOADING'))) throw new Error(`It answered ${String(reply)}.`);
      await delay(10);
    }
  } finally {
    connection.close();
  }
  throw new Error(`It ended with ${await server.ended}.`);
}

/** Returns the folder of a database's server: its file, its settings, its log. */
export function redisFolder(context: ServiceContext, id: string): string {
  return join(context.sharedDir, 'redis', id);
}

/**
 * Returns what a full database does. The vendor's one policy with eviction on drops keys that expire first, and then any other, so that
 * writes go through (upstash.com/docs/redis/features/eviction, read 2026-11-22); Redis has the second half alone.
 */
export function evictionPolicy(eviction: boolean): string {
  return eviction ? 'allkeys-random' : 'noeviction';
}

/** Ends the server of a database, if a killed process left one behind, and removes its data. */
export async function removeRedis(context: ServiceContext, id: string): Promise<void> {
  const dir = redisFolder(context, id);
  await endStaleServer(join(dir, 'redis.pid'), join(dir, 'redis.conf'), 'SIGTERM');
  await rm(dir, { recursive: true, force: true });
}

/** Removes what a creation or deletion left behind when it was killed: every database whose id is not known. */
export async function removeStrayRedis(context: ServiceContext, known: ReadonlySet<string>): Promise<void> {
  const ids = await readdir(join(context.sharedDir, 'redis')).catch(() => []);
  await Promise.all(ids.filter((id) => !known.has(id)).map((id) => removeRedis(context, id)));
}

/** Returns the ACL rule of the full user; only the password's hash is written down. */
export function fullAccess(password: string): readonly string[] {
  return [...adminAccess(password), ...withheld.map((command) => `-${command}`)];
}

function adminAccess(password: string): readonly string[] {
  return ['reset', 'on', `#${sha256(password)}`, '~*', '&*', '+@all'];
}

/** Returns the ACL rule of the user who may only read. */
export function readOnlyAccess(password: string): readonly string[] {
  return [
    'reset',
    'on',
    `#${sha256(password)}`,
    '~*',
    '&*',
    '+@read',
    '+@connection',
    '+@pubsub',
    // Reads that go over all keys are refused as well (upstash.com/docs/redis/features/restapi, read 2026-11-22).
    '-keys',
    '-scan',
    '-publish',
    '-spublish',
    '+info',
    '+multi',
    '+exec',
    '+discard',
    '-client|kill',
    '-client|pause',
  ];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function configuration(settings: RedisSettings, dir: string, port: number): string {
  // set-proc-title no: the command line keeps the path of this file, by which a server left behind is recognised.
  return `# Written by the local cloud.
bind 127.0.0.1
port ${port}
protected-mode yes
daemonize no
set-proc-title no
pidfile "${join(dir, 'redis.pid')}"
dir "${dir}"
save ""
appendonly yes
appendfsync everysec
maxclients ${settings.maxClients}
maxmemory ${settings.maxMemoryBytes}
maxmemory-policy ${evictionPolicy(settings.eviction)}
user default ${fullAccess(settings.password).join(' ')}
user ${adminUser} ${adminAccess(settings.adminPassword).join(' ')}
user ${readOnlyUser} ${readOnlyAccess(settings.readOnlyPassword).join(' ')}
`;
}
