import type { LoadMeasurement, LoadStage, LoadThresholds, RequestStatistics } from './load/load.ts';
import type { PageRun } from './ports/measure.ts';
import type { PerfSettings } from './perf/perf.ts';
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
    readonly statistics: RequestStatistics;
  }[];
  readonly budgets: PerfSettings['budgets'];
  readonly versions: { readonly browser: string; readonly lighthouse: string };
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
}

/** What smoke keeps beside its findings (one finding a check). */
export interface SmokeDetails {
  readonly profile: 'full' | 'outside';
  /** Ids of checks that the profile leaves out. */
  readonly notInProfile: readonly string[];
  readonly executed: number;
}

/** The stages of `up`, in order. */
export const stageNames = ['provision', 'deploy', 'seed', 'smoke', 'perf', 'load'] as const;

/** The name of a stage of `up`. */
export type StageName = (typeof stageNames)[number];

/** The commands that leave a report. */
export const reportingCommands = ['up', 'smoke', 'perf', 'load'] as const;

/** The name of a command that leaves a report. */
export type ReportingCommand = (typeof reportingCommands)[number];

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
}
