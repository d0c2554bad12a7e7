import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StagingError } from '../../core/errors.ts';
import type { Account, ServiceContext } from '../service.ts';
import { openCollection } from '../store.ts';
import { findPostgres, type PostgresBinaries } from './postgres-binaries.ts';
import { runTool } from './run-tool.ts';
import { assertPortFree, endStaleServer, logEnd, startServer, type ServerProcess } from './server-process.ts';

/** Name of the server's superuser, as on the hosted platform. */
export const superuser = 'supabase_admin';

/** A running Postgres server. */
export interface PostgresServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The superuser's password: for the local cloud's own connections, never handed out. */
  readonly password: string;
  /** What the server writes, from its last start on. */
  readonly logFile: string;
  /** False once the server has ended. */
  alive(): boolean;
  /** Stops and starts it; connections break. */
  restart(): Promise<void>;
  /** Fast shutdown: open transactions are rolled back. */
  stop(): Promise<void>;
}

interface PostgresOptions {
  /** A folder with Postgres 15 programs instead of npm's. */
  readonly binDir: string | undefined;
}

interface Place {
  readonly binaries: PostgresBinaries;
  readonly dataDir: string;
  readonly logFile: string;
  readonly port: number;
  readonly account: Account | undefined;
}

/**
 * Starts the one Postgres of the local cloud (creating its data folder the first time), after ending a server that a killed
 * process left behind. Throws `LOCAL_POSTGRES_MISSING`, `LOCAL_POSTGRES_FAILED` and `LOCAL_PORT_TAKEN`.
 */
export async function startPostgres(context: ServiceContext, options: PostgresOptions): Promise<PostgresServer> {
  const root = join(context.sharedDir, 'postgres');
  await ownedFolder(root, context.serverAccount);
  const dataDir = join(root, 'data');
  // Before its port is looked up: a port that somebody listens on would be given up for another.
  if (await endStaleServer(join(dataDir, 'postmaster.pid'), dataDir, 'SIGINT')) {
    context.log('postgres: ended the server that an earlier run left behind');
  }
  const place: Place = {
    binaries: await findPostgres({ binDir: options.binDir, sharedDir: context.sharedDir, account: context.serverAccount }),
    dataDir,
    logFile: join(root, 'server.log'),
    port: await context.ports.port('postgres'),
    account: context.serverAccount,
  };
  const password = await superuserPassword(context.stateDir);
  if (!existsSync(place.dataDir)) await initialise(place, root, password);
  let server = await launch(place);
  context.log(`postgres: listens on 127.0.0.1:${place.port}`);
  return {
    host: '127.0.0.1',
    port: place.port,
    password,
    logFile: place.logFile,
    alive: () => server.alive(),
    restart: async () => {
      await server.stop();
      server = await launch(place);
    },
    stop: () => server.stop(),
  };
}

/** Creates a folder that only the account (or we) can enter. */
export async function ownedFolder(dir: string, account: Account | undefined): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  if (account !== undefined) await chown(dir, account.uid, account.gid);
}

/** Writes a file that only the account (or we) can read: written beside, then renamed. */
export async function ownedFile(path: string, text: string, account: Account | undefined): Promise<void> {
  const draft = `${path}.tmp`;
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: 0o600 });
  if (account !== undefined) await chown(draft, account.uid, account.gid);
  await rename(draft, path);
}

async function superuserPassword(stateDir: string): Promise<string> {
  const secrets = await openCollection<{ readonly password: string }>(stateDir, 'postgres');
  const known = secrets.get(superuser);
  if (known !== undefined) return known.password;
  const password = randomBytes(24).toString('base64url');
  await secrets.put(superuser, { password });
  return password;
}

/** Creates the data folder beside and renames it when whole: a killed initdb leaves nothing that looks like a database. */
async function initialise(place: Place, root: string, password: string): Promise<void> {
  const draft = join(root, 'data.new');
  const passwordFile = join(root, 'password');
  await rm(draft, { recursive: true, force: true });
  await ownedFile(passwordFile, `${password}\n`, place.account);
  const { code, output } = await runTool(
    place.binaries.initdb,
    // --no-sync: the folder is only renamed into place below, and the server's first checkpoint syncs it.
    ['-D', draft, '-U', superuser, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8', ...localeArguments(), '--no-sync'],
    place.account,
    root,
  );
  await rm(passwordFile, { force: true });
  if (code !== 0) throw failed('could not create its data folder', output.trim());
  await rename(draft, place.dataDir);
}

function localeArguments(): readonly string[] {
  return process.platform === 'linux' ? ['--locale=C.UTF-8'] : ['--locale=en_US.UTF-8'];
}

async function launch(place: Place): Promise<ServerProcess> {
  await assertPortFree(place.port, 'Postgres');
  await ownedFile(join(place.dataDir, 'postgresql.conf'), serverSettings(place), place.account);
  await ownedFile(join(place.dataDir, 'pg_hba.conf'), accessRules, place.account);
  const server = await startServer({
    command: place.binaries.postgres,
    args: ['-D', place.dataDir],
    cwd: place.dataDir,
    env: {},
    account: place.account,
    logFile: place.logFile,
    stopSignal: 'SIGINT',
  });
  try {
    await waitUntilReady(place.dataDir, server);
    return server;
  } catch (error) {
    await server.stop();
    throw failed('did not start', await logEnd(place.logFile), error);
  }
}

/** Postgres writes its state into line 8 of postmaster.pid (documented as what pg_ctl waits for, PostgreSQL 15 pidfile.h). */
async function waitUntilReady(dataDir: string, server: ServerProcess): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (server.alive()) {
    const lines = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (lines[0] === `${server.pid}` && lines[7]?.trim() === 'ready') return;
    if (performance.now() > deadlineMs) throw new Error('It was not ready within 60 s.');
    await delay(10);
  }
  throw new Error(`It ended with ${await server.ended}.`);
}

function failed(what: string, log: string, cause?: unknown): StagingError {
  return new StagingError(
    'missing',
    'LOCAL_POSTGRES_FAILED',
    `The local cloud's Postgres ${what}: ${log === '' ? 'it wrote no log' : log}`,
    {
      fix: 'Run `jv-staging local stop`, then `jv-staging local start`; if it fails again, `jv-staging local reset` starts from nothing.',
      cause,
    },
  );
}

/** Socket paths are limited to 107 bytes on Linux (man 7 unix); beyond that the server listens on TCP alone. */
function socketFolder(place: Place): string {
  const folder = join(place.dataDir, '..');
  return Buffer.byteLength(join(folder, `.s.PGSQL.${place.port}.lock`)) < 104 ? folder : '';
}

function serverSettings(place: Place): string {
  return `# Written by the local cloud at each start.
listen_addresses = '127.0.0.1'
port = ${place.port}
unix_socket_directories = '${socketFolder(place)}'
unix_socket_permissions = 0700
max_connections = 150
superuser_reserved_connections = 10
shared_buffers = 64MB
max_wal_size = 512MB
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
shared_preload_libraries = 'pg_stat_statements'
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
log_min_error_statement = panic
log_line_prefix = '%m [%p] %d '
jit = off
`;
}

const accessRules = `# Written by the local cloud at each start.
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
`;
