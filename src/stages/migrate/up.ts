import { StagingError } from '../../core/errors.ts';
import { dirtyError } from '../../core/migrate/dirty.ts';
import { doneFindings } from '../../core/migrate/findings.ts';
import type { MigrationFile } from '../../core/ports/database.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import { applyMigrations, besidePending } from './apply.ts';
import { checkPending, refuseUnallowed } from './check.ts';
import type { MigrateDeps } from './deps.ts';

/** What `migrate up` reports beside its findings. */
export interface MigrateUpDetails {
  /** File names, in the order in which they were applied. */
  readonly applied: readonly string[];
}

/** What `migrate up` was asked for. */
export interface MigrateUpOptions {
  /** Version of a file that broke half way outside of a transaction, to be run again from its beginning. */
  readonly retry?: string | undefined;
}

/**
 * Returns the stage that applies what is pending, each file in a transaction of its own: what was applied before a file that fails
 * stands, and the next run goes on from there. What takes something away is refused without a reason in the file (exit 6).
 */
export function migrateUpStage(deps: MigrateDeps, { retry }: MigrateUpOptions): StageRun<MigrateUpDetails> {
  const startedAtMs = deps.clock.nowMs();
  const applied: string[] = [];
  const pending = slot<readonly MigrationFile[]>('pending migrations');
  let hasBegun = false;
  return {
    steps: [
      ...deps.before,
      pendingStep(deps, { retry, found: pending.set }),
      {
        id: 'apply',
        title: 'Apply them, each in a transaction of its own',
        mutates: true,
        skip: () => (pending.peek()?.length === 0 ? 'none is pending' : undefined),
        run: async (io) => {
          hasBegun = true;
          await applyMigrations(deps.openDatabase(), pending.get(), io, { retry, applied: ({ file }) => void applied.push(file) });
          return `${applied.length} applied now`;
        },
      },
      ...deps.after,
    ],
    result: () => {
      // A dry run ends before anything is applied, and has nothing to judge.
      if (pending.peek() === undefined || (!hasBegun && pending.get().length > 0)) return undefined;
      const left = pending.get().filter(({ file }) => !applied.includes(file)).length;
      const findings = doneFindings(pending.get(), applied, { done: 'applied now', left: 'not applied', expected: 'applied' });
      const none = { id: 'none', title: 'Pending migrations', verdict: 'green' as const, seen: 'none', expected: 'none' };
      const summary = `${applied.length} applied now, ${left} pending`;
      return stageResult('migrate-up', findings.length === 0 ? [none] : findings, startedAtMs, deps.clock, { applied }, summary);
    },
  };
}

interface PendingChoice extends MigrateUpOptions {
  readonly found: (pending: readonly MigrationFile[]) => void;
}

/** Throws `MIGRATION_NOT_DIRTY` (exit 2) for a version to retry that did not break half way, `MIGRATION_DIRTY` (exit 5), `MIGRATION_DESTRUCTIVE` (exit 6). */
function pendingStep(deps: MigrateDeps, { retry, found }: PendingChoice): Step {
  return {
    id: 'pending',
    title: 'Look at what is pending',
    run: async (io) => {
      const database = deps.openDatabase();
      const folder = await deps.readMigrations();
      const dirty = await database.dirtyMigrations(io.signal);
      const versions = dirty.map(({ version }) => version);
      if (retry !== undefined && !versions.includes(retry)) throw notDirty(retry, versions);
      const checked = await checkPending(deps, folder, io.signal);
      const inTheWay = dirty.find(({ version }) => version !== retry && checked.some(({ file }) => file.version === version));
      if (inTheWay !== undefined) throw dirtyError(inTheWay, await database.invalidIndexes(io.signal));
      refuseUnallowed(checked);
      found(checked.map(({ file }) => file));
      return `${checked.length} of ${folder.migrations.length} pending${await besidePending(deps.openDatabase(), folder, io.signal)}`;
    },
  };
}

function notDirty(retry: string, dirty: readonly string[]): StagingError {
  const there = dirty.length === 0 ? 'none did' : dirty.join(', ');
  return new StagingError('usage', 'MIGRATION_NOT_DIRTY', `${retry} did not break half way, expected a version that did: ${there}.`, {
    fix: 'Leave `--retry` out, or name one that `jv-staging migrate status` shows as broken half way.',
  });
}
