import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StagingError } from '../../core/errors.ts';
import { type Clock, isoNow } from '../../core/ports/clock.ts';
import type { ResealedPoints, RestorePoint, RestorePoints } from '../../core/ports/restore-points.ts';
import { newId } from '../system/ids.ts';
import { readFacts, withSnapshot } from './database-facts.ts';
import {
  type DumpFile,
  dumpFileKey,
  findDumpFile,
  listDumpFiles,
  openDumpFile,
  removeDumpFile,
  resealDumpFile,
  writeDumpFile,
} from './dump-file.ts';
import type { PostgresPrograms, RunningProgram } from './postgres-programs.ts';
import { restoredEntries, scriptAfter, scriptBefore, type RestoreTarget } from './restore-script.ts';

/** The key that seals, then the former ones, newest first. All secret. */
export type StateKeys = readonly [string, ...string[]];

/** What dumps need. */
export interface DumpPointsOptions {
  /** Folder of the files, absolute. */
  readonly dir: string;
  /** How many are kept. */
  readonly keep: number;
  /** Secret: the state keys, the one that seals first, then the former ones. */
  readonly stateKeys: () => StateKeys;
  /** Secret: a direct connection. */
  readonly url: () => string;
  /** Opened when first needed. */
  readonly programs: (url: string) => PostgresPrograms;
  readonly environment: string;
  /** What the platform calls the database. */
  readonly database: () => string;
  readonly clock: Clock;
}

/**
 * Returns restore points that are files: `pg_dump -Fc` of the schemas that are the environment's own, sealed with the state key. A
 * restore replaces those schemas in one transaction; Auth users and everything else that the platform manages stay as they are.
 */
export function dumpPoints(options: DumpPointsOptions): RestorePoints {
  return {
    take: (reason, signal) => take(options, reason, signal),
    list: async () => (await listDumpFiles(options.dir)).map(pointOf),
    restore: async (id, signal) => {
      const file = await findDumpFile(options.dir, id);
      if (file === undefined) throw notFound(id, options.dir);
      await restore(options, file, signal);
    },
    prune: async () => {
      const files = await listDumpFiles(options.dir);
      const beyond = files.filter(({ header }) => header.environment === options.environment).slice(options.keep);
      for (const file of beyond) await removeDumpFile(file);
      return beyond.map(({ header }) => header.id);
    },
    reseal: (signal) => reseal(options, signal),
  };
}

function pointOf({ path, header, sizeBytes }: DumpFile): RestorePoint {
  const { id, reason, createdAt } = header;
  return { id, kind: 'dump', place: path, reason, sizeBytes, createdAt, expiresAt: null };
}

async function take(options: DumpPointsOptions, reason: string, signal: AbortSignal): Promise<RestorePoint> {
  const url = options.url();
  const programs = options.programs(url);
  const [stateKey] = options.stateKeys();
  const file = await withSnapshot(url, signal, async ({ name, facts, outside }) => {
    const header = {
      id: newId('dump', options.clock.nowMs()),
      environment: options.environment,
      database: options.database(),
      reason,
      createdAt: isoNow(options.clock),
      serverVersion: facts.serverVersion,
      schemas: [...facts.schemas],
      outside,
    };
    const dump = programs.run('pg_dump', dumpArguments(name, facts.schemas), signal, dumpFailed);
    dump.stdin.end();
    return writeDumpFile(options.dir, header, stateKey, wholeOutput(dump));
  });
  // Read back to its end: what cannot be opened is no restore point.
  for await (const _ of openDumpFile(file, stateKey)) signal.throwIfAborted();
  return pointOf(file);
}

/** Those of other environments in the same folder have keys of their own, and are left alone. */
async function reseal(options: DumpPointsOptions, signal: AbortSignal): Promise<ResealedPoints> {
  const [newest, ...former] = options.stateKeys();
  const files = (await listDumpFiles(options.dir)).filter(({ header }) => header.environment === options.environment);
  const unopened: string[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    const key = await dumpFileKey(file, [newest, ...former]);
    if (key === undefined) unopened.push(file.header.id);
    else if (key !== newest) await resealDumpFile(file, key, newest);
  }
  return { sealed: files.length - unopened.length, unopened };
}

function dumpArguments(snapshot: string, schemas: readonly string[]): readonly string[] {
  const named = schemas.map((schema) => `--schema="${schema.replaceAll('"', '""')}"`);
  return ['--format=custom', '--no-password', `--snapshot=${snapshot}`, '--lock-wait-timeout=30s', '--no-publications', ...named];
}

/** What a program writes; ends well only when the program does. */
async function* wholeOutput({ stdout, ended }: RunningProgram): AsyncGenerator<Buffer> {
  ended.catch(() => undefined);
  for await (const chunk of stdout) yield Buffer.from(chunk);
  await ended;
}

async function restore(options: DumpPointsOptions, file: DumpFile, signal: AbortSignal): Promise<void> {
  const url = options.url();
  const facts = await readFacts(url, signal);
  refuseAnother(options, file, facts.environments);
  const programs = options.programs(url);
  const keys = options.stateKeys();
  const stateKey = (await dumpFileKey(file, keys)) ?? keys[0];
  // To its end before anything is dropped: a file that was cut must not show half way.
  for await (const _ of openDumpFile(file, stateKey)) signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'jv-restore-'));
  try {
    const list = join(folder, 'list');
    await writeFile(list, restoredEntries(await tableOfContents(programs, file, stateKey, signal), facts), { mode: 0o600 });
    await runScript(programs, { file, stateKey, list, target: facts }, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tableOfContents(programs: PostgresPrograms, file: DumpFile, stateKey: string, signal: AbortSignal): Promise<string> {
  const listing = programs.run('pg_restore', ['--list'], signal, restoreFailed);
  // It reads no further than the table of contents.
  const fed = pipeline(openDumpFile(file, stateKey), listing.stdin).catch(() => undefined);
  const chunks: Buffer[] = [];
  for await (const chunk of wholeOutput(listing)) chunks.push(chunk);
  await fed;
  return Buffer.concat(chunks).toString('utf8');
}

interface RestoreRun {
  readonly file: DumpFile;
  readonly stateKey: string;
  readonly list: string;
  readonly target: RestoreTarget;
}

/** Pipes file → pg_restore → psql; psql is told to commit only after pg_restore has ended well. */
async function runScript(programs: PostgresPrograms, { file, stateKey, list, target }: RestoreRun, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const together = AbortSignal.any([signal, stop.signal]);
  const psqlArguments = ['--no-psqlrc', '--quiet', '--no-password', '--output=/dev/null', '--set=ON_ERROR_STOP=1', '--set=VERBOSITY=terse'];
  const psql = programs.run('psql', psqlArguments, together, restoreFailed);
  const dump = programs.run('pg_restore', [`--use-list=${list}`, '--file=-', '--no-publications'], together, restoreFailed);
  const script = async function* () {
    yield Buffer.from(scriptBefore(file.header, target));
    yield* wholeOutput(dump);
    yield Buffer.from(scriptAfter(file.header, target));
  };
  const fed = pipeline(openDumpFile(file, stateKey), dump.stdin).catch(unlessClosed);
  const parts = [psql.ended, fed, dump.ended, pipeline(script, psql.stdin)];
  const results = await Promise.allSettled(parts.map((part) => part.catch((error: unknown) => endAll(stop, error))));
  signal.throwIfAborted();
  const errors = results.flatMap((result): readonly unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  // A pipe that broke only says that the program at its end did.
  if (errors.length > 0) throw errors.find((error) => error instanceof StagingError) ?? errors[0];
}

/**
 * pg_restore may end well once it has read the last entry, without reading on to the end of the file: a pipe that it closed says nothing
 * then, and how it ended says everything. That the file is whole was seen before.
 */
function unlessClosed(error: unknown): void {
  if (error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')) return;
  throw error;
}

function endAll(stop: AbortController, error: unknown): never {
  // A broken pipe is told by the program itself, which is about to end.
  if (error instanceof StagingError) stop.abort(error);
  throw error;
}

/** A dump of another environment, or a database that says it is another's. */
function refuseAnother({ environment, database }: DumpPointsOptions, { path, header }: DumpFile, says: readonly string[]): void {
  const other = says.find((name) => name !== environment);
  const isOurs = header.environment === environment && header.database === database();
  if (isOurs && other === undefined) return;
  const seen = isOurs
    ? `the database says that it is ${other ?? ''}'s`
    : `${path} is of ${header.environment} in the database ${header.database}`;
  throw new StagingError(
    'refused',
    'RESTORE_POINT_OF_ANOTHER',
    `Nothing was restored: ${seen}, expected ${environment} in ${database()}.`,
    {
      fix: 'Run `jv-staging status` to see the restore points of this environment.',
    },
  );
}

function notFound(id: string, dir: string): StagingError {
  return new StagingError('missing', 'RESTORE_POINT_NOT_FOUND', `There is no restore point ${id} in ${dir}.`, {
    fix: 'Run `jv-staging status` to see the restore points, or bring the file back from where it is kept.',
  });
}

function dumpFailed(said: string, code: number | null): StagingError {
  const isOlder = /server version mismatch/.test(said);
  return new StagingError('vendor', 'RESTORE_POINT_FAILED', `pg_dump ended with ${code ?? 'a signal'}: ${said}.`, {
    fix: isOlder
      ? 'Install the client programs of the server’s version: `apt-get install -y postgresql-client-17`.'
      : 'Run the same command again.',
  });
}

function restoreFailed(said: string, code: number | null): StagingError {
  return new StagingError('vendor', 'RESTORE_FAILED', `The restore ended with ${code ?? 'a signal'} and changed nothing: ${said}.`, {
    fix: 'Mend what it says, then run the same command again.',
  });
}
