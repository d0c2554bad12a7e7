import type postgres from 'postgres';
import { StagingError } from '../../core/errors.ts';
import type { MigrationFile } from '../../core/ports/database.ts';
import { printable } from '../../core/printable.ts';
import { isConnectionLoss, type SqlFailure, sqlFailure } from './database-error.ts';
import { cancellable, inTransaction, type Session } from './session.ts';
import { type SqlStatement, splitSql } from './sql-statements.ts';
import { ensureStateSchema } from './state-schema.ts';
import { offsetOfCharacter, textPosition } from './text-position.ts';

/** Key of the advisory lock that one migrating run holds ("jvmigrat" in ASCII, as a bigint). */
const lockKey = '7671439314746761588';

/** How long to wait for another session's lock before giving up: a migration that waits blocks everybody behind it. */
const lockTimeout = '10s';

/**
 * Applies one file and its ledger row in one transaction, under an advisory lock. A version that is in the ledger already (another run
 * was faster, or this one lost its connection at the commit) is left as it is when the file is the same. Throws `MIGRATION_…` (kind `red`)
 * and `MIGRATION_LOCKED` (kind `locked`); others as Postgres threw them.
 */
export async function applyMigration(sql: postgres.Sql, migration: MigrationFile, signal: AbortSignal): Promise<void> {
  const statements = await readStatements(migration);
  const work = async (session: Session) => {
    await takeLock(session, migration, signal);
    await ensureLedger(session, signal);
    await ensureStateSchema(session, signal);
    if (await isApplied(session, migration, signal)) return;
    await runStatements(session, migration, statements, signal);
    await record(session, migration, statements, signal);
  };
  await inTransaction(sql, signal, work, async (error) => {
    if (isConnectionLoss(error) && (await isApplied(sql, migration, signal))) return;
    throw error;
  });
}

async function readStatements(migration: MigrationFile): Promise<readonly SqlStatement[]> {
  const split = await splitSql(migration.sql);
  if (split.kind === 'syntax-error') {
    throw failedAt(
      migration,
      split.offset,
      { sqlState: '42601', message: printable(split.message), detail: undefined, hint: undefined, position: undefined },
      undefined,
    );
  }
  const control = split.statements.find((statement) => statement.node === 'TransactionStmt');
  if (control === undefined) return split.statements;
  const { line, column } = textPosition(migration.sql, control.startOffset);
  throw new StagingError(
    'red',
    'MIGRATION_TRANSACTION_CONTROL',
    `${printable(migration.file)}:${line}:${column} controls the transaction itself (${printable(control.text, 60)}), expected none: each file is one transaction.`,
    {
      fix: `Remove BEGIN, COMMIT, ROLLBACK and SAVEPOINT from ${printable(migration.file)}.`,
      data: { file: migration.file, line, column },
    },
  );
}

async function takeLock(session: Session, migration: MigrationFile, signal: AbortSignal): Promise<void> {
  await session.unsafe(`set local lock_timeout = '${lockTimeout}'`).simple();
  try {
    await cancellable(session.unsafe(`select pg_advisory_xact_lock(${lockKey})`), signal);
  } catch (error) {
    if (sqlFailure(error)?.sqlState !== '55P03') throw error;
    throw new StagingError(
      'locked',
      'MIGRATION_LOCKED',
      `Another run is applying migrations to this database: ${printable(migration.file)} waited ${lockTimeout} for it.`,
      {
        fix: 'Wait until the other run has ended, then run the same command again.',
        cause: error,
      },
    );
  }
}

/** The ledger of the Supabase CLI, made as it makes it (supabase/cli pkg/migration/history.go, read 2026-11-22). */
async function ensureLedger(session: Session, signal: AbortSignal): Promise<void> {
  const [found] = await cancellable(
    session<{ columns: number }[]>`select count(*)::int as columns from information_schema.columns
      where table_schema = 'supabase_migrations' and table_name = 'schema_migrations' and column_name in ('version', 'statements', 'name')`,
    signal,
  );
  if (found?.columns === 3) return;
  await cancellable(
    session
      .unsafe(`create schema if not exists supabase_migrations;
      create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
      alter table supabase_migrations.schema_migrations add column if not exists statements text[];
      alter table supabase_migrations.schema_migrations add column if not exists name text`)
      .simple(),
    signal,
  );
}

/** Returns true when the version is in the ledger with the same content; throws `MIGRATION_EDITED` when it was applied with another. */
async function isApplied(sql: postgres.Sql | Session, migration: MigrationFile, signal: AbortSignal): Promise<boolean> {
  const [row] = await cancellable(
    sql<{ checksum: string | null }[]>`select c.checksum from supabase_migrations.schema_migrations m
      left join jv_staging.migration_checksums c using (version) where m.version = ${migration.version}`,
    signal,
  );
  if (row === undefined) return false;
  // Applied by another tool: its content is not known to us.
  if (row.checksum === null || row.checksum === migration.checksum) return true;
  throw new StagingError(
    'red',
    'MIGRATION_EDITED',
    `${printable(migration.file)} was applied with other content (sha256 ${row.checksum.slice(0, 12)}…) than it has now (${migration.checksum.slice(0, 12)}…).`,
    {
      fix: `Restore ${printable(migration.file)} from git and put the change into a new migration.`,
      data: { file: migration.file, applied: row.checksum, now: migration.checksum },
    },
  );
}

/** Sends all statements without waiting in between: after the first failure the transaction refuses the rest. */
async function runStatements(
  session: Session,
  migration: MigrationFile,
  statements: readonly SqlStatement[],
  signal: AbortSignal,
): Promise<void> {
  const results = await Promise.allSettled(statements.map((statement) => cancellable(session.unsafe(statement.text).simple(), signal)));
  signal.throwIfAborted();
  const index = results.findIndex((result) => result.status === 'rejected');
  const [failed, statement] = [results[index], statements[index]];
  if (failed?.status !== 'rejected' || statement === undefined) return;
  const failure = sqlFailure(failed.reason);
  if (failure === undefined || isConnectionLoss(failed.reason)) throw failed.reason;
  const offset =
    failure.position === undefined ? statement.startOffset : statement.offset + offsetOfCharacter(statement.text, failure.position);
  throw failedAt(migration, offset, failure, { statement, cause: failed.reason });
}

async function record(session: Session, migration: MigrationFile, statements: readonly SqlStatement[], signal: AbortSignal): Promise<void> {
  const texts = session.json(statements.map((statement) => statement.text));
  await cancellable(
    session`insert into supabase_migrations.schema_migrations (version, name, statements)
      values (${migration.version}, ${migration.name}, array(select value from jsonb_array_elements_text(${texts}::jsonb) with ordinality order by ordinality))`,
    signal,
  );
  await cancellable(
    session`insert into jv_staging.migration_checksums (version, file, checksum) values (${migration.version}, ${migration.file}, ${migration.checksum})
      on conflict (version) do update set file = excluded.file, checksum = excluded.checksum, applied_at = now()`,
    signal,
  );
}

function failedAt(
  migration: MigrationFile,
  offset: number,
  failure: SqlFailure,
  where: { readonly statement: SqlStatement; readonly cause: unknown } | undefined,
): StagingError {
  const { line, column } = textPosition(migration.sql, offset);
  const file = printable(migration.file);
  const statement =
    where === undefined ? lineOf(migration.sql, line) : where.statement.text.slice(where.statement.startOffset - where.statement.offset);
  const notes = [failure.detail, failure.hint === undefined ? undefined : `Postgres hints: ${failure.hint}`].filter(
    (note) => note !== undefined,
  );
  const message = `${file}:${line}:${column} failed: ${failure.message} (SQLSTATE ${failure.sqlState}) in “${printable(statement.replaceAll(/\s+/g, ' '), 160)}”.`;
  return new StagingError('red', 'MIGRATION_FAILED', [message, ...notes].join(' '), {
    fix: `Correct ${file} and run the same command again: nothing of this file was applied, earlier files stay.`,
    cause: where?.cause,
    data: {
      file: migration.file,
      line,
      column,
      sqlState: failure.sqlState,
      statement: statement.slice(0, 2000),
      hint: failure.hint ?? null,
    },
  });
}

function lineOf(text: string, line: number): string {
  return text.split('\n')[line - 1] ?? '';
}
