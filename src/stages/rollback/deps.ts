import type { StagingError } from '../../core/errors.ts';
import type { QueuePauses } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Deployment, Deployments, DomainMoves } from '../../core/ports/hosting.ts';
import type { Reversals } from '../../core/ports/reversals.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';
import type { ReleaseRecord } from '../../core/release/release.ts';
import type { SmokeDetails } from '../../core/report.ts';
import type { RollbackPlan } from '../../core/rollback/plan.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { SmokeCheck } from '../../core/smoke/smoke.ts';
import type { SchemaDeps } from '../provision/schema.ts';
import type { ResourceDeps } from '../resources.ts';
import type { RestoreDeps } from '../restore/restore.ts';

/** What rolling back needs beside finding resources. */
export interface RollbackDeps extends ResourceDeps, RestoreDeps, SchemaDeps {
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly moves: DomainMoves;
  readonly reversals: () => Reversals;
  readonly openPauses: () => QueuePauses;
  readonly sealing: () => Promise<Sealing>;
  readonly newReleaseId: () => string;
  readonly actor: string;
  /** Returns the ids of records that may stand in the history although the rollbacks that wrote them were cut off. */
  readonly unheardRecords: () => Promise<readonly string[]>;
  /** The smoke stage on an address, expecting this commit and this deployment, with a release's own checks (undefined: today's). */
  readonly smoke: (
    origin: string,
    gitSha: string,
    deploymentId: string,
    options: { readonly checks: readonly SmokeCheck[] | undefined },
  ) => StageRun<SmokeDetails>;
}

/** What a rollback is asked for. */
export interface RollbackOptions {
  /** A release id; undefined is the release before the live one. */
  readonly to?: string | undefined;
  /** What was typed for `--confirm`: the environment's name consents to the loss of rows. */
  readonly confirm?: string | undefined;
  /** True when nothing is changed: what would need consent is only said. */
  readonly dryRun: boolean;
}

/** What the steps of one rollback find out for one another. */
export interface RollbackFacts {
  /** Releases that no record names yet; a dry run writes none. */
  readonly recovered: Slot<readonly ReleaseRecord[]>;
  readonly plan: Slot<RollbackPlan>;
  /** What will not come back. */
  readonly lost: Slot<readonly string[]>;
  /** Names of variables whose value differs from the goal's. */
  readonly variables: Slot<readonly string[]>;
  readonly goal: Slot<Deployment>;
  /** The deployment that the domain pointed to before, and whether the project assigned its domains by itself. */
  readonly before: Slot<{ readonly deploymentId: string | undefined; readonly autoAssign: boolean }>;
  readonly record: Slot<ReleaseRecord>;
  readonly smoked: Slot<StageRun<SmokeDetails>>;
  /** The verdict of smoke, held back until the record is written. */
  readonly red: Slot<StagingError>;
}

/** Returns empty facts for one rollback. */
export function emptyRollbackFacts(): RollbackFacts {
  return {
    recovered: slot('releases that no record names'),
    plan: slot('rollback plan'),
    lost: slot('what will not come back'),
    variables: slot('variables that differ'),
    goal: slot('deployment to go back to'),
    before: slot('what was live'),
    record: slot('record of the rollback'),
    smoked: slot('smoke run'),
    red: slot('verdict of smoke'),
  };
}
