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
 * Returns the statements of a migration in order. Throws `MIGRATION_FAILED` where it is not SQL (`\connect` of psql is not either),
 * `MIGRATION_TRANSACTION_CONTROL` where it begins or ends a transaction, and `MIGRATION_WANTS_ROWS` where it waits for rows from its client.
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
  const file = printable(migration.file);
  refuse(
    migration,
    split.statements.find((statement) => statement.node === 'TransactionStmt'),
    {
      code: 'MIGRATION_TRANSACTION_CONTROL',
      does: 'controls the transaction itself',
      expected: 'none: each file is one transaction',
      fix: `Remove BEGIN, COMMIT, ROLLBACK and SAVEPOINT from ${file}.`,
    },
  );
  // Nobody would send any, and the server would wait for them with its locks held.
  refuse(migration, split.statements.find(wantsRows), {
    code: 'MIGRATION_WANTS_ROWS',
    does: 'waits for rows from its client',
    expected: 'statements that hold their rows themselves',
    fix: `Write the rows in ${file} as INSERT (\`pg_dump --inserts\` does), or leave them to \`jv-staging seed\`.`,
  });
  parsed.set(
    migration,
    split.statements.map(({ text, offset, startOffset, node }) => ({ text, offset, startOffset, node })),
  );
  return split.statements;
}

function wantsRows({ tree }: ParsedSql): boolean {
  return tree !== undefined && 'CopyStmt' in tree && tree.CopyStmt.is_from === true && tree.CopyStmt.filename === undefined;
}

function refuse(
  migration: MigrationFile,
  found: SqlStatement | undefined,
  { code, does, expected, fix }: { readonly code: string; readonly does: string; readonly expected: string; readonly fix: string },
): void {
  if (found === undefined) return;
  const { line, column } = textPosition(migration.sql, found.startOffset);
  const place = `${printable(migration.file)}:${line}:${column}`;
  throw new StagingError('red', code, `${place} ${does} (${printable(found.text, 60)}), expected ${expected}.`, {
    fix,
    data: { file: migration.file, line, column },
  });
}
