import type { ParsedMigration } from '../../core/migrate/effects.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Database, MigrationFile } from '../../core/ports/database.ts';
import type { Rehearsal } from '../../core/ports/rehearsal.ts';
import type { MigrationFolder } from '../../core/release/migrations.ts';
import type { Step } from '../../core/run/step.ts';

/** What the `migrate` commands need. */
export interface MigrateDeps {
  readonly clock: Clock;
  readonly openDatabase: () => Database;
  readonly readMigrations: () => Promise<MigrationFolder>;
  readonly readReverseScripts: () => Promise<readonly MigrationFile[]>;
  readonly parseMigration: (file: MigrationFile) => Promise<ParsedMigration>;
  /** Copies of the database to try migrations on. */
  readonly rehearsal: () => Rehearsal;
  /** Steps that find the database first; none when it was named by its address. */
  readonly before: readonly Step[];
  /** Steps that look at the schema afterwards; none for a database that is no environment's. */
  readonly after: readonly Step[];
}
