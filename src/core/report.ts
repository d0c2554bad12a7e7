import type { CheckIssue } from './issues/issues.ts';
import type { LoadMeasurement, LoadStage, LoadThresholds, RequestStatistics } from './load/load.ts';
import type { Recovery } from './load/degradation.ts';
import type { PageRun } from './ports/measure.ts';
import type { BaselineComparison } from './perf/baseline.ts';
import type { DatabaseEvidence } from './perf/database.ts';
import type { BrowserMemoryEvidence, BrowserSoakSettings, ServerMemoryEvidence, ServerSoakSettings } from './perf/memory.ts';
import type { PerfSettings } from './perf/perf.ts';
import type { PoolEvidence } from './perf/pool.ts';
import type { Watched } from './load/pressure.ts';
import type { StageResult, Verdict } from './verdict.ts';

/** What perf keeps beside its findings. */
export interface PerfDetails {
  readonly pages: readonly {
    readonly id: string;
    readonly path: string;
    readonly formFactor: 'desktop' | 'mobile';
    readonly runs: readonly PageRun[];
    /** Index into `runs` of the run whose figures count. */
    readonly medianRun: number;
  }[];
  readonly endpoints: readonly {
    readonly id: string;
    readonly method: string;
    readonly path: string;
    /** Over connections that were open. */
    readonly statistics: RequestStatistics;
    /** Each over a connection of its own, before the warm ones; missing in reports of before it was measured. */
    readonly cold?: RequestStatistics | undefined;
  }[];
  readonly memory?: PerfMemory | undefined;
  readonly pool?: PoolEvidence | undefined;
  readonly database?: DatabaseEvidence | undefined;
  readonly baseline?: BaselineComparison | undefined;
  readonly budgets: PerfSettings['budgets'];
  /** Form factors and runs that the configuration wants and the command left out; missing or empty when none. */
  readonly leftOut?: readonly string[] | undefined;
  readonly versions: { readonly browser: string; readonly lighthouse: string };
}

/** What was measured of memory, and from which slope on it leaks. */
export interface PerfMemory {
  readonly server?: (ServerMemoryEvidence & { readonly settings: ServerSoakSettings }) | undefined;
  readonly browser?: (BrowserMemoryEvidence & { readonly settings: BrowserSoakSettings }) | undefined;
}

/** What load keeps beside its findings. */
export interface LoadDetails {
  readonly measurement: LoadMeasurement;
  readonly stages: readonly LoadStage[];
  readonly thresholds: LoadThresholds;
  /** Rows that the run left behind, by the id of the POST request that created them; the next `seed --reset` removes them. */
  readonly created?: Readonly<Record<string, number>> | undefined;
  /** What database, pooler, Redis, queues and app said of themselves meanwhile; missing when nothing was watched. */
  readonly watched?: Watched | undefined;
  /** How the target came back after the load. */
  readonly recovery?: Recovery | undefined;
}

/** What smoke keeps beside its findings (one finding a check). */
export interface SmokeDetails {
  readonly profile: 'full' | 'outside';
  /** Ids of checks that the profile leaves out. */
  readonly notInProfile: readonly string[];
  readonly executed: number;
  /** Ids of checks that were red at first and green when they were run once more. */
  readonly flaky?: readonly string[] | undefined;
  /** Ids of what the configuration names and `--only` left out; missing or empty when all of it was asked for. */
  readonly leftOut?: readonly string[] | undefined;
  /** Checks that the configuration wants executed at least; missing where it names none. */
  readonly minimum?: number | undefined;
}

/** The stages of `up`, in order. */
export const stageNames = ['provision', 'deploy', 'seed', 'smoke', 'perf', 'load'] as const;

/** The name of a stage of `up`. */
export type StageName = (typeof stageNames)[number];

/** The commands that leave a report. */
export const reportingCommands = ['up', 'seed', 'migrate-check', 'smoke', 'perf', 'load', 'gate', 'rollback', 'docs'] as const;

/** The name of a command that leaves a report. */
export type ReportingCommand = (typeof reportingCommands)[number];

/** Returns true for a run without a configuration: it is named by the host that it asked, and knows of no target, commit or release. */
export function isAddressAlone({ environment, url, gitSha, releaseId }: RunReport): boolean {
  return gitSha === null && releaseId === null && URL.canParse(url) && new URL(url).host === environment;
}

/** Everything that one run of `up`, or of a gate alone, found out: the report that people, CI jobs and the HTML page show. */
export interface RunReport {
  readonly runId: string;
  readonly command: ReportingCommand;
  readonly environment: string;
  readonly target: 'cloud' | 'local';
  /** Address of the app on its domain, with the port that really answers. */
  readonly url: string;
  /** An address that any browser on this machine can open, when the domain itself does not resolve here; otherwise equal to `url`. */
  readonly openUrl: string;
  /** Commit, release and deployment that the run is about: those it put out, else those that were live; null when unknown. */
  readonly gitSha: string | null;
  readonly releaseId: string | null;
  readonly deploymentId: string | null;
  /** True: that release has changes that are in no commit, so the run says nothing of the commit. */
  readonly dirty?: boolean | undefined;
  /** True: the configuration that the run went by has changes that are in no commit; missing outside of git. */
  readonly configurationChanged?: boolean | undefined;
  readonly verdict: Verdict;
  /** Stages that ran, in order; a stage that was not reached is not among them. */
  readonly stages: readonly StageResult[];
  /** Stages that were not reached or left out, with the reason. */
  readonly notRun: readonly { readonly stage: StageName; readonly reason: string }[];
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** The machine that measured, for the numbers' sake. */
  readonly machine: {
    readonly cpus: number;
    readonly cpuModel: string;
    readonly memoryBytes: number;
    readonly node: string;
    readonly platform: string;
  };
  readonly toolVersion: string;
  /** What became of the issues of its checks, once `report --issues` has been asked for. */
  readonly issues?: readonly CheckIssue[] | undefined;
}
