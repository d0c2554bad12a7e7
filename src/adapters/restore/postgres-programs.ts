import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { hostAndPort } from '../postgres/server-address.ts';
import { findProgram } from '../system/toolbox.ts';

/** Postgres's client programs that restore points need. */
const programNames = ['pg_dump', 'pg_restore', 'psql'] as const;

/** Name of one of them. */
type ProgramName = (typeof programNames)[number];

/** Where programs are looked for, and what a child may see of our environment. */
export interface PostgresProgramsOptions {
  readonly folders: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A program that runs: what it reads and writes, and how it ends. */
export interface RunningProgram {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Returns once it has ended well; throws the error that `failed` makes with what it said last. */
  readonly ended: Promise<void>;
}

/** Postgres's client programs against one database. */
export interface PostgresPrograms {
  run(
    name: ProgramName,
    args: readonly string[],
    signal: AbortSignal,
    failed: (said: string, code: number | null) => StagingError,
  ): RunningProgram;
}

/**
 * Returns the programs for the database at `url` (secret): it reaches them by their environment, never by their arguments. Throws
 * `POSTGRES_CLIENT_MISSING` (kind `missing`) when one is not on this machine.
 */
export function postgresPrograms(url: string, options: PostgresProgramsOptions): PostgresPrograms {
  const paths = new Map(programNames.map((name) => [name, findProgram([name], options.folders)] as const));
  const missing = programNames.filter((name) => paths.get(name) === undefined);
  if (missing.length > 0) throw clientMissing(missing);
  const env = { ...options.environment, ...connectionEnvironment(url) };
  return {
    run: (name, args, signal, failed) => {
      signal.throwIfAborted();
      const child = spawn(paths.get(name) ?? name, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
      const stop = () => child.kill();
      signal.addEventListener('abort', stop, { once: true });
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        ended: ending(child, signal, failed).finally(() => signal.removeEventListener('abort', stop)),
      };
    },
  };
}

/** Bytes of a program's stderr that are kept: its end says why. */
const keptBytes = 4096;

async function ending(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  signal: AbortSignal,
  failed: (said: string, code: number | null) => StagingError,
): Promise<void> {
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString('utf8')}`.slice(-keptBytes)));
  // A program that ends early closes its stdin: that shows in how it ends.
  child.stdin.on('error', () => undefined);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  signal.throwIfAborted();
  if (code !== 0) throw failed(lastError(said), code);
}

/** Returns the first line that says error, else the last one. */
function lastError(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return printable(lines.find((line) => /\b(?:ERROR|FATAL|error|fatal):/.test(line)) ?? lines.at(-1) ?? 'it said nothing');
}

/** Returns a database's address as libpq reads it from the environment (https://www.postgresql.org/docs/15/libpq-envars.html). */
function connectionEnvironment(url: string): Readonly<Record<string, string>> {
  const { username, password, pathname, searchParams } = new URL(url);
  const { host, port } = hostAndPort(url);
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGSSLMODE: searchParams.get('sslmode') ?? 'prefer',
    PGCONNECT_TIMEOUT: '15',
    PGAPPNAME: 'jv-staging restore point',
  };
}

function clientMissing(missing: readonly string[]): StagingError {
  return new StagingError(
    'missing',
    'POSTGRES_CLIENT_MISSING',
    `There is no ${missing.join(' and no ')} on this machine, expected Postgres's client programs of the server's version or newer.`,
    { fix: 'Run `apt-get install -y postgresql-client` (macOS: `brew install libpq`), or set JV_POSTGRES_BIN to their folder.' },
  );
}
