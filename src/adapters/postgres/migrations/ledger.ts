import { StagingError } from '../../../core/errors.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { printable } from '../../../core/printable.ts';
import { sqlFailure } from '../database-error.ts';
import type { Session } from '../session.ts';
import type { SqlStatement } from '../parse/statements.ts';
import { hasStateSchema } from '../state-schema.ts';
import { lockNotAvailable } from './failure.ts';

/** Key of the advisory lock that one migrating run holds ("jvmigrat" in ASCII, as a bigint). */
const lockKey = '7671439314746761588';

/** How long to wait for another session's lock before giving up: a migration that waits blocks everybody behind it. */
export const lockTimeout = '5s';

/**
 * Takes the lock that one migrating run holds, to the end of the transaction or (`session`) until `giveLock`. Returns the process id of
 * the session. Throws `MIGRATION_LOCKED` (kind `locked`).
 */
export async function takeLock(session: Session, { file }: Pick<MigrationFile, 'file'>, until: 'transaction' | 'session'): Promise<number> {
  const [scope, lock] = until === 'transaction' ? ['set local', 'pg_advisory_xact_lock'] : ['set', 'pg_advisory_lock'];
  try {
    await session.query((sql) => sql.unsafe(`${scope} lock_timeout = '${lockTimeout}'; select ${lock}(${lockKey})`).simple());
    const [row] = await session.query((sql) => sql<{ pid: number }[]>`select pg_backend_pid() as pid`);
    return row?.pid ?? 0;
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

/** Returns true when the ledger is there as the Supabase CLI of today makes it; older ones kept the version alone. */
export async function hasLedger(session: Session): Promise<boolean> {
  const [found] = await session.query(
    (sql) => sql<{ columns: number }[]>`select count(*)::int as columns from information_schema.columns
      where table_schema = 'supabase_migrations' and table_name = 'schema_migrations' and column_name in ('version', 'statements', 'name')`,
  );
  return found?.columns === 3;
}

/** The ledger of the Supabase CLI, made as it makes it (supabase/cli pkg/migration/history.go, read 2026-11-22). */
export async function ensureLedger(session: Session): Promise<void> {
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
    (sql) => sql<{ checksum: string | null }[]>`select c.checksum from supabase_migrations.schema_migrations m
      left join jv_staging.migration_checksums c using (version) where m.version = ${migration.version}`,
  );
  if (row === undefined) return false;
  // Applied by another tool: its content is not known to us.
  if (row.checksum === null || row.checksum === migration.checksum) return true;
  const [applied, now] = [row.checksum.slice(0, 12), migration.checksum.slice(0, 12)];
  throw new StagingError(
    'red',
    'MIGRATION_EDITED',
    `${printable(migration.file)} was applied with other content (sha256 ${applied}…) than it has now (${now}…).`,
    {
      fix: `Restore ${printable(migration.file)} from git and put the change into a new migration.`,
      data: { file: migration.file, applied: row.checksum, now: migration.checksum },
    },
  );
}

/** Returns true when both ledgers are there and say that it is applied: for looking after a commit whose answer was lost. */
export async function standsApplied(reader: Session, migration: MigrationFile): Promise<boolean> {
  return (await hasStateSchema(reader)) && (await hasLedger(reader)) && (await isApplied(reader, migration));
}

/** Writes the row of the ledger and the checksum. */
export async function record(session: Session, migration: MigrationFile, statements: readonly SqlStatement[]): Promise<void> {
  const texts = statements.map((statement) => statement.text);
  await session.query(
    (
      sql,
    ) => sql`insert into supabase_migrations.schema_migrations (version, name, statements) values (${migration.version}, ${migration.name},
      array(select value from jsonb_array_elements_text(${sql.json(texts)}::jsonb) with ordinality order by ordinality))`,
  );
  await session.query(
    (sql) => sql`insert into jv_staging.migration_checksums (version, file, checksum)
      values (${migration.version}, ${migration.file}, ${migration.checksum})
      on conflict (version) do update set file = excluded.file, checksum = excluded.checksum, applied_at = now()`,
  );
}

/** Takes a version off the ledger, with its checksum. */
export async function unrecord(session: Session, version: string): Promise<void> {
  await session.query((sql) => sql`delete from supabase_migrations.schema_migrations where version = ${version}`);
  await session.query((sql) => sql`delete from jv_staging.migration_checksums where version = ${version}`);
}
