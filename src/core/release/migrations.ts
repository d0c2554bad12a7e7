import { StagingError } from '../errors.ts';
import type { AppliedMigration, MigrationFile } from '../ports/database.ts';

/** The migration folder as read from disk. */
export interface MigrationFolder {
  /** In order of version. */
  readonly migrations: readonly MigrationFile[];
  /** File names that are no migrations by name; said, never run. */
  readonly ignored: readonly string[];
}

/**
 * Returns the migrations that are not applied yet, in order of version. Throws `MIGRATION_DUPLICATE` (two files of one version),
 * `MIGRATION_EDITED` (a file changed after it was applied) and `MIGRATION_OUT_OF_ORDER` (a pending file older than the newest
 * applied one), all red and naming the files.
 */
export function pendingMigrations(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): readonly MigrationFile[] {
  const ordered = files.toSorted((left, right) => (left.version < right.version ? -1 : 1));
  const twice = ordered.find((file, index) => ordered[index + 1]?.version === file.version);
  if (twice !== undefined) {
    const names = ordered.filter((file) => file.version === twice.version).map((file) => file.file);
    throw new StagingError(
      'red',
      'MIGRATION_DUPLICATE',
      `The files ${names.join(' and ')} have the same version ${twice.version}, expected one file a version.`,
      {
        fix: 'Give one of them a later version.',
      },
    );
  }
  refuseEdited(ordered, applied);
  const head = migrationHead(applied);
  const known = new Set(applied.map((migration) => migration.version));
  const pending = ordered.filter((file) => !known.has(file.version));
  const late = pending.find((file) => head !== null && file.version < head);
  if (late !== undefined) {
    throw new StagingError(
      'red',
      'MIGRATION_OUT_OF_ORDER',
      `${late.file} is not applied, but the newer version ${String(head)} is; expected every pending file to be newer.`,
      {
        fix: `Rename ${late.file} to a version after ${String(head)}.`,
      },
    );
  }
  return pending;
}

function refuseEdited(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): void {
  // Without a checksum another tool applied it: what it applied is not known.
  const checksums = new Map(
    applied.flatMap(({ version, checksum }) => (typeof checksum === 'string' ? [[version, checksum] as const] : [])),
  );
  const edited = files.filter((file) => (checksums.get(file.version) ?? file.checksum) !== file.checksum).map((file) => file.file);
  if (edited.length === 0) return;
  throw new StagingError(
    'red',
    'MIGRATION_EDITED',
    `${edited.join(', ')} changed after being applied; expected the content that was applied.`,
    {
      fix: `Restore ${edited.length === 1 ? 'the file' : 'the files'} from git and put the change into a new migration.`,
    },
  );
}

/** Returns the version of the newest applied migration, or null when none is. */
export function migrationHead(applied: readonly AppliedMigration[]): string | null {
  return applied
    .map((migration) => migration.version)
    .reduce<string | null>((head, version) => (head === null || version > head ? version : head), null);
}
