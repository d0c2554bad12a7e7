import type { AppliedMigration, DirtyMigration } from '../ports/database.ts';
import { migrationHead, type MigrationFolder } from '../release/migrations.ts';

/**
 * How a migration stands. `no-file`: applied, but there is no file (any more). `dirty`: broke half way outside of a transaction.
 * `edited`, `duplicate`, `out-of-order`, `dirty`: a deploy refuses them.
 */
export type MigrationState = 'applied' | 'pending' | 'no-file' | 'edited' | 'duplicate' | 'out-of-order' | 'dirty';

/** One migration and how it stands. */
export interface MigrationStanding {
  readonly version: string;
  /** Null when there is no file. */
  readonly file: string | null;
  readonly state: MigrationState;
}

/** How the migrations of a folder stand in a database. */
export interface MigrationsStatus {
  /** Newest applied version, or null. */
  readonly head: string | null;
  /** In order of version. */
  readonly migrations: readonly MigrationStanding[];
  /** Files of the folder that are no migrations by name. */
  readonly ignored: readonly string[];
  readonly dirty: readonly DirtyMigration[];
}

/** Returns how each migration stands, from the folder, the ledger and the files that broke half way. */
export function migrationsStatus(
  { migrations, ignored }: MigrationFolder,
  applied: readonly AppliedMigration[],
  dirty: readonly DirtyMigration[],
): MigrationsStatus {
  const head = migrationHead(applied);
  const ledger = new Map(applied.map((row) => [row.version, row]));
  const broken = new Set(dirty.map(({ version }) => version));
  const known = new Set(migrations.map(({ version }) => version));
  const stateOf = (version: string, checksum: string): MigrationState => {
    if (migrations.filter((each) => each.version === version).length > 1) return 'duplicate';
    const row = ledger.get(version);
    // Without a checksum another tool applied it: what it applied is not known.
    if (row !== undefined) return (row.checksum ?? checksum) === checksum ? 'applied' : 'edited';
    if (broken.has(version)) return 'dirty';
    return head !== null && version < head ? 'out-of-order' : 'pending';
  };
  const standings: readonly MigrationStanding[] = [
    ...migrations.map(({ version, file, checksum }) => ({ version, file, state: stateOf(version, checksum) })),
    ...applied.flatMap(({ version }) => (known.has(version) ? [] : [{ version, file: null, state: 'no-file' } as const])),
  ];
  return { head, migrations: standings.toSorted((left, right) => (left.version < right.version ? -1 : 1)), ignored, dirty };
}

/** Returns the migrations that keep any more from being applied, in order of version. */
export function migrationsInTheWay({ migrations }: MigrationsStatus): readonly MigrationStanding[] {
  return migrations.filter(({ state }) => ['edited', 'duplicate', 'out-of-order', 'dirty'].includes(state));
}
