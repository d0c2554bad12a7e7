import type { Sealing } from '../ports/secret-file.ts';
import type { ReleaseRecord } from './release.ts';

/** A history whose fingerprints and snapshots are under the newest key. */
export interface ResealedHistory {
  readonly records: readonly ReleaseRecord[];
  /** Ids of those whose snapshot no key at hand opens: they are as they were. */
  readonly unopened: readonly string[];
}

/**
 * Returns the history under the newest key of `sealing`. A fingerprint is made anew where its value is known from any snapshot, or from
 * `values` (those of today, by name); only for the names in `values`, since the platform keeps the others' fingerprints as they are.
 */
export function resealedHistory(
  history: readonly ReleaseRecord[],
  sealing: Sealing,
  values: Readonly<Record<string, string>>,
): ResealedHistory {
  const opened = history.map((record) => ({ record, snapshot: openedSnapshot(record, sealing) }));
  const renewed = new Map<string, string>();
  for (const { record, snapshot } of opened) {
    for (const [name, print] of Object.entries(record.envFingerprints)) {
      const known = [snapshot === 'unopened' ? undefined : snapshot?.[name], values[name]];
      const value = known.find((each) => each !== undefined && sealing.isFingerprintOf(each, print));
      if (value !== undefined) renewed.set(print, sealing.fingerprint(value));
    }
  }
  return {
    records: opened.map(({ record, snapshot }) => ({
      ...record,
      envFingerprints: Object.fromEntries(
        Object.entries(record.envFingerprints).map(([name, print]) => [
          name,
          Object.hasOwn(values, name) ? (renewed.get(print) ?? print) : print,
        ]),
      ),
      envSnapshot: snapshot === null || snapshot === 'unopened' ? record.envSnapshot : sealing.seal(snapshot),
    })),
    unopened: opened.flatMap(({ record, snapshot }) => (snapshot === 'unopened' ? [record.id] : [])),
  };
}

function openedSnapshot({ envSnapshot }: ReleaseRecord, sealing: Sealing): Readonly<Record<string, string>> | 'unopened' | null {
  if (envSnapshot === null) return null;
  try {
    return sealing.open(envSnapshot);
  } catch {
    return 'unopened';
  }
}
