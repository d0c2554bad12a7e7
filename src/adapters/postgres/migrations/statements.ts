import { StagingError } from '../../../core/errors.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { printable } from '../../../core/printable.ts';
import { type ParsedSql, type SqlStatement, splitSql } from '../parse/statements.ts';
import { textPosition } from '../parse/text-position.ts';
import { failedAt } from './failure.ts';

/**
 * The statements of files that were parsed, for as long as somebody has the file: each is read before it is applied. Their trees are not
 * kept: they may be many times as large.
 */
const parsed = new WeakMap<MigrationFile, readonly SqlStatement[]>();

/** Returns the statements of a migration, parsing it only when `migrationStatements` has not done so. Throws what that throws. */
export async function sentStatements(migration: MigrationFile): Promise<readonly SqlStatement[]> {
  return parsed.get(migration) ?? migrationStatements(migration);
}

/**
 * Returns the statements of a migration in order. Throws `MIGRATION_FAILED` where it is not SQL (`\connect` of psql is not either) and
 * `MIGRATION_TRANSACTION_CONTROL` where it begins or ends a transaction.
 */
export async function migrationStatements(migration: MigrationFile): Promise<readonly ParsedSql[]> {
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
  if (control === undefined) {
    parsed.set(
      migration,
      split.statements.map(({ text, offset, startOffset, node }) => ({ text, offset, startOffset, node })),
    );
    return split.statements;
  }
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
