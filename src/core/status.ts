import { shortfallOf } from './gate/shortfall.ts';
import type { PlanCost } from './plan/model.ts';
import type { QueueReading } from './ports/gauges.ts';
import type { RestorePoint } from './ports/restore-points.ts';
import type { ReleaseRecord } from './release/release.ts';
import type { RunReport } from './report.ts';
import type { Verdict } from './verdict.ts';

/** How a gate ended that ran on a release. */
export interface LastGate {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly summary: string;
  /** What a green verdict lacks of what the gate asks for (a run of chosen checks, a short load); null when it lacks nothing. */
  readonly short: string | null;
  /** Null when nobody wrote down when. */
  readonly ageMs: number | null;
}

/** Stages that are gates, in the order in which they are shown. */
const gateNames = ['smoke', 'perf', 'load', 'watch', 'rollback-drill', 'gate'];

/** Returns the newest verdict of each gate: of the release's own record, and of reports about it, newest first. */
export function lastGates(
  record: Pick<ReleaseRecord, 'id' | 'gates' | 'createdAt'>,
  reports: readonly Pick<RunReport, 'releaseId' | 'stages'>[],
  nowMs: number,
): readonly LastGate[] {
  const stages = reports.filter(({ releaseId }) => releaseId === record.id).flatMap(({ stages: found }) => found);
  return gateNames.flatMap((gate): readonly LastGate[] => {
    const stage = stages.find((one) => one.stage === gate);
    if (stage !== undefined) {
      const short = stage.verdict === 'green' ? (shortfallOf(stage) ?? null) : null;
      return [{ gate, verdict: stage.verdict, summary: stage.summary, short, ageMs: nowMs - Date.parse(stage.startedAt) }];
    }
    // The smoke of a deploy is recorded by its place.
    const recorded = record.gates.findLast((one) => one.gate === gate || (gate === 'smoke' && one.gate === 'smoke-domain'));
    if (recorded === undefined) return [];
    return [{ gate, verdict: recorded.verdict, summary: recorded.summary, short: null, ageMs: nowMs - Date.parse(record.createdAt) }];
  });
}

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
  /** The release that is recorded as live; null before the first. */
  readonly live: {
    readonly releaseId: string;
    readonly gitSha: string;
    /** True: put out with changes that are in no commit. */
    readonly dirty: boolean;
    readonly migrationHead: string | null;
    readonly ageMs: number;
  } | null;
  /** The deployment that the domain points to now, by the platform's word. */
  readonly liveDeployment: string | null;
  /** True when the newest record names that deployment. */
  readonly recordMatches: boolean | null;
  /** Ids of releases that are listed but in no record: their deploy was cut off, or the records were lost. The next deploy or rollback records them. */
  readonly unrecorded: readonly string[];
  /** False after a rollback, until the next deploy. */
  readonly autoAssignDomains: boolean | null;
  /** Things that are not as the configuration says, by name, of how many; null with the reason where that could not be compared. */
  readonly drift: { readonly differing: readonly string[] | null; readonly compared: number; readonly why: string | null };
  /** The newest verdict of each gate about the live release, as far as this machine and the release record know. */
  readonly gates: readonly LastGate[];
  /** Jobs in each queue; null when Redis was not read. */
  readonly queues: readonly QueueReading[] | null;
  /** By published prices and the configuration; null when it could not be planned. */
  readonly cost: PlanCost | null;
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
