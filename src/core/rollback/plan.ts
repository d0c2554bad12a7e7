import { countOf } from '../count-of.ts';
import type { ReleaseRecord } from '../release/release.ts';
import type { RollbackGoal, RollbackRefusal } from './goal.ts';

/** What a migration does to what is there already; `unknown` when nothing tells. */
export type MigrationNature = 'additive' | 'locking' | 'destructive' | 'irreversible' | 'unknown';

/** A migration that stands between two releases, and what is known of it. */
export interface MigrationBetween {
  readonly version: string;
  /** File name, for messages. */
  readonly file: string;
  readonly nature: MigrationNature;
  /** True when up, down and up again gave the same catalog with just these two files. */
  readonly isProven: boolean;
  /** Why it is not proven, for messages. */
  readonly doubt?: string | undefined;
  /** Rows that its reverse script would lose, by what loses them (`table notes`, `column quotes.remark`); only where there are any. */
  readonly rowsAtStake: Readonly<Record<string, number>>;
}

/** A restore point that leads back to the goal. */
export interface UsableRestorePoint {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly place: string;
  /** Rows written since; null when nobody can say. */
  readonly rowsSince: number | null;
}

/** What a rollback does to the database. */
export type DatabaseDecision = 'app-only' | 'app-and-reverse-scripts' | 'app-and-restore-point';

/** What a rollback would do. */
export interface RollbackPlan {
  readonly kind: 'plan';
  readonly decision: DatabaseDecision;
  readonly from: ReleaseRecord;
  readonly to: ReleaseRecord;
  readonly continues: boolean;
  readonly recorded?: ReleaseRecord | undefined;
  /** Migrations that are reversed, newest first. */
  readonly reverse: readonly MigrationBetween[];
  /** Migrations that stay, since the goal's code runs beside them, newest first. */
  readonly keep: readonly MigrationBetween[];
  /** Versions that the goal ran on and the database lacks, oldest first. */
  readonly apply: readonly string[];
  readonly restorePoint: UsableRestorePoint | undefined;
  /** Rows that it would lose: 0 for none, null when nobody can say. More than 0 needs consent; a restore does always. */
  readonly losesRows: number | null;
  /** What loses them, for messages. */
  readonly losesText: string;
}

/** What a plan is made from, beside the goal. */
export interface PlanFacts {
  /** Versions that are applied, by the database's own ledger. */
  readonly applied: readonly string[];
  /** What is known of those that the goal did not run on, in any order. */
  readonly between: readonly MigrationBetween[];
  readonly restorePoint: UsableRestorePoint | undefined;
}

/** Returns the versions that are applied and newer than what a release ran on, in order. */
export function versionsBetween(goal: Pick<ReleaseRecord, 'migrationHead'>, applied: readonly string[]): readonly string[] {
  return applied.filter((version) => goal.migrationHead === null || version > goal.migrationHead).toSorted();
}

/**
 * Returns what a rollback does to the database, the least that lets the goal's code run without losing a row: nothing; the reverse scripts
 * of the newest migrations, all proven; or the restore point. Refuses (6) when old code cannot run and nothing leads back.
 */
export function planRollback({ from, to, continues, recorded }: RollbackGoal, facts: PlanFacts): RollbackPlan | RollbackRefusal {
  const newestFirst = facts.between.toSorted((left, right) => (left.version > right.version ? -1 : 1));
  const apply = Object.keys(to.migrationChecksums)
    .filter((version) => !facts.applied.includes(version))
    .toSorted();
  const plan = {
    kind: 'plan',
    from,
    to,
    continues,
    recorded,
    apply,
    keep: [],
    restorePoint: undefined,
    losesRows: 0,
    losesText: '',
  } as const;
  if (recorded !== undefined) return { ...plan, decision: 'app-only', reverse: [], keep: newestFirst };
  const oldest = newestFirst.findLastIndex((migration) => !runsBeside(migration));
  const doubtful = newestFirst.slice(0, oldest + 1).filter(({ isProven }) => !isProven);
  if (doubtful.length > 0) return restored(plan, facts.restorePoint, newestFirst, doubtful);
  // Additions below are reversed as a whole or not at all: a schema half way between two releases is nobody's.
  const reversed = newestFirst.every(isLossless) ? newestFirst.length : oldest + 1;
  if (reversed === 0) return { ...plan, decision: 'app-only', reverse: [], keep: newestFirst };
  const reverse = newestFirst.slice(0, reversed);
  const stakes = reverse.flatMap(({ rowsAtStake }) => Object.entries(rowsAtStake));
  return {
    ...plan,
    decision: 'app-and-reverse-scripts',
    reverse,
    keep: newestFirst.slice(reversed),
    losesRows: stakes.reduce((sum, [, rows]) => sum + rows, 0),
    losesText: stakes.map(([what, rows]) => `${counted(rows)} of ${what}`).join(', '),
  };
}

/** Returns `1 row`, `2 rows`. */
export function counted(rows: number): string {
  return countOf(rows, 'row');
}

/** Returns true for what code of before runs beside: additions, and what held a lock while it was applied. */
export function runsBeside({ nature }: MigrationBetween): boolean {
  return nature === 'additive' || nature === 'locking';
}

/** True when it can be reversed without losing a row. */
function isLossless({ isProven, rowsAtStake }: MigrationBetween): boolean {
  return isProven && Object.values(rowsAtStake).every((rows) => rows === 0);
}

function restored(
  plan: Omit<RollbackPlan, 'decision' | 'reverse'>,
  restorePoint: UsableRestorePoint | undefined,
  between: readonly MigrationBetween[],
  doubtful: readonly MigrationBetween[],
): RollbackPlan | RollbackRefusal {
  if (restorePoint !== undefined) {
    const { rowsSince, createdAt } = restorePoint;
    const losesText = `${rowsSince === null ? 'whatever was' : counted(rowsSince)} written since ${createdAt}, and what was changed or deleted meanwhile`;
    return { ...plan, decision: 'app-and-restore-point', reverse: [], restorePoint, losesRows: rowsSince, losesText };
  }
  const stakes = between.flatMap(({ rowsAtStake }) => Object.entries(rowsAtStake)).filter(([, rows]) => rows > 0);
  const lost = stakes.length === 0 ? '' : ` At stake: ${stakes.map(([what, rows]) => `${counted(rows)} of ${what}`).join(', ')}.`;
  const named = doubtful.map(({ file, nature, doubt }) => `${file} (${nature}; ${doubt ?? 'no proven reverse script'})`).join(', ');
  return {
    kind: 'refuse',
    error: 'refused',
    code: 'ROLLBACK_SCHEMA',
    reason: `The code of release ${plan.to.id} cannot run on this schema: ${named} cannot be taken back, and there is no restore point from before.${lost}`,
    fix: 'Put out a corrected release with `jv-staging deploy`, or prove reverse scripts with `jv-staging deploy --rehearse`.',
  };
}
