import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StagingError } from '../../core/errors.ts';
import type { ServiceContext } from '../service.ts';
import { ownedFile, ownedFolder } from './postgres.ts';
import { assertPortFree, endStaleServer, logEnd, startServer, waitForPort } from './server-process.ts';

/** One pooler: a pgbouncer in front of one project's database. */
export interface PoolerSettings {
  /** Names the pooler's port and folder. */
  readonly ref: string;
  /** The database on the server. Clients may call it by this name or by `postgres`, as on the hosted platform. */
  readonly database: string;
  readonly serverPort: number;
  /** Roles that may log in through it, each with the verifier that the server stores (`SCRAM-SHA-256$…`). */
  readonly users: readonly { readonly name: string; readonly verifier: string }[];
  readonly poolMode: 'transaction' | 'session';
  /** Server connections for each user and database. */
  readonly poolSize: number;
  /** Client connections in all; the next one is refused. */
  readonly maxClients: number;
}

/** A running pooler. */
export interface Pooler {
  readonly port: number;
  alive(): boolean;
  /** Takes new settings over without breaking connections (SIGHUP). */
  reload(settings: PoolerSettings): Promise<void>;
  stop(): Promise<void>;
}

/** Where Debian and Homebrew install pgbouncer. */
const usualPlaces = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'];

/** Returns the pgbouncer program, or undefined when there is none: then no pooler is claimed. */
export function findPgbouncer(given?: string): string | undefined {
  if (given !== undefined) return existsSync(given) ? given : undefined;
  return usualPlaces.find((path) => existsSync(path));
}

/** Returns the error that says how to get pgbouncer. */
export function pgbouncerMissing(): StagingError {
  return new StagingError(
    'missing',
    'LOCAL_PGBOUNCER_MISSING',
    'There is no pgbouncer here, so the local cloud has no connection pooler.',
    {
      fix: 'Run `apt-get install -y pgbouncer` (Debian) or `brew install pgbouncer`, then `jv-staging local stop` and `jv-staging local start`.',
    },
  );
}

/**
 * Starts the pooler of one project on its own port: its pool size and client limit are that project's alone, as on the hosted
 * platform. Throws `LOCAL_PGBOUNCER_FAILED` and `LOCAL_PORT_TAKEN`.
 */
export async function startPooler(context: ServiceContext, program: string, settings: PoolerSettings): Promise<Pooler> {
  const dir = join(context.sharedDir, 'pgbouncer', settings.ref);
  await ownedFolder(join(context.sharedDir, 'pgbouncer'), context.serverAccount);
  await ownedFolder(dir, context.serverAccount);
  const configFile = join(dir, 'pgbouncer.ini');
  const logFile = join(dir, 'server.log');
  await endStaleServer(join(dir, 'pgbouncer.pid'), configFile, 'SIGTERM');
  const port = await context.ports.port(`pooler-${settings.ref}`);
  await assertPortFree(port, `the pooler of project ${settings.ref}`);
  const write = async (wanted: PoolerSettings) => {
    await ownedFile(join(dir, 'users.txt'), userList(wanted), context.serverAccount);
    await ownedFile(configFile, configuration(wanted, dir, port), context.serverAccount);
  };
  await write(settings);
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
    await waitForPort(port, server, 10_000);
  } catch (error) {
    await server.stop(1000);
    throw new StagingError(
      'missing',
      'LOCAL_PGBOUNCER_FAILED',
      `The pooler of project ${settings.ref} did not start: ${await logEnd(logFile)}`,
      {
        fix: `Run \`${program} ${configFile}\` to see why.`,
        cause: error,
      },
    );
  }
  return {
    port,
    alive: () => server.alive(),
    reload: async (wanted) => {
      await write(wanted);
      if (server.alive()) process.kill(server.pid, 'SIGHUP');
    },
    stop: () => server.stop(2000),
  };
}

/** Removes the settings of a project's pooler, which must have ended. */
export async function removePooler(context: ServiceContext, ref: string): Promise<void> {
  await rm(join(context.sharedDir, 'pgbouncer', ref), { recursive: true, force: true });
}

function userList(settings: PoolerSettings): string {
  return settings.users.map(({ name, verifier }) => `"${name}" "${verifier}"\n`).join('');
}

function configuration(settings: PoolerSettings, dir: string, port: number): string {
  const target = `host=127.0.0.1 port=${settings.serverPort} dbname=${settings.database}`;
  return `; Written by the local cloud.
[databases]
${settings.database} = ${target}
postgres = ${target}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(dir, 'users.txt')}
pidfile = ${join(dir, 'pgbouncer.pid')}
pool_mode = ${settings.poolMode}
default_pool_size = ${settings.poolSize}
max_client_conn = ${settings.maxClients}
ignore_startup_parameters = extra_float_digits,options,search_path,application_name,statement_timeout
server_idle_timeout = 60
server_login_retry = 1
query_wait_timeout = 30
log_connections = 0
log_disconnections = 0
stats_period = 3600
`;
}
