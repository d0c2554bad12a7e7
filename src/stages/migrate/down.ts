import { StagingError } from '../../core/errors.ts';
import { doneFindings } from '../../core/migrate/findings.ts';
import { counted, type MigrationBetween } from '../../core/rollback/plan.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { MigrateDeps } from './deps.ts';
import { migrationReversals } from './reversals.ts';

/** What `migrate down` reports beside its findings. */
export interface MigrateDownDetails {
  /** File names, newest first, as they were reversed. */
  readonly reversed: readonly string[];
}

/** What `migrate down` was asked for. */
export interface MigrateDownOptions {
  /** The version that stays the newest; undefined takes the newest one back alone. */
  readonly to?: string | undefined;
  /** True: rows that the reverse scripts take with them may go. */
  readonly acceptLoss: boolean;
}

/**
 * Returns the stage that takes applied migrations back, newest first, each in a transaction of its own. Refused (exit 6) before anything
 * is done: what no rehearsal has proven with the files as they are, and, without `acceptLoss`, what would take rows with it.
 */
export function migrateDownStage(deps: MigrateDeps, options: MigrateDownOptions): StageRun<MigrateDownDetails> {
  const startedAtMs = deps.clock.nowMs();
  const planned = slot<readonly MigrationBetween[]>('migrations to take back');
  const reversed: string[] = [];
  let hasBegun = false;
  return {
    steps: [
      ...deps.before,
      {
        id: 'plan',
        title: 'Look at what is to be taken back',
        run: async (io) => {
          const applied = (await deps.openDatabase().appliedMigrations(io.signal)).map(({ version }) => version).toSorted();
          const between = await migrationReversals(deps).between(versionsAbove(applied, options.to), io.signal);
          refuse(between, options);
          planned.set(between);
          return between.length === 0 ? 'nothing is applied' : between.map(({ file }) => file).join(', ');
        },
      },
      {
        id: 'reverse',
        title: 'Run their reverse scripts, newest first',
        mutates: true,
        skip: () => (planned.peek()?.length === 0 ? 'nothing to take back' : undefined),
        run: async (io) => {
          hasBegun = true;
          for (const { version, file } of planned.get()) {
            io.note(file);
            await migrationReversals(deps).reverse(version, io.signal);
            reversed.push(file);
          }
          return `${reversed.length} taken back`;
        },
      },
    ],
    result: () => {
      const between = planned.peek();
      if (between === undefined || (!hasBegun && between.length > 0)) return undefined;
      const findings = doneFindings(between, reversed, { done: 'taken back', left: 'still applied', expected: 'taken back' });
      const none = { id: 'none', title: 'Migrations to take back', verdict: 'green' as const, seen: 'none', expected: 'any number' };
      const shown = findings.length === 0 ? [none] : findings;
      return stageResult('migrate-down', shown, startedAtMs, deps.clock, { reversed }, `${reversed.length} taken back`);
    },
  };
}

/** Returns the versions above `to`, newest first. Throws `MIGRATION_NOT_APPLIED` (exit 2). */
function versionsAbove(applied: readonly string[], to: string | undefined): readonly string[] {
  if (to === undefined) return applied.slice(-1);
  if (!applied.includes(to)) {
    throw new StagingError(
      'usage',
      'MIGRATION_NOT_APPLIED',
      `${to} is not applied, expected one of ${applied.join(', ') || 'none at all'}.`,
      {
        fix: 'Name the version that is to stay the newest; `jv-staging migrate status` shows them.',
      },
    );
  }
  return applied.filter((version) => version > to).toReversed();
}

function refuse(between: readonly MigrationBetween[], { acceptLoss }: MigrateDownOptions): void {
  const unproven = between.filter(({ isProven }) => !isProven);
  if (unproven.length > 0) {
    const named = unproven.map(({ file, doubt }) => `${file} (${doubt ?? 'not rehearsed'})`);
    throw new StagingError('refused', 'MIGRATION_NOT_PROVEN', `Not taken back: ${named.join(', ')}, expected a rehearsed reverse script.`, {
      fix: 'Run `jv-staging migrate check --rehearse`; where no script leads back, only a restore point does (`jv-staging rollback`).',
      data: { migrations: unproven },
    });
  }
  const rows = between.flatMap(({ rowsAtStake }) => Object.entries(rowsAtStake)).filter(([, count]) => count > 0);
  if (rows.length === 0 || acceptLoss) return;
  const lost = rows.map(([what, count]) => `${counted(count)} of ${what}`);
  throw new StagingError('refused', 'MIGRATION_ROWS_AT_STAKE', `Taking it back would lose ${lost.join(', ')}, expected to lose none.`, {
    fix: 'Save the rows first, or add `--accept-loss`.',
    data: { rows: Object.fromEntries(rows) },
  });
}
