import { StagingError } from '../errors.ts';
import type { DirtyMigration } from '../ports/database.ts';
import { printable } from '../printable.ts';

/** Returns `MIGRATION_DIRTY` (exit 5) for a file that broke half way, with the indexes that were left invalid. */
export function dirtyError(dirty: DirtyMigration, invalid: readonly string[]): StagingError {
  const said = dirty.error === null ? 'the run ended' : printable(dirty.error);
  return new StagingError(
    'red',
    'MIGRATION_DIRTY',
    `${printable(dirty.file)} broke half way at ${dirty.since}: ${dirty.done} of its ${dirty.of} statements stand, then ${said}.`,
    { fix: `${invalidText(invalid).trim()} ${retryText(dirty)}`.trim(), data: { ...dirty, invalidIndexes: invalid } },
  );
}

/** Returns what is to be done about indexes that nobody reads and every write keeps, with a space before it; empty when there is none. */
export function invalidText(invalid: readonly string[]): string {
  return invalid.length === 0 ? '' : ` Invalid now: ${invalid.join(', ')}; drop with \`drop index concurrently ${invalid[0] ?? ''}\`.`;
}

/** Returns how a file that broke half way is run again. */
export function retryText({ version }: { readonly version: string }): string {
  return `See to it that the file can be run from its beginning, then run \`jv-staging migrate up --retry ${version}\`.`;
}
