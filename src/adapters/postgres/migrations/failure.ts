import { StagingError } from '../../../core/errors.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { printable } from '../../../core/printable.ts';
import { isConnectionLoss, type SqlFailure, sqlFailure } from '../database-error.ts';
import type { SqlStatement } from '../parse/statements.ts';
import { offsetOfCharacter, textPosition } from '../parse/text-position.ts';
import { type Blocker, blockerText } from './blockers.ts';

/** What is known of a statement that failed. */
export interface Failed {
  readonly statement: SqlStatement;
  readonly cause: unknown;
  /** Who it waited for, when it waited for a lock. */
  readonly blockers?: readonly Blocker[];
  /** What is to be done, when it is not just to correct the file. */
  readonly fix?: string | undefined;
}

/** SQLSTATE of a statement that waited longer than `lock_timeout`. */
export const lockNotAvailable = '55P03';

/** SQLSTATE of a statement that cannot run inside a transaction. */
const inTransaction = '25001';

function outsideFix(file: string): string {
  return `Put the statement into a migration of its own whose first line is \`-- jv:no-transaction\`, then run the same command again: nothing of ${file} was applied.`;
}

/** Returns the error for a statement of a migration that failed: its place in the file, what Postgres says; a lost connection as it is. */
export function statementError(migration: MigrationFile, failed: Failed): unknown {
  const { statement, cause } = failed;
  const failure = sqlFailure(cause);
  if (failure === undefined || isConnectionLoss(cause)) return cause;
  const offset =
    failure.position === undefined ? statement.startOffset : statement.offset + offsetOfCharacter(statement.text, failure.position);
  return failedAt(migration, offset, failure, failed);
}

/** Returns `MIGRATION_FAILED` at an offset of the file. */
export function failedAt(migration: MigrationFile, offset: number, failure: SqlFailure, failed: Failed | undefined): StagingError {
  const { line, column } = textPosition(migration.sql, offset);
  const file = printable(migration.file);
  const statement =
    failed === undefined
      ? lineOf(migration.sql, line)
      : failed.statement.text.slice(failed.statement.startOffset - failed.statement.offset);
  const blockers = failed?.blockers ?? [];
  const notes = [
    failure.detail,
    failure.hint === undefined ? undefined : `Postgres hints: ${failure.hint}`,
    blockers.length === 0 ? undefined : `It waited for ${blockers.map(blockerText).join(' and ')}.`,
  ].filter((note) => note !== undefined);
  const message = `${file}:${line}:${column} failed: ${failure.message} (SQLSTATE ${failure.sqlState}) in “${printable(statement.replaceAll(/\s+/g, ' '), 160)}”.`;
  return new StagingError('red', 'MIGRATION_FAILED', [message, ...notes].join(' '), {
    fix: failed?.fix ?? (failure.sqlState === inTransaction ? outsideFix(file) : fixOf(file, blockers)),
    cause: failed?.cause,
    data: {
      file: migration.file,
      line,
      column,
      sqlState: failure.sqlState,
      statement: statement.slice(0, 2000),
      hint: failure.hint ?? null,
      ...(blockers.length === 0 ? {} : { blockers }),
    },
  });
}

function fixOf(file: string, blockers: readonly Blocker[]): string {
  const [first] = blockers;
  if (first === undefined) return `Correct ${file} and run the same command again: nothing of this file was applied, earlier files stay.`;
  return `Wait until process ${first.pid} has ended, or end it with \`select pg_terminate_backend(${first.pid})\`, then run the same command again: nothing of this file was applied.`;
}

function lineOf(text: string, line: number): string {
  return text.split('\n')[line - 1] ?? '';
}
