import type { ProcessSettings } from '../config/environment.ts';
import type { EventSink } from '../core/run/events.ts';
import type { DriftDetails } from '../core/drift/drift.ts';
import type { LoadDetails, PerfDetails, ReportingCommand, RunReport, SmokeDetails } from '../core/report.ts';
import type { WatchDetails } from '../core/smoke/watch.ts';
import type { CostDetails } from '../core/cost/judge.ts';
import type { SavedPlan } from '../core/plan/saved.ts';
import type { GateLedger } from '../core/gate/ledger.ts';
import type { GateChoice } from '../stages/gate/gate.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { StageResult } from '../core/verdict.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import type { Installable } from '../core/ports/parts.ts';
import type { Step } from '../core/run/step.ts';
import type { DestroyDetails, DestroyOptions } from '../stages/destroy.ts';
import type { DeployDetails, DeployOptions } from '../stages/deploy/deps.ts';
import type { IssuesRun } from '../stages/issues.ts';
import type { IsolationDetails } from '../stages/isolation/isolation.ts';
import type { PlanOptions, PlanRun } from '../stages/plan/plan.ts';
import type { ProvisionDetails, ProvisionOptions } from '../stages/provision/provision.ts';
import type { RollbackOptions } from '../stages/rollback/deps.ts';
import type { DrillRun } from '../stages/rollback/drill.ts';
import type { RollbackRun } from '../stages/rollback/rollback.ts';
import type { SeedChoice, SeedDetails } from '../stages/seed/parts.ts';
import type { CiCommands } from './ci-commands.ts';
import type { InitCommands } from './init-commands.ts';
import type { CostChoice, LoadChoice, PerfChoice, SmokeChoice, WatchChoice } from './choices.ts';
import type { DocsCommands } from './docs-commands.ts';
import type { MigrateCommands } from './migrate-commands.ts';
import type { EnvCommands } from './env-commands.ts';
import type { SecretCommands } from './secret-commands.ts';
import type { LocalCommands } from './local-commands.ts';
import type { LogCommands } from './log-commands.ts';
import type { PreviewCommands } from './preview.ts';
import type { Unlocked } from '../stages/unlock.ts';
import type { UpOutcome, UpRun, UpSelection } from '../stages/up.ts';

/** What a command asks for. */
export interface AppRequest {
  readonly cwd: string;
  readonly configPath: string | undefined;
  readonly target: 'cloud' | 'local' | undefined;
  readonly config: ConfigNeed;
  /** How long to wait for another run's lock, e.g. `10m`. */
  readonly waitLock: string;
  /** Where events go beside the terminal: a file, or `-` for stdout. */
  readonly events: string | undefined;
  /** Folder of the tool's own package. */
  readonly toolRoot: string;
  readonly toolVersion: string;
  /** Whether people are told what came of it. */
  readonly notify: boolean;
  readonly signal: AbortSignal;
}

/**
 * What a command needs of a configuration: it must be there, is used when found upward, or is used only when `--config` names it
 * (commands with `--url`: an address alone must mean the same in every folder).
 */
export type ConfigNeed = 'required' | 'if-found' | 'if-named';

/** The tool's parts wired up for one command. */
export interface App {
  /** Returns every secret value that is known by now: what output must hide. */
  secrets(): Iterable<string>;
  readonly process: ProcessSettings;
  /** Returns the place in a file of the repository that an error is about, as GitHub Actions names files; undefined elsewhere. */
  placeOf(error: unknown): { readonly file: string; readonly line: number; readonly column: number } | undefined;
  /** Steps that come before a stage of the environment: starting the local cloud, when it is the target and not running. */
  readonly preparation: readonly Step[];
  /** Reads and compares; changes nothing. */
  plan(choice: PlanOptions): PlanRun;
  readonly planFiles: PlanFiles;
  provision(choice: ProvisionOptions): StageRun<ProvisionDetails>;
  deploy(choice: DeployChoice): StageRun<DeployDetails>;
  seed(choice: Omit<SeedChoice, 'profile'> & { readonly profile: string | undefined }): StageRun<SeedDetails>;
  smoke(choice: SmokeChoice): StageRun<SmokeDetails>;
  /** Smokes again and again. Throws `DURATION_INVALID`, `WATCH_INTERVAL_TOO_SHORT` (exit 2). */
  watch(choice: WatchChoice): StageRun<WatchDetails>;
  perf(choice: PerfChoice): StageRun<PerfDetails>;
  load(choice: LoadChoice): StageRun<LoadDetails | null>;
  /** Returns the load as a k6 script that needs nothing but k6, or as the objects of a cluster; nothing is asked and nothing is sent. */
  loadScript(choice: LoadChoice): string;
  rollback(options: RollbackOptions): RollbackRun;
  /** Goes back and forward again, with the time of each. */
  drill(options: RollbackOptions): DrillRun;
  destroy(options: DestroyOptions): StageRun<DestroyDetails>;
  up(selection: UpSelection): UpRun;
  doctor(choice: { readonly install: Installable | undefined }): StageRun<null>;
  isolation(): StageRun<IsolationDetails>;
  /** Says what the environment costs. Throws `COST_WINDOW_TOO_SHORT` (exit 2). */
  cost(choice: CostChoice): StageRun<CostDetails>;
  gate(choice: GateChoice): StageRun<GateLedger>;
  /** Returns the keyed fingerprint of what an input holds, without its last line feed. Throws `FINGERPRINT_INPUT_EMPTY` (exit 2). */
  fingerprint(input: AsyncIterable<string | Buffer>): Promise<string>;
  status(): Promise<EnvironmentStatus>;
  /** Compares with the configuration and with production; changes nothing. */
  drift(): StageRun<DriftDetails>;
  /** Removes the lock of this id; `confirm` is the environment's name if it was typed. */
  unlock(id: string, confirm: string | undefined): Promise<Unlocked>;
  /** The file that events go to, opened before anything runs; undefined when none was named. */
  readonly eventFile: ((line: string) => void) | undefined;
  /** Runs steps: under the lock when they change something, journaled, with the events told to `events`. */
  runSteps(steps: readonly Step[], options: RunChoice): Promise<void>;
  /**
   * Writes the report's files, and what GitHub Actions takes, if it runs us. Undefined when there is no place to keep a report:
   * without a configuration nothing is left in the folder that the command is called in, unless a folder is named.
   */
  writeReport(run: ReportedRun, outcome: UpOutcome): Promise<WrittenReport | undefined>;
  /**
   * Tells people what came of a run: Slack, if they are to be told, and the comment on the pull request that a job of GitHub Actions runs
   * for. Resolves with a warning when they could not be told.
   */
  notify(command: string, stages: readonly StageResult[]): Promise<string | undefined>;
  /** Returns the report of an earlier run, the newest when none is named. Throws `REPORT_NOT_FOUND` (exit 2). */
  readReport(runId: string | undefined): Promise<RunReport>;
  /** Brings the issues of a report's checks up to date. Throws `GATE_NO_REPOSITORY` (exit 2), `CREDENTIAL_MISSING` (exit 3). */
  issues(report: RunReport): IssuesRun;
  readonly env: EnvCommands;
  readonly migrate: Omit<MigrateCommands, 'close'>;
  readonly secretCommands: SecretCommands;
  readonly preview: Omit<PreviewCommands, 'secrets' | 'close'>;
  readonly ci: CiCommands;
  readonly docs: DocsCommands;
  readonly logs: LogCommands;
  readonly init: InitCommands;
  readonly local: LocalCommands;
  close(): Promise<void>;
}

/** Plans on disk. */
export interface PlanFiles {
  /** Writes a plan; throws `OUTPUT_NOT_WRITABLE` and the like (kind `missing`). */
  write(path: string, saved: SavedPlan): Promise<void>;
  /** Reads a plan of this environment; throws `PLAN_FILE_UNREADABLE` (exit 2), `PLAN_TAMPERED`, `PLAN_OF_ANOTHER` (exit 6). */
  read(path: string): Promise<SavedPlan>;
}

/** What a release is made from: the tree as it lies there, a folder that is built already, or a git reference. */
export interface SourceChoice {
  readonly prebuilt?: string | undefined;
  readonly git?: string | undefined;
}

/** What `deploy` was asked for. */
export interface DeployChoice extends Pick<DeployOptions, 'contract' | 'rehearse' | 'autoRollback' | 'acceptNoRestorePoint'> {
  readonly source: SourceChoice;
  /** How long the deployment may take to become ready, e.g. `15m`. */
  readonly readyWithin: string;
}

/** How steps are run. */
export interface RunChoice {
  /** The command as the user named it, for the lock's refusal. */
  readonly command: string;
  /** False for commands that only read or measure: they need no lock. */
  readonly changes: boolean;
  readonly dryRun: boolean;
  readonly undoOnFailure: boolean;
  readonly events: EventSink;
}

/** Where the files of a report lie, absolute. */
export interface ReportFiles {
  readonly html: string;
  readonly json: string;
  readonly junit: string;
  readonly markdown: string;
}

/** The run that a report is about. */
export interface ReportedRun {
  readonly command: ReportingCommand;
  /** The name of its stage, when that is not the command's. */
  readonly stage?: string | undefined;
  /** The address that was named, when it is not the environment's own. */
  readonly url?: string | undefined;
  /** A folder for the files, beside or instead of the one of the run. */
  readonly dir?: string | undefined;
}

/** A report that was written. */
export interface WrittenReport {
  readonly report: RunReport;
  readonly files: ReportFiles;
  /** The HTML page's path as people type it here. */
  readonly shownPath: string;
  /** The configuration's path within the repository, as GitHub Actions names files; undefined elsewhere. */
  readonly configPath: string | undefined;
}
