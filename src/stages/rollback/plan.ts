import { StagingError } from '../../core/errors.ts';
import type { ReleaseRecord } from '../../core/release/release.ts';
import { type RollbackGoal, rollbackGoal } from '../../core/rollback/goal.ts';
import { type MigrationBetween, planRollback, type UsableRestorePoint, versionsBetween } from '../../core/rollback/plan.ts';
import { restorePointTo } from '../../core/rollback/restore-point.ts';
import { recordsToAppend } from '../../core/restore/records.ts';
import { variableDrift } from '../../core/variables/since-release.ts';
import { losesAnything, notComingBack, planText, refusalError, requireConsent } from '../../core/rollback/words.ts';
import type { Step } from '../../core/run/step.ts';
import { appendRecovered, findUnrecorded } from '../deploy/recover.ts';
import type { Resources } from '../resources.ts';
import type { RollbackDeps, RollbackFacts, RollbackOptions } from './deps.ts';

/**
 * Returns the step that records releases which are live, or were, and that no record names: their deploy was cut off, or the records were
 * lost. A dry run only finds them.
 */
export function recoverStep(deps: RollbackDeps, resources: Resources, facts: RollbackFacts, { dryRun }: RollbackOptions): Step {
  return {
    id: 'recover',
    title: 'Record releases that were cut off',
    mutates: !dryRun,
    probe: async (io) => {
      const { id } = resources.project.get();
      const history = await deps.openDatabase().releases(deps.settings.environment, io.signal);
      const served = await deps.deployments.live(id, deps.settings.domain, io.signal);
      facts.recovered.set(await findUnrecorded(deps, id, { served, history }, io.signal));
      return facts.recovered.get().length === 0 ? 'every release is recorded' : undefined;
    },
    run: async (io) => {
      const found = facts.recovered.get();
      if (dryRun) return `${found.map(({ id }) => id).join(', ')} would be recorded`;
      return await appendRecovered(deps, found, io);
    },
  };
}

/**
 * Returns the step that decides what the rollback does, from the records and from what is really there. Throws `RELEASE_…` (exit 3) and
 * `ROLLBACK_SCHEMA` (exit 6).
 */
export function planStep(deps: RollbackDeps, resources: Resources, facts: RollbackFacts, options: RollbackOptions): Step {
  return {
    id: 'plan',
    title: 'Plan the rollback from the release records',
    run: async (io) => {
      const database = deps.openDatabase();
      const { id, autoAssignDomains } = resources.project.get();
      const live = await deps.deployments.live(id, deps.settings.domain, io.signal);
      facts.before.set({ deploymentId: live?.id, autoAssign: autoAssignDomains });
      const recorded = await database.releases(deps.settings.environment, io.signal);
      const history = [...recorded, ...recordsToAppend(facts.recovered.peek() ?? [], recorded)];
      const goal = rollbackGoal(history, { to: options.to, served: live?.id, unheard: await deps.unheardRecords() });
      if (goal.kind === 'refuse') throw refusalError(goal);
      const applied = (await database.appliedMigrations(io.signal)).map(({ version }) => version);
      const versions = versionsBetween(goal.to, applied);
      const between = versions.length === 0 ? [] : await deps.reversals().between(versions, io.signal);
      const restorePoint = await usableRestorePoint(deps, history, goal, between, io.signal);
      const plan = planRollback(goal, { applied, between, restorePoint });
      if (plan.kind === 'refuse') throw refusalError(plan);
      const drift = variableDrift(plan.to, await deps.projects.variables(id, io.signal));
      facts.plan.set(plan);
      facts.variables.set(drift.changed);
      facts.lost.set(notComingBack(plan, drift.added));
      for (const line of facts.lost.get()) io.note(`will not come back: ${line}`);
      return planText(plan);
    },
  };
}

async function usableRestorePoint(
  deps: RollbackDeps,
  history: readonly ReleaseRecord[],
  goal: RollbackGoal,
  between: readonly MigrationBetween[],
  signal: AbortSignal,
): Promise<UsableRestorePoint | undefined> {
  const named = between.length === 0 ? undefined : restorePointTo(history, goal.to, between);
  if (named === undefined) return undefined;
  const found = (await deps.restorePoints().list([named.id], signal)).find((point) => point.id === named.id);
  if (found === undefined) return undefined;
  const rowsSince = named.mark === null ? null : await deps.openDatabase().rowsWrittenSince(named.mark, signal);
  return { id: found.id, createdAt: found.createdAt, place: found.place, rowsSince };
}

/** Returns the step that refuses to lose rows without consent. Throws `ROLLBACK_LOSES_ROWS` (exit 6). */
export function consentStep(deps: RollbackDeps, facts: RollbackFacts, options: RollbackOptions): Step {
  return {
    id: 'consent',
    title: 'See that no row is lost without consent',
    skip: () => (options.dryRun ? 'a dry run loses nothing' : undefined),
    run: async () => {
      const plan = facts.plan.get();
      requireConsent(plan, deps.settings.name, options.confirm);
      return losesAnything(plan) ? `${plan.losesText}: consented to by --confirm` : 'none is lost';
    },
  };
}

/** Returns the step that finds the goal's deployment. Throws `ROLLBACK_DEPLOYMENT_GONE` (exit 6). */
export function deploymentStep(deps: RollbackDeps, facts: RollbackFacts): Step {
  return {
    id: 'deployment',
    title: 'Find the deployment of that release',
    run: async (io) => {
      const { to } = facts.plan.get();
      const found = await deps.deployments.find(to.vercelDeploymentId, io.signal);
      if (found?.state === 'ready') {
        facts.goal.set(found);
        return found.url;
      }
      throw new StagingError(
        'refused',
        'ROLLBACK_DEPLOYMENT_GONE',
        `Deployment ${to.vercelDeploymentId} of release ${to.id} is ${found?.state ?? 'not there any more'}, expected ready.`,
        { fix: 'Name another release with `--to`, or check that commit out and run `jv-staging deploy`.' },
      );
    },
  };
}
