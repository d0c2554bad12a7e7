import type { Database, MigrationFile } from '../../core/ports/database.ts';
import type { StepIo } from '../../core/run/step.ts';

/** How files are applied. */
export interface ApplyOptions {
  /** Version of a file that broke half way outside of a transaction, to be run again from its beginning. */
  readonly retry?: string | undefined;
  /** Is told each file once it stands. */
  readonly applied?: (file: MigrationFile) => void;
}

/**
 * Applies files in the order given, each in a transaction of its own with its row of the ledger; says each one as it begins. What was
 * applied before one that fails stands. Throws `MIGRATION_…` (exit 5), `MIGRATION_LOCKED` (exit 7), `DATABASE_…` (exit 4).
 */
export async function applyMigrations(
  database: Database,
  files: readonly MigrationFile[],
  io: StepIo,
  { retry, applied }: ApplyOptions = {},
): Promise<void> {
  for (const file of files) {
    io.note(file.file);
    await database.applyMigration(file, io.signal, { retryDirty: file.version === retry });
    applied?.(file);
  }
}
