import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import { migrationHead } from '../../core/release/migrations.ts';
import type { RollbackPlan } from '../../core/rollback/plan.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { applyMigrations } from '../migrate/apply.ts';
import type { Resources } from '../resources.ts';
import { appendKept, type RestoreDeps, restoreTo } from '../restore/restore.ts';
import type { RollbackDeps, RollbackFacts } from './deps.ts';

/** Returns the step that applies again what the goal ran on: before the domain moves, since its code needs it. */
export function applyStep(deps: RollbackDeps, facts: RollbackFacts): Step {
  return {
    id: 'apply',
    title: 'Apply again what the release ran on',
    mutates: true,
    skip: () => (facts.plan.get().apply.length === 0 ? 'nothing is missing' : undefined),
    run: async (io) => {
      const { apply } = facts.plan.get();
      await applyVersions(deps, facts.plan.get(), apply, io);
      return `${apply.length} applied`;
    },
  };
}

/** Returns the step that takes the database back: by reverse scripts, newest first, or by the restore point. */
export function databaseStep(deps: RollbackDeps, resources: Resources, facts: RollbackFacts): Step {
  return {
    id: 'database',
    title: 'Take the database back',
    mutates: true,
    skip: () => (facts.plan.get().decision === 'app-only' ? 'the schema fits as it is' : undefined),
    run: async (io) => {
      const { decision, restorePoint, reverse } = facts.plan.get();
      if (decision === 'app-and-restore-point' && restorePoint !== undefined) {
        io.note(`restoring ${restorePoint.id} from ${restorePoint.place}`);
        const records = await restoreTo(deps, resources, restorePoint.id, io);
        return `restored to ${restorePoint.createdAt}; ${records} release records appended again`;
      }
      for (const { version, file } of reverse) {
        io.note(`reversing ${file}`);
        await deps.reversals().reverse(version, io.signal);
      }
      return `${countOf(reverse.length, 'migration')} reversed`;
    },
    verify: async (io) => {
      const { decision, keep, to } = facts.plan.get();
      if (decision !== 'app-and-reverse-scripts') return;
      const head = migrationHead(await deps.openDatabase().appliedMigrations(io.signal));
      const expected = keep[0]?.version ?? to.migrationHead;
      if (head === expected) return;
      throw new StagingError(
        'vendor',
        'ROLLBACK_DATABASE_NOT_BACK',
        `The schema stands at ${head ?? 'none'}, expected ${expected ?? 'none'}.`,
        {
          fix: 'Run `jv-staging rollback` again: it carries on.',
        },
      );
    },
    undo: async (io) => {
      const plan = facts.plan.get();
      if (plan.decision === 'app-and-restore-point') throw new Error('What was restored is not taken forward again.');
      const applied = new Set((await deps.openDatabase().appliedMigrations(io.signal)).map(({ version }) => version));
      const gone = plan.reverse.map(({ version }) => version).filter((version) => !applied.has(version));
      await applyVersions(deps, plan, gone.toReversed(), io);
    },
  };
}

async function applyVersions(deps: RollbackDeps, plan: RollbackPlan, versions: readonly string[], io: StepIo): Promise<void> {
  const { migrations } = await deps.readMigrations();
  const files = versions.map((version) => {
    const file = migrations.find((each) => each.version === version);
    if (file === undefined) throw fileMissing(plan, version);
    const expected = plan.to.migrationChecksums[version] ?? plan.from.migrationChecksums[version];
    if (expected !== undefined && file.checksum !== expected) throw fileMissing(plan, version);
    return file;
  });
  await applyMigrations(deps.openDatabase(), files, io);
}

function fileMissing({ to }: RollbackPlan, version: string): StagingError {
  return new StagingError(
    'refused',
    'ROLLBACK_MIGRATION_MISSING',
    `Release ${to.id} ran on migration ${version}, which is not in the migration folder as it was applied then.`,
    { fix: `Check out commit ${to.gitSha.slice(0, 12)}, then run \`jv-staging rollback --to ${to.id}\` again.` },
  );
}

/** Returns the step that appends release records which a run that was cut off while it restored left waiting on disk. */
export function keptRecordsStep(deps: Pick<RestoreDeps, 'settings' | 'openDatabase' | 'keptRecords'>): Step {
  return {
    id: 'kept-records',
    title: 'Append release records that wait since a restore',
    mutates: true,
    probe: async () => ((await deps.keptRecords.read()).length === 0 ? 'none waits' : undefined),
    run: async (io) => `${await appendKept(deps, io)} appended`,
  };
}
