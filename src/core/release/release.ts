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
  /** Keyed fingerprint (HMAC-SHA256, hex) of every variable by name. */
  readonly envFingerprints: Readonly<Record<string, string>>;
  /** Variables that we wrote, encrypted with the state key, or null when there is none yet. */
  readonly envSnapshot: string | null;
  readonly seedVersion: string | null;
  readonly restorePoint: string | null;
  readonly gates: readonly GateResult[];
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** Who ran it: `user@host`, or the CI job. */
  readonly actor: string;
  /** Id of the release that was live before, or null for the first. */
  readonly previous: string | null;
}

/** What a rollback would do, decided from the history alone. */
export type RollbackPlan =
  | { readonly kind: 'app-only'; readonly from: ReleaseRecord; readonly to: ReleaseRecord }
  | { readonly kind: 'refuse'; readonly code: string; readonly reason: string; readonly fix: string };

/** What is really there, as platform and database say it; the records may lag behind a run that was cut off. */
export interface ActualState {
  /** The deployment that the domain points to, or undefined when it points to none. */
  readonly deploymentId: string | undefined;
  /** Version of the newest applied migration, or null. */
  readonly migrationHead: string | null;
}

/** Returns the release that is live: the newest record, or undefined when there is none. `history` is oldest first. */
export function liveRelease(history: readonly ReleaseRecord[]): ReleaseRecord | undefined {
  return history.at(-1);
}

/**
 * Returns what a rollback would do. `history` is oldest first; `to` is a release id (default: what was live before the deployment
 * that is live now). Refuses when the database's schema is not the goal's: only the app would go back.
 */
export function planRollback(history: readonly ReleaseRecord[], to?: string, actual?: ActualState): RollbackPlan {
  const from = liveRelease(history);
  if (from === undefined) {
    return refuse('RELEASE_NONE', 'There is no release yet, so there is nothing to roll back.', 'Run `jv-staging deploy` first.');
  }
  const served = actual?.deploymentId ?? from.vercelDeploymentId;
  // A deploy that was cut off after its move left no record: what the newest record names is then what was live before.
  const before = served === from.vercelDeploymentId ? previousDeployment(history, from) : from;
  const goal = to === undefined ? before : history.find((record) => record.id === to);
  if (goal === undefined) {
    return to === undefined
      ? refuse(
          'RELEASE_NO_PREVIOUS',
          `Release ${from.id} is the only one: there is no previous release to go back to.`,
          'Run `jv-staging deploy` to put out another.',
        )
      : refuse('RELEASE_NOT_FOUND', `There is no release ${to} in the history.`, 'Run `jv-staging status` to see the releases.');
  }
  if (goal.vercelDeploymentId === served) {
    return refuse('RELEASE_ALREADY_LIVE', `Release ${goal.id} is the one that is live.`, 'Run `jv-staging status` to see the releases.');
  }
  const head = actual === undefined ? from.migrationHead : actual.migrationHead;
  if (goal.migrationHead !== head) {
    return refuse(
      'RELEASE_SCHEMA_CHANGED',
      `Release ${goal.id} ran on schema ${goal.migrationHead ?? 'none'}, the database now has ${head ?? 'none'}; expected the same, since only the app would go back.`,
      'Put out a corrected release with `jv-staging deploy`.',
    );
  }
  return { kind: 'app-only', from, to: goal };
}

function previousDeployment(history: readonly ReleaseRecord[], live: ReleaseRecord): ReleaseRecord | undefined {
  const before = history.find((record) => record.id === live.previous);
  if (live.kind === 'deploy') return before;
  // After a rollback the live deployment is an older one: go back to what was live before *that* deployment went out.
  const origin = history.find((record) => record.kind === 'deploy' && record.vercelDeploymentId === live.vercelDeploymentId);
  return history.find((record) => record.id === origin?.previous);
}

function refuse(code: string, reason: string, fix: string): RollbackPlan {
  return { kind: 'refuse', code, reason, fix };
}
