import type { Database, MigrationFile } from '../../core/ports/database.ts';
import { type MigrationFolder, pendingMigrations } from '../../core/release/migrations.ts';
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
  if (files.length === 0) return;
  try {
    for (const file of files) {
      io.note(file.file);
      await database.applyMigration(file, io.signal, { retryDirty: file.version === retry });
      applied?.(file);
    }
  } catch (error) {
    // What stands is to stay, too; why the run ends is the file's own error.
    await database.settle(io.signal).catch(() => undefined);
    throw error;
  }
  await database.settle(io.signal);
}

/** Returns the folder's files that are not applied yet, in order. Throws what keeps them from being applied (`MIGRATION_…`, exit 5). */
export async function pendingIn(
  database: Database,
  { migrations }: MigrationFolder,
  signal: AbortSignal,
): Promise<readonly MigrationFile[]> {
  return pendingMigrations(migrations, await database.appliedMigrations(signal));
}

/**
 * Returns what a line says beside the pending files; empty when there is nothing to say: files that are not migrations by name, and what is
 * applied without a file here. That is no error: an older commit has fewer files than the database it goes to.
 */
export async function besidePending(database: Database, { ignored, migrations }: MigrationFolder, signal: AbortSignal): Promise<string> {
  const known = new Set(migrations.map(({ version }) => version));
  const gone = (await database.appliedMigrations(signal)).map(({ version }) => version).filter((version) => !known.has(version));
  const [unnamed, without] = [ignored.join(', '), gone.join(', ')];
  return `${unnamed && `; not migrations by name: ${unnamed}`}${without && `; applied, but without a file here: ${without}`}`;
}
