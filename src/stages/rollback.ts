import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Deployment, Deployments, DomainMoves } from '../core/ports/hosting.ts';
import { migrationHead } from '../core/release/migrations.ts';
import { type ActualState, planRollback, type ReleaseRecord } from '../core/release/release.ts';
import type { SmokeDetails } from '../core/report.ts';
import { type Slot, slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import type { Step } from '../core/run/step.ts';
import { type LeaseDeps, leaseStep } from './lease.ts';
import { locateStep } from './locate.ts';
import { type ResourceDeps, type Resources } from './resources.ts';
import type { SchemaDeps } from './provision/schema.ts';

/** What rolling back needs beside finding resources. */
export interface RollbackDeps extends ResourceDeps, LeaseDeps, Pick<SchemaDeps, 'openDatabase'> {
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly moves: DomainMoves;
  readonly newReleaseId: () => string;
  readonly actor: string;
  /** The smoke stage on an address, expecting this commit and this deployment. */
  readonly smoke: (origin: string, gitSha: string, deploymentId: string) => StageRun<SmokeDetails>;
}

/** What a rollback reports beside its findings. */
export interface RollbackDetails {
  /** Id of the record of the rollback itself. */
  readonly releaseId: string;
  /** The release that was live before. */
  readonly from: string;
  /** The release that is live again. */
  readonly to: string;
  readonly deploymentId: string;
  readonly gitSha: string;
}

/** Returns the stage that points the domain back at an earlier release (`to`, default: the one before) and proves it by smoke. */
export function rollbackStage(deps: RollbackDeps, resources: Resources, to: string | undefined): StageRun<RollbackDetails> {
  const startedAtMs = deps.clock.nowMs();
  const plan = slot<{ readonly from: ReleaseRecord; readonly to: ReleaseRecord }>('rollback plan');
  const actual = slot<ActualState>('what is really live');
  const goal = slot<Deployment>('deployment to go back to');
  const record = slot<ReleaseRecord>('record of the rollback');
  const smoked = slot<StageRun<SmokeDetails>>('smoke run');
  const red = slot<StagingError>('verdict of smoke');
  const { domain } = deps.settings;
  const steps: readonly Step[] = [
    locateStep(deps, resources),
    leaseStep(deps),
    {
      id: 'plan',
      title: 'Plan the rollback from the release records',
      run: async (io) => {
        const database = deps.openDatabase();
        const live = await deps.deployments.live(resources.project.get().id, domain, io.signal);
        actual.set({ deploymentId: live?.id, migrationHead: migrationHead(await database.appliedMigrations(io.signal)) });
        const decided = planRollback(await database.releases(deps.settings.environment, io.signal), to, actual.get());
        if (decided.kind === 'refuse') {
          const kind = decided.code === 'RELEASE_SCHEMA_CHANGED' ? 'refused' : 'missing';
          throw new StagingError(kind, decided.code, decided.reason, { fix: decided.fix });
        }
        plan.set(decided);
        return `${decided.from.id} → ${decided.to.id} (commit ${decided.to.gitSha.slice(0, 12)}), app only`;
      },
    },
    {
      id: 'deployment',
      title: 'Find the deployment of that release',
      run: async (io) => {
        const found = await deps.deployments.get(plan.get().to.vercelDeploymentId, io.signal);
        if (found.state !== 'ready') {
          throw new StagingError(
            'refused',
            'ROLLBACK_DEPLOYMENT_GONE',
            `Deployment ${found.id} of release ${plan.get().to.id} is ${found.state}, expected ready.`,
            {
              fix: 'Name another release with `--to`, or check that commit out and run `jv-staging deploy`.',
            },
          );
        }
        goal.set(found);
        return found.url;
      },
    },
    {
      id: 'move-domain',
      title: `Move ${domain} back`,
      mutates: true,
      run: async (io) => {
        guardProduction({ what: 'domain', identities: [domain] }, deps.settings.production);
        await deps.moves.rollback(resources.project.get().id, goal.get().id, io.signal);
        return `to ${goal.get().id}`;
      },
      verify: async (io) => {
        const live = await deps.deployments.live(resources.project.get().id, domain, io.signal);
        if (live?.id === goal.get().id) return;
        throw new StagingError(
          'vendor',
          'ROLLBACK_DOMAIN_NOT_MOVED',
          `${domain} points to ${live?.id ?? 'nothing'}, expected ${goal.get().id}.`,
          {
            fix: 'Run `jv-staging rollback` again.',
          },
        );
      },
    },
    {
      id: 'smoke-domain',
      title: `Smoke on ${domain}`,
      steps: () => {
        smoked.set(deps.smoke(deps.appOrigin, plan.get().to.gitSha, goal.get().id));
        return smoked.get().steps.map((step) => (step.id === 'verdict' ? holdVerdict(step, red) : step));
      },
    },
    {
      id: 'record',
      title: 'Write the release record',
      mutates: true,
      run: async (io) => {
        record.set(rollbackRecord(deps, { ...plan.get(), migrationHead: actual.get().migrationHead }, smoked.get()));
        await deps.openDatabase().appendRelease(record.get(), io.signal);
        return record.get().id;
      },
    },
    {
      id: 'verdict',
      title: 'Verdict of smoke on the earlier release',
      run: async () => {
        const error = red.peek();
        if (error !== undefined) throw error;
        return smoked.get().result()?.summary;
      },
    },
  ];
  return {
    steps,
    result: () => {
      const written = record.peek();
      const gate = smoked.peek()?.result();
      if (written === undefined || gate === undefined) return undefined;
      const { from, to: target } = plan.get();
      const findings = [
        {
          id: 'release',
          title: `Release on ${domain}`,
          verdict: 'green' as const,
          seen: `${target.id}, commit ${target.gitSha.slice(0, 12)}`,
          expected: 'the earlier release, live again',
        },
        { id: 'smoke-domain', title: 'Smoke on the domain', verdict: gate.verdict, seen: gate.summary, expected: 'all green' },
      ];
      return stageResult('rollback', findings, startedAtMs, deps.clock, {
        releaseId: written.id,
        from: from.id,
        to: target.id,
        deploymentId: target.vercelDeploymentId,
        gitSha: target.gitSha,
      });
    },
  };
}

/**
 * Returns a gate's verdict step that keeps its error for later instead of throwing it: the domain has moved, and the record must
 * say so even when smoke is red.
 */
function holdVerdict(step: Step, red: Slot<StagingError>): Step {
  return {
    ...step,
    run: async (io) => {
      try {
        return await step.run?.(io);
      } catch (error) {
        if (!(error instanceof StagingError) || (error.kind !== 'red' && error.kind !== 'inconclusive')) throw error;
        red.set(error);
        return { verdict: error.kind, detail: error.code };
      }
    },
  };
}

/** Returns the record of a rollback: the goal's release again, under its own id, after what was live until now. */
function rollbackRecord(
  deps: RollbackDeps,
  moved: { readonly from: ReleaseRecord; readonly to: ReleaseRecord; readonly migrationHead: string | null },
  smoked: StageRun<SmokeDetails>,
): ReleaseRecord {
  const { from, to } = moved;
  const gate = smoked.result();
  return {
    ...to,
    id: deps.newReleaseId(),
    kind: 'rollback',
    // Data and variables stay as they are: only the app goes back.
    migrationHead: moved.migrationHead,
    migrationChecksums: from.migrationChecksums,
    seedVersion: from.seedVersion,
    gates: gate === undefined ? [] : [{ gate: 'smoke-domain', verdict: gate.verdict, summary: gate.summary }],
    createdAt: new Date(deps.clock.nowMs()).toISOString(),
    actor: deps.actor,
    previous: from.id,
  };
}
