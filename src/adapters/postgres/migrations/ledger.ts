import { z } from 'zod';
import { StagingError } from '../../../core/errors.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { printable } from '../../../core/printable.ts';
import { sqlFailure } from '../database-error.ts';
import type { Session } from '../session.ts';
import type { SqlStatement } from '../parse/statements.ts';
import { literal } from '../owned-objects.ts';
import { ensureStateSchema, hasStateSchema, stateIsReady } from '../state-schema.ts';
import { lockNotAvailable } from './failure.ts';
import { forgetting } from './run.ts';

/** Key of the advisory lock that one migrating run holds ("jvmigrat" in ASCII, as a bigint). */
const lockKey = '7671439314746761588';

/** How long to wait for another session's lock before giving up: a migration that waits blocks everybody behind it. */
export const lockTimeout = '5s';

/** What taking the lock tells. */
export interface Locked {
  /** Process id of the session. */
  readonly pid: number;
  /** True when ledger and state schema are there as we make them. */
  readonly isReady: boolean;
}

/** SQL that is true when the ledger is there as the Supabase CLI of today makes it; older ones kept the version alone. */
const ledgerIsReady = `(select count(*) from pg_catalog.pg_attribute where attrelid = to_regclass('supabase_migrations.schema_migrations')
  and attname in ('version', 'statements', 'name') and not attisdropped) = 3`;

/** The last answer of several statements that were sent as one. */
const lockedShape = z
  .array(z.unknown())
  .transform((answers) => z.tuple([z.object({ pid: z.number(), isReady: z.boolean() })]).parse(answers.at(-1))[0]);

/** The same with what the ledger says of a version. */
const begunShape = z
  .array(z.unknown())
  .transform(
    (answers) => z.tuple([z.object({ pid: z.number(), isListed: z.boolean(), checksum: z.string().nullable() })]).parse(answers.at(-1))[0],
  );

/**
 * Takes the lock that one migrating run holds, to the end of the transaction or (`session`) until `giveLock`. One round trip: of many
 * files most time goes there. Throws `MIGRATION_LOCKED` (kind `locked`).
 */
export async function takeLock(
  session: Session,
  migration: Pick<MigrationFile, 'file'>,
  until: 'transaction' | 'session',
): Promise<Locked> {
  const look = `select pg_backend_pid() as pid, ${ledgerIsReady} and ${stateIsReady} as "isReady"`;
  return lockedShape.parse(await askLocked(session, migration, `${locking(until)}; ${look}`));
}

/** What beginning to apply a file tells. */
export interface Begun {
  /** Process id of the session. */
  readonly pid: number;
  readonly isApplied: boolean;
}

/**
 * Begins the transaction in which a file is applied, takes the lock and looks whether it was applied before: one round trip once it is
 * known that the ledgers are there. Throws `MIGRATION_LOCKED` (kind `locked`), `MIGRATION_EDITED`.
 */
export async function beginApplying(session: Session, migration: MigrationFile, known: { ledgers: boolean }): Promise<Begun> {
  const begin = `begin; ${locking('transaction')}`;
  if (known.ledgers) {
    const look = `select pg_backend_pid() as pid, m.version is not null as "isListed", c.checksum
      from (values (${literal(migration.version)})) as asked (version)
      left join supabase_migrations.schema_migrations m using (version) left join jv_staging.migration_checksums c using (version)`;
    const { pid, isListed, checksum } = begunShape.parse(await askLocked(session, migration, `${begin}; ${look}`));
    return { pid, isApplied: isListed && isSame(migration, checksum) };
  }
  const look = `select pg_backend_pid() as pid, ${ledgerIsReady} and ${stateIsReady} as "isReady"`;
  const { pid, isReady } = lockedShape.parse(await askLocked(session, migration, `${begin}; ${look}`));
  // Those that this transaction makes go with it when it is undone.
  known.ledgers = isReady;
  if (!isReady) await ensureLedgers(session);
  return { pid, isApplied: await isApplied(session, migration) };
}

function locking(until: 'transaction' | 'session'): string {
  const [scope, lock] = until === 'transaction' ? ['set local', 'pg_advisory_xact_lock'] : ['set', 'pg_advisory_lock'];
  return `${scope} lock_timeout = '${lockTimeout}'; select ${lock}(${lockKey})`;
}

async function askLocked(session: Session, { file }: Pick<MigrationFile, 'file'>, text: string): Promise<readonly unknown[]> {
  try {
    return [...(await session.query((sql) => sql.unsafe(text).simple()))];
  } catch (error) {
    if (sqlFailure(error)?.sqlState !== lockNotAvailable) throw error;
    throw new StagingError(
      'locked',
      'MIGRATION_LOCKED',
      `Another run is applying migrations to this database: ${printable(file)} waited ${lockTimeout} for it.`,
      { fix: 'Wait until the other run has ended, then run the same command again.', cause: error },
    );
  }
}

/** Gives back the lock that was taken for the session. */
export async function giveLock(session: Session): Promise<void> {
  await session.query((sql) => sql.unsafe(`select pg_advisory_unlock(${lockKey}); reset lock_timeout`).simple());
}

/** Returns true when the ledger is there as the Supabase CLI of today makes it. */
export async function hasLedger(session: Session): Promise<boolean> {
  const [found] = await session.query((sql) => sql.unsafe<{ ready: boolean }[]>(`select ${ledgerIsReady} as ready`).simple());
  return found?.ready === true;
}

/** Makes our state schema, and the ledger of the Supabase CLI as it makes it (supabase/cli pkg/migration/history.go, read 2026-11-22). */
export async function ensureLedgers(session: Session): Promise<void> {
  await ensureStateSchema(session);
  if (await hasLedger(session)) return;
  await session.query((sql) =>
    sql
      .unsafe(
        `create schema if not exists supabase_migrations;
        create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
        alter table supabase_migrations.schema_migrations add column if not exists statements text[];
        alter table supabase_migrations.schema_migrations add column if not exists name text`,
      )
      .simple(),
  );
}

/** Returns true when a version is in the ledger, as far as there is one. */
export async function isInLedger(session: Session, version: string): Promise<boolean> {
  if (!(await hasLedger(session))) return false;
  const rows = await session.query((sql) => sql`select 1 from supabase_migrations.schema_migrations where version = ${version}`);
  return rows.length > 0;
}

/** Returns true when the version is in the ledger with the same content; throws `MIGRATION_EDITED` when it was applied with another. */
export async function isApplied(session: Session, migration: MigrationFile): Promise<boolean> {
  const [row] = await session.query(
    // Simple: with a parameter it would take two round trips.
    (sql) =>
      sql
        .unsafe<{ checksum: string | null }[]>(
          `select c.checksum from supabase_migrations.schema_migrations m
            left join jv_staging.migration_checksums c using (version) where m.version = ${literal(migration.version)}`,
        )
        .simple(),
  );
  return row !== undefined && isSame(migration, row.checksum);
}

/** Returns true for the checksum that an applied file has now; throws `MIGRATION_EDITED` for another. */
function isSame(migration: MigrationFile, checksum: string | null): true {
  // Applied by another tool: its content is not known to us.
  if (checksum === null || checksum === migration.checksum) return true;
  const [applied, now] = [checksum.slice(0, 12), migration.checksum.slice(0, 12)];
  throw new StagingError(
    'red',
    'MIGRATION_EDITED',
    `${printable(migration.file)} was applied with other content (sha256 ${applied}…) than it has now (${now}…).`,
    {
      fix: `Restore ${printable(migration.file)} from git and put the change into a new migration.`,
      data: { file: migration.file, applied: checksum, now: migration.checksum },
    },
  );
}

/**
 * Returns true when both ledgers are there and say that it is applied: for looking after a commit whose answer was lost. The server may still
 * be at work, so the lock is waited for first; throws when it is not given back in time.
 */
export async function standsApplied(reader: Session, migration: MigrationFile): Promise<boolean> {
  const wait = `select set_config('lock_timeout', '${lockTimeout}', true); select pg_advisory_xact_lock(${lockKey})`;
  await reader.query((sql) => sql.unsafe(wait).simple());
  return (await hasStateSchema(reader)) && (await hasLedger(reader)) && (await isApplied(reader, migration));
}

/**
 * Writes the row of the ledger and the checksum, after what the file set for its session is forgotten: it must reach neither the ledger
 * nor the next file. One round trip. The commit waits for no disk (`settle` does, once for all files): commits reach it in order, each
 * with file and ledger together.
 */
export async function record(session: Session, migration: MigrationFile, statements: readonly SqlStatement[]): Promise<void> {
  await session.query((sql) => sql.unsafe(recording(migration, statements)).simple());
}

/** Returns what `record` sends. */
export function recording({ version, name, file, checksum }: MigrationFile, statements: readonly SqlStatement[]): string {
  const texts = statements.map(({ text }) => literal(text)).join(', ');
  // Without `standard_conforming_strings` a backslash would not be one.
  const insert = `set local standard_conforming_strings = on;
    set local synchronous_commit = off;
    insert into supabase_migrations.schema_migrations (version, name, statements)
      values (${literal(version)}, ${literal(name)}, array[${texts}]::text[]);
    insert into jv_staging.migration_checksums (version, file, checksum) values (${literal(version)}, ${literal(file)}, ${literal(checksum)})
      on conflict (version) do update set file = excluded.file, checksum = excluded.checksum, applied_at = now()`;
  return `${forgetting}; ${insert}`;
}

/** Takes a version off the ledger, with its checksum. */
export async function unrecord(session: Session, version: string): Promise<void> {
  await session.query((sql) => sql`delete from supabase_migrations.schema_migrations where version = ${version}`);
  await session.query((sql) => sql`delete from jv_staging.migration_checksums where version = ${version}`);
}
