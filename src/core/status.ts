import type { RestorePoint } from './ports/restore-points.ts';
import type { ReleaseRecord } from './release/release.ts';

/** What `status` shows of an environment; what does not exist is null. */
export interface EnvironmentStatus {
  readonly name: string;
  readonly environment: string;
  readonly target: 'cloud' | 'local';
  /** Address of the app on its domain. */
  readonly url: string;
  /** An address that any browser on this machine can open. */
  readonly openUrl: string;
  readonly resources: {
    readonly vercelProject: string | null;
    readonly supabaseProject: string | null;
    readonly upstashDatabase: string | null;
  };
  /** The deployment that the domain points to now, by the platform's word. */
  readonly liveDeployment: string | null;
  /** True when the newest record names that deployment. */
  readonly recordMatches: boolean | null;
  /** False after a rollback, until the next deploy. */
  readonly autoAssignDomains: boolean | null;
  /** Names of variables that changed since the live deployment was made, which has those of then; null when there is none. */
  readonly variablesNotLive: readonly string[] | null;
  /** Versions of the contract migrations that wait for `deploy --contract`. */
  readonly contractWaiting: readonly string[];
  readonly migrations: { readonly head: string | null; readonly applied: number; readonly pending: number } | null;
  /** Newest first; null when there is no database yet. */
  readonly restorePoints: {
    readonly points: readonly (RestorePoint & { readonly ageMs: number })[];
    /** How many dumps are kept; the platform's points go by its own rules. */
    readonly keep: number;
  } | null;
  /** Newest first; without fingerprints, snapshots and checksums. */
  readonly releases: readonly Pick<
    ReleaseRecord,
    'id' | 'kind' | 'gitSha' | 'dirty' | 'vercelDeploymentId' | 'url' | 'migrationHead' | 'gates' | 'createdAt' | 'actor' | 'previous'
  >[];
}
