import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import { migrationPhases } from '../../core/release/phases.ts';
import { liveRelease } from '../../core/release/release.ts';
import { restorePointNeed, restorePointReason, type StatementNature } from '../../core/restore/need.ts';
import { counted, type MigrationBetween, type MigrationNature } from '../../core/rollback/plan.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { applyMigrations, besidePending } from '../migrate/apply.ts';
import { checkPending, refuseUnallowed } from '../migrate/check.ts';
import type { Resources } from '../resources.ts';
import type { DeployDeps, DeployFacts, DeployOptions } from './deps.ts';

/**
 * Returns the step that decides which pending migrations go out now and which wait. Throws `MIGRATION_DESTRUCTIVE` (exit 6) when one of
 * them, now or later, takes something away without saying why, and `DEPLOY_CONTRACT_…` (exit 6).
 */
export function phasesStep(deps: DeployDeps, facts: DeployFacts, { contract }: DeployOptions): Step {
  return {
    id: 'migrations',
    title: 'Look at the pending migrations',
    run: async (io) => {
      const folder = await deps.readMigrations(facts.place.get().migrations);
      const checked = await checkPending(deps, folder, io.signal);
      refuseUnallowed(checked);
      const pending = checked.map(({ file, migration }) => ({ file, nature: migration.class }));
      for (const { finding, migration } of checked) if (migration.class !== 'additive') io.note(`${finding.title}: ${finding.seen}`);
      for (const { file, nature } of pending) facts.natures.set(file.version, nature);
      facts.phases.set(migrationPhases(pending, { contract, live: liveRelease(facts.history.get()) }));
      const { now, waiting } = facts.phases.get();
      const waits = waiting.length === 0 ? '' : `; ${waiting.map(({ file }) => file).join(', ')} waits for \`deploy --contract\``;
      return `${now.length} pending${waits}${await besidePending(deps.openDatabase(), folder, io.signal)}`;
    },
  };
}

/** Returns the step that proves reverse scripts on a copy of the database, so that a rollback may use them. */
export function rehearseStep(deps: DeployDeps, { rehearse }: DeployOptions): Step {
  return {
    id: 'rehearse',
    title: 'Prove the reverse scripts on a copy of the database',
    mutates: true,
    skip: () => (rehearse ? undefined : 'not asked for'),
    run: async (io) => {
      const found = await deps.reversals().rehearse(io.signal);
      const doubtful = found
        .filter(({ isProven }) => !isProven)
        .map(({ version, doubt }) => `${version} (${doubt ?? 'it does not lead back'})`);
      const not = doubtful.length === 0 ? '' : `; not proven: ${doubtful.join(', ')}`;
      return found.length === 0 ? 'all were tried before' : `${found.length - doubtful.length} of ${found.length} lead back${not}`;
    },
  };
}

/**
 * Returns the step that takes a restore point when a migration does more than add: what it does could not be taken back otherwise. Before
 * the first release there is nothing to go back to. Throws `RESTORE_POINT_NO_PLACE` (exit 6).
 */
export function restorePointStep(deps: DeployDeps, facts: DeployFacts, { acceptNoRestorePoint }: DeployOptions): Step {
  const need = () => {
    const natured = facts.phases.get().now.map(({ version, file }) => ({ file, natures: naturesOf(facts.natures.get(version)) }));
    return facts.history.get().length === 0 ? undefined : restorePointNeed(natured);
  };
  return {
    id: 'restore-point',
    title: 'Take a restore point',
    mutates: true,
    skip: () => (facts.phases.peek() === undefined || need() !== undefined ? undefined : 'nothing that a rollback would need one for'),
    run: async (io) => {
      try {
        facts.restorePoint.set(await deps.restorePoints().take(restorePointReason(facts.releaseId.get(), need() ?? 'deploy'), io.signal));
        return `${facts.restorePoint.get().id} at ${facts.restorePoint.get().place}: ${need() ?? ''}`;
      } catch (error) {
        if (!acceptNoRestorePoint || !(error instanceof StagingError) || error.code !== 'RESTORE_POINT_NO_PLACE') throw error;
        return `none, as accepted: ${error.message}`;
      }
    },
  };
}

function naturesOf(nature: MigrationNature | undefined): readonly StatementNature[] {
  return nature === undefined || nature === 'unknown' ? [] : [nature];
}

/**
 * Returns the step that applies them, each file in its own transaction. Taken back, those of this run are reversed as far as they are
 * proven reversible and no row is lost; the others are named as still applied.
 */
export function migrateStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'migrate',
    title: 'Apply pending migrations',
    mutates: true,
    skip: () => (facts.phases.peek()?.now.length === 0 ? 'none is pending' : undefined),
    run: async (io) => {
      const { now } = facts.phases.get();
      await applyMigrations(deps.openDatabase(), now, io);
      // What the migrations wrote themselves is no loss.
      if (facts.restorePoint.peek() !== undefined) facts.restoreMark.set(await deps.openDatabase().writeMark(io.signal));
      return `${countOf(now.length, 'migration')} applied now`;
    },
    undo: async (io) => {
      const versions = new Set(facts.phases.get().now.map(({ version }) => version));
      const applied = (await deps.openDatabase().appliedMigrations(io.signal)).map(({ version }) => version);
      const ours = applied
        .filter((version) => versions.has(version))
        .toSorted()
        .toReversed();
      if (ours.length === 0) return;
      const live = await deps.deployments.live(resources.project.get().id, deps.settings.domain, io.signal);
      const between = await deps.reversals().between(ours, io.signal);
      // Code that is live needs its schema.
      if (live?.id === facts.deployment.peek()?.id) throw stillApplied(between, 'the domain points to this release');
      await reverseProven(deps, between, io);
    },
  };
}

async function reverseProven(deps: DeployDeps, newestFirst: readonly MigrationBetween[], io: StepIo): Promise<void> {
  for (const [at, migration] of newestFirst.entries()) {
    const rest = newestFirst.slice(at);
    if (!migration.isProven) throw stillApplied(rest, `${migration.file}: ${migration.doubt ?? 'no proven reverse script'}`);
    const rows = Object.entries(migration.rowsAtStake).filter(([, count]) => count > 0);
    if (rows.length > 0)
      throw stillApplied(rest, `reversing would lose ${rows.map(([what, count]) => `${counted(count)} of ${what}`).join(', ')}`);
    io.note(`reversing ${migration.file}`);
    await deps.reversals().reverse(migration.version, io.signal);
  }
}

function stillApplied(migrations: readonly MigrationBetween[], reason: string): Error {
  return new Error(`${migrations.map(({ file }) => file).join(', ')} still applied (${reason}).`);
}
