import { StagingError } from '../../core/errors.ts';
import { type MigrationFolder, pendingMigrations, unprotectedTables } from '../../core/release/migrations.ts';
import type { Database } from '../../core/ports/database.ts';
import type { Step, StepIo } from '../../core/run/step.ts';

/** What bringing the schema up to date needs. */
export interface SchemaDeps {
  /** Reads the configured folder of migrations, or another one. */
  readonly readMigrations: (dir?: string) => Promise<MigrationFolder>;
  /** Connects to the staging database straight; the same connection each time. */
  readonly openDatabase: () => Database;
}

/** Applies every pending migration, each file in its own transaction; returns a line that says what came out. */
export async function migrate(deps: SchemaDeps, io: StepIo): Promise<string> {
  const database = deps.openDatabase();
  const folder = await deps.readMigrations();
  const pending = pendingMigrations(folder.migrations, await database.appliedMigrations(io.signal));
  for (const migration of pending) {
    io.note(migration.file);
    await database.applyMigration(migration, io.signal);
  }
  return `${pending.length} of ${folder.migrations.length} migrations applied now${ignoredText(folder)}`;
}

/** Returns a line that says that every migration is applied, or undefined when one is pending. */
export async function nothingPending(deps: SchemaDeps, io: StepIo): Promise<string | undefined> {
  const folder = await deps.readMigrations();
  const pending = pendingMigrations(folder.migrations, await deps.openDatabase().appliedMigrations(io.signal));
  return pending.length === 0 ? `all ${folder.migrations.length} migrations were applied before${ignoredText(folder)}` : undefined;
}

/** Returns what a line says of files that are not migrations by name; empty when there is none. */
export function ignoredText({ ignored }: MigrationFolder): string {
  return ignored.length === 0 ? '' : `; not migrations by name: ${ignored.join(', ')}`;
}

/** Returns the step that refuses a table without row-level security. Throws `DATABASE_TABLE_UNPROTECTED` (exit 5). */
export function protectionStep(deps: SchemaDeps): Step {
  return {
    id: 'row-security',
    title: 'Check that every table has row-level security',
    run: async (io) => {
      const tables = await deps.openDatabase().tableProtection(io.signal);
      const open = unprotectedTables(tables);
      if (open.length > 0) {
        throw new StagingError(
          'red',
          'DATABASE_TABLE_UNPROTECTED',
          `Row-level security is off on ${open.join(', ')}, expected on for all ${tables.length} tables.`,
          {
            fix: 'Add a migration with `alter table … enable row level security`.',
          },
        );
      }
      return `${tables.length} tables, all protected`;
    },
  };
}
