import type { SmokeCheck } from '../smoke/smoke.ts';
import type { Verdict } from '../verdict.ts';

/** The verdict of one gate at the time of the release. */
export interface GateResult {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly summary: string;
}

/**
 * One release: what was put out together. Append-only, kept in the staging database (schema `jv_staging`), so that any laptop
 * or CI runner sees the same history.
 */
export interface ReleaseRecord {
  /** `rel_` and a time-ordered id. */
  readonly id: string;
  readonly environment: string;
  /** `deploy` puts out a new deployment, `rollback` points back at the deployment of an earlier record. */
  readonly kind: 'deploy' | 'rollback';
  /** Full commit id, 40 hex digits. */
  readonly gitSha: string;
  /** True when the working tree had changes that are not in the commit. */
  readonly dirty: boolean;
  readonly vercelDeploymentId: string;
  /** The deployment's own address. */
  readonly url: string;
  /** Version of the newest applied migration, or null. */
  readonly migrationHead: string | null;
  /** Checksum (sha256, hex) of every applied migration by version. */
  readonly migrationChecksums: Readonly<Record<string, string>>;
  /** Versions of the contract migrations that waited when this release went out, for `deploy --contract` after it. */
  readonly contractWaiting: readonly string[];
  /** Keyed fingerprint (HMAC-SHA256, hex) of every variable that we wrote, as the deployment was made with it. */
  readonly envFingerprints: Readonly<Record<string, string>>;
  /** Those of them whose value is known, encrypted with the state key, or null when there is none yet. */
  readonly envSnapshot: string | null;
  readonly seedVersion: string | null;
  readonly restorePoint: string | null;
  /** From where rows are counted that going back to that point would lose, or null without one. */
  readonly restoreMark: string | null;
  readonly gates: readonly GateResult[];
  /** The checks of smoke that this release was held against, or null in records of before they were kept. */
  readonly smokeChecks: readonly SmokeCheck[] | null;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** Who ran it: `user@host`, or the CI job. */
  readonly actor: string;
  /** Id of the release that was live before, or null for the first. */
  readonly previous: string | null;
}

/** What of a record is made with the state key. */
export type SealedRelease = Pick<ReleaseRecord, 'id' | 'envFingerprints' | 'envSnapshot'>;

/** Returns the release that is live: the newest record, or undefined when there is none. `history` is oldest first. */
export function liveRelease(history: readonly ReleaseRecord[]): ReleaseRecord | undefined {
  return history.at(-1);
}

/** Returns the record of the deploy that put out a deployment, or undefined; a rollback names the deployment of an earlier one. */
export function deployOf(history: readonly ReleaseRecord[], deploymentId: string | undefined): ReleaseRecord | undefined {
  return history.find(({ kind, vercelDeploymentId }) => kind === 'deploy' && vercelDeploymentId === deploymentId);
}

/** Returns true when every gate of a release was green; a release without gates proved nothing. */
export function isGreen({ gates }: Pick<ReleaseRecord, 'gates'>): boolean {
  return gates.length > 0 && gates.every(({ verdict }) => verdict === 'green');
}
