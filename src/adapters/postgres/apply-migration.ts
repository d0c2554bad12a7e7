import { StagingError } from '../../core/errors.ts';
import type { MigrationFile } from '../../core/ports/database.ts';
import { printable } from '../../core/printable.ts';
import { isConnectionLoss, type SqlFailure, sqlFailure } from './database-error.ts';
import type { Session } from './session.ts';
import { type SqlStatement, splitSql } from './sql-statements.ts';
import { ensureStateSchema, hasStateSchema } from './state-schema.ts';
import { offsetOfCharacter, textPosition } from './text-position.ts';
import type { Transactions } from './transactions.ts';

/** Key of the advisory lock that one migrating run holds ("jvmigrat" in ASCII, as a bigint). */
const lockKey = '7671439314746761588';

/** How long to wait for another session's lock before giving up: a migration that waits blocks everybody behind it. */
const lockTimeout = '10s';

/** Statements that are sent before the first of them is answered. */
const pipelined = 50;

/**
 * Applies one file and its ledger row in one transaction, under an advisory lock. A version that is in the ledger already (another run
 * was faster, or this one lost its connection at the commit) is left as it is when the file is the same. Throws `MIGRATION_…` (kind `red`)
 * and `MIGRATION_LOCKED` (kind `locked`); others as Postgres threw them. `reader` looks when the connection is lost at the commit.
 */
export async function applyMigration(
  transactions: Transactions,
  reader: Session,
  migration: MigrationFile,
  signal: AbortSignal,
): Promise<void> {
  const statements = await readStatements(migration);
  const work = async (session: Session) => {
    await takeLock(session, migration);
    await ensureLedger(session);
    await ensureStateSchema(session);
    if (await isApplied(session, migration)) return;
    await runStatements(
      session,
      migration,
      statements.filter(({ node }) => node !== 'comment'),
    );
    await forgetSettings(session);
    await record(session, migration, statements);
  };
  await transactions.run(signal, work, async (error) => {
    if (isConnectionLoss(error) && (await hasStateSchema(reader)) && (await hasLedger(reader)) && (await isApplied(reader, migration)))
      return;
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

async function takeLock(session: Session, migration: MigrationFile): Promise<void> {
  try {
    await session.query((sql) =>
      sql.unsafe(`set local lock_timeout = '${lockTimeout}'; select pg_advisory_xact_lock(${lockKey})`).simple(),
    );
  } catch (error) {
    if (sqlFailure(error)?.sqlState !== '55P03') throw error;
    throw new StagingError(
      'locked',
      'MIGRATION_LOCKED',
      `Another run is applying migrations to this database: ${printable(migration.file)} waited ${lockTimeout} for it.`,
      { fix: 'Wait until the other run has ended, then run the same command again.', cause: error },
    );
  }
}

/** Returns true when the ledger is there as the Supabase CLI of today makes it; older ones kept the version alone. */
async function hasLedger(session: Session): Promise<boolean> {
  const [found] = await session.query(
    (sql) => sql<{ columns: number }[]>`select count(*)::int as columns from information_schema.columns
      where table_schema = 'supabase_migrations' and table_name = 'schema_migrations' and column_name in ('version', 'statements', 'name')`,
  );
  return found?.columns === 3;
}

/** The ledger of the Supabase CLI, made as it makes it (supabase/cli pkg/migration/history.go, read 2026-11-22). */
async function ensureLedger(session: Session): Promise<void> {
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

/** Returns true when the version is in the ledger with the same content; throws `MIGRATION_EDITED` when it was applied with another. */
async function isApplied(session: Session, migration: MigrationFile): Promise<boolean> {
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

/** Sends the statements without waiting in between, some at a time: after the first failure the transaction refuses the rest. */
async function runStatements(session: Session, migration: MigrationFile, statements: readonly SqlStatement[]): Promise<void> {
  for (let from = 0; from < statements.length; from += pipelined) {
    const batch = statements.slice(from, from + pipelined);
    const results = await Promise.allSettled(batch.map((statement) => session.query((sql) => sql.unsafe(statement.text).simple())));
    const index = results.findIndex((result) => result.status === 'rejected');
    const [failed, statement] = [results[index], batch[index]];
    if (failed?.status === 'rejected' && statement !== undefined) throw statementError(migration, statement, failed.reason);
  }
}

function statementError(migration: MigrationFile, statement: SqlStatement, error: unknown): unknown {
  const failure = sqlFailure(error);
  if (failure === undefined || isConnectionLoss(error)) return error;
  const offset =
    failure.position === undefined ? statement.startOffset : statement.offset + offsetOfCharacter(statement.text, failure.position);
  return failedAt(migration, offset, failure, { statement, cause: error });
}

/** What a file sets for its session (`SET ROLE`, `SET search_path`, temporary tables) must not reach the ledger or the next file. */
async function forgetSettings(session: Session): Promise<void> {
  await session.query((sql) => sql.unsafe('reset session authorization; reset all; discard temp').simple());
}

async function record(session: Session, migration: MigrationFile, statements: readonly SqlStatement[]): Promise<void> {
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
