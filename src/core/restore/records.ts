import type { ReleaseRecord } from '../release/release.ts';

/**
 * Returns the records that a database lacks after it went back in time, oldest first; `kept` is the history from before, `present` the
 * one that the database has now.
 */
export function recordsToAppend(kept: readonly ReleaseRecord[], present: readonly ReleaseRecord[]): readonly ReleaseRecord[] {
  const known = new Set(present.map(({ id }) => id));
  return kept.filter(({ id }) => !known.has(id));
}
