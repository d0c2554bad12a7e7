import type { ReleaseRecord } from '../release/release.ts';
import type { ListedVariable } from '../ports/hosting.ts';

/** How the project's variables differ from those that a release was made with. */
export interface VariableDrift {
  /** Those whose value differs, or that are gone, by name in order. */
  readonly changed: readonly string[];
  /** Those that came later. */
  readonly added: readonly string[];
}

/** Returns how variables as the platform lists them differ from those of a release; what somebody else wrote counts as changed. */
export function variableDrift(release: Pick<ReleaseRecord, 'envFingerprints'>, listed: readonly ListedVariable[]): VariableDrift {
  const now = new Map(listed.map(({ name, fingerprint }) => [name, fingerprint]));
  const then = release.envFingerprints;
  return {
    changed: Object.keys(then)
      .filter((name) => now.get(name) !== then[name])
      .toSorted(),
    added: listed.flatMap(({ name, fingerprint }) => (fingerprint === null || name in then ? [] : [name])).toSorted(),
  };
}

/**
 * Returns the names of variables that are not live yet: written or removed after the live deployment was made, which has those of then.
 * `deployedAtMs` is when it was made, by the platform's clock.
 */
export function notLiveVariables(
  release: Pick<ReleaseRecord, 'envFingerprints'>,
  listed: readonly ListedVariable[],
  deployedAtMs: number,
): readonly string[] {
  const { changed, added } = variableDrift(release, listed);
  const later = listed.flatMap(({ name, updatedAtMs }) => (updatedAtMs !== null && updatedAtMs > deployedAtMs ? [name] : []));
  return [...new Set([...changed, ...added, ...later])].toSorted();
}
