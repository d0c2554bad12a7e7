import type { StagingError } from '../../core/errors.ts';
import type { QueuePauses } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Deployment, Deployments, DomainMoves, ListedVariable } from '../../core/ports/hosting.ts';
import type { Reversals } from '../../core/ports/reversals.ts';
import type { RestorePoint } from '../../core/ports/restore-points.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';
import type { AppSource, SourcePlace, SourceState } from '../../core/ports/source.ts';
import type { Phases } from '../../core/release/phases.ts';
import type { ReleaseRecord } from '../../core/release/release.ts';
import type { MigrationNature } from '../../core/rollback/plan.ts';
import type { SmokeDetails } from '../../core/report.ts';
import type { EnvReference } from '../../core/settings.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { StageResult } from '../../core/verdict.ts';
import type { MigrateDeps } from '../migrate/deps.ts';
import type { SchemaDeps } from '../provision/schema.ts';
import type { ResourceDeps } from '../resources.ts';
import type { RestoreDeps } from '../restore/restore.ts';
import type { SeedDetails } from '../seed/parts.ts';

/** What deploying needs beside finding resources. */
export interface DeployDeps extends ResourceDeps, SchemaDeps, RestoreDeps {
  readonly clock: Clock;
  readonly source: AppSource;
  readonly deployments: Deployments;
  readonly moves: DomainMoves;
  readonly reversals: () => Reversals;
  readonly parseMigration: MigrateDeps['parseMigration'];
  readonly openPauses: () => QueuePauses;
  readonly sealing: () => Promise<Sealing>;
  readonly readSecret: (reference: EnvReference) => string | undefined;
  /** Returns a new, time-ordered release id. */
  readonly newReleaseId: () => string;
  /** Who runs this: `user@host`, or the CI job. */
  readonly actor: string;
  /** The smoke stage on an address, expecting this commit and this deployment; `settles`: the first red check settles the verdict. */
  readonly smoke: (origin: string, gitSha: string, deploymentId: string, options: { readonly settles: boolean }) => StageRun<SmokeDetails>;
  /** The seed stage with the configured profile. */
  readonly seed: () => StageRun<SeedDetails>;
}

/** What a deploy is asked for. */
export interface DeployOptions {
  /** True when the output is there already: nothing is built. */
  readonly prebuilt: boolean;
  /** True: contract migrations that waited are applied, too. */
  readonly contract: boolean;
  /** True: reverse scripts that nothing has proven yet are tried on a copy of the database first. */
  readonly rehearse: boolean;
  /** False: the domain stays on the new release although smoke is red there. */
  readonly autoRollback: boolean;
  /** True: migrations that do more than add are applied although no restore point could be taken. */
  readonly acceptNoRestorePoint: boolean;
  /** How long a deployment may take to become ready. */
  readonly readyWithinMs: number;
}

/** A deploy that asks for nothing in particular. */
export const plainDeploy: DeployOptions = {
  prebuilt: false,
  contract: false,
  rehearse: false,
  autoRollback: true,
  acceptNoRestorePoint: false,
  readyWithinMs: 15 * 60_000,
};

/** What deploying reports beside its findings. */
export interface DeployDetails {
  readonly releaseId: string;
  readonly deploymentId: string;
  /** The deployment's own address. */
  readonly url: string;
  readonly gitSha: string;
  readonly dirty: boolean;
  readonly migrationHead: string | null;
  /** Files that wait for `deploy --contract`. */
  readonly contractWaiting: readonly string[];
  /** Names of variables that were changed since the release before, and are live with this one. */
  readonly variablesChanged: readonly string[];
  /** True when a run that was cut off had created the deployment. */
  readonly continued: boolean;
  /** Id of the release before, or null. */
  readonly previous: string | null;
}

/** What the steps of one deploy find out for one another. */
export interface DeployFacts {
  readonly place: Slot<SourcePlace>;
  readonly source: Slot<SourceState>;
  /** Hash of the build output. */
  readonly output: Slot<string>;
  /** With those that no record named and that were found by their meta. */
  readonly history: Slot<readonly ReleaseRecord[]>;
  /** Of these the ones that are not written yet. */
  readonly recovered: Slot<readonly ReleaseRecord[]>;
  readonly phases: Slot<Phases>;
  /** What the migrations that go out now do, by version. */
  readonly natures: Map<string, MigrationNature>;
  readonly restorePoint: Slot<RestorePoint>;
  /** From where rows are counted that going back to it would lose. */
  readonly restoreMark: Slot<string>;
  /** The project's variables when the deployment was made: what it has baked in. */
  readonly variables: Slot<readonly ListedVariable[]>;
  readonly variablesChanged: Slot<readonly string[]>;
  /** What the domain points to before anything was done. */
  readonly liveBefore: Slot<{ readonly deployment: Deployment | undefined }>;
  readonly deployment: Slot<Deployment>;
  readonly continued: Slot<true>;
  readonly releaseId: Slot<string>;
  readonly seeded: Slot<StageRun<SeedDetails>>;
  readonly gates: StageResult[];
  /** The verdict of smoke on the domain, held back until the record is written (`--no-auto-rollback`). */
  readonly red: Slot<StagingError>;
  readonly record: Slot<ReleaseRecord>;
}

/** Returns empty facts for one deploy. */
export function emptyDeployFacts(): DeployFacts {
  return {
    place: slot('source'),
    source: slot('source state'),
    output: slot('hash of the build output'),
    history: slot('release history'),
    recovered: slot('releases that no record named'),
    phases: slot('pending migrations'),
    natures: new Map(),
    restorePoint: slot('restore point'),
    restoreMark: slot('mark of the restore point'),
    variables: slot('variables'),
    variablesChanged: slot('variables that changed'),
    liveBefore: slot('live deployment'),
    deployment: slot('deployment'),
    continued: slot('deployment of a run that was cut off'),
    releaseId: slot('release id'),
    seeded: slot('seed run'),
    gates: [],
    red: slot('verdict of smoke'),
    record: slot('release record'),
  };
}
