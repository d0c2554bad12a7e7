import { StagingError } from '../errors.ts';
import type { MigrationFile } from '../ports/database.ts';
import type { ParsedMigration } from './effects.ts';

/** Throws `MIGRATION_NEEDS_NO_TRANSACTION` (exit 5) for a file whose statement Postgres refuses in a transaction, and that does not say so. */
export function refuseInTransaction({ file, statements, directives }: ParsedMigration): void {
  if (directives.noTransaction) return;
  const [first] = statements.filter(({ outsideOnly }) => outsideOnly !== undefined);
  if (first === undefined) return;
  throw new StagingError(
    'red',
    'MIGRATION_NEEDS_NO_TRANSACTION',
    `${file.file}:${first.line}:${first.column} ${first.outsideOnly} cannot run inside a transaction, and the file does not say that it needs none.`,
    {
      fix: `Put it into a migration of its own whose first line is \`-- jv:no-transaction\`: its statements are then run one by one, and stay where a later one fails.`,
      data: { file: file.file, line: first.line, column: first.column },
    },
  );
}

/**
 * Returns a file that is applied as `parse` reads it, for the column types it tells; without any statement when it cannot be read by our
 * rules: another tool may have applied it by other ones.
 */
export async function readApplied(parse: (file: MigrationFile) => Promise<ParsedMigration>, file: MigrationFile): Promise<ParsedMigration> {
  try {
    return await parse(file);
  } catch (error) {
    if (error instanceof StagingError && error.kind === 'red') return { file, statements: [], directives: { noTransaction: false } };
    throw error;
  }
}
