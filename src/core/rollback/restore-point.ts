import type { ReleaseRecord } from '../release/release.ts';
import { type MigrationBetween, runsBeside } from './plan.ts';

/**
 * Returns the restore point that leads back to the goal: the first one that was taken after it, if nothing but additions had been
 * applied by then. `history` is oldest first; undefined when no record names such a point.
 */
export function restorePointTo(
  history: readonly ReleaseRecord[],
  goal: ReleaseRecord,
  between: readonly MigrationBetween[],
): { readonly id: string; readonly mark: string | null } | undefined {
  const later = history.slice(history.findIndex(({ id }) => id === goal.id) + 1);
  const at = later.findIndex(({ restorePoint }) => restorePoint !== null);
  const taken = later[at];
  if (taken === undefined || taken.restorePoint === null) return undefined;
  // It was taken before the migrations of its own release: the schema was that of the release before.
  const head = (later[at - 1] ?? goal).migrationHead;
  const appliedBefore = between.filter(({ version }) => head !== null && version <= head);
  return appliedBefore.every(runsBeside) ? { id: taken.restorePoint, mark: taken.restoreMark } : undefined;
}
