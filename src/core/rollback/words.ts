import { StagingError } from '../errors.ts';
import type { RollbackRefusal } from './goal.ts';
import type { RollbackPlan } from './plan.ts';

/** What no rollback brings back, whatever it does to the database. */
const neverBack = [
  'mail, messages and calls to other services that were sent since',
  'jobs that were done since, and cron runs that came meanwhile',
  'files in storage, sessions and cached values in Redis',
] as const;

/** Returns the error of a refusal. */
export function refusalError({ error, code, reason, fix }: RollbackRefusal): StagingError {
  return new StagingError(error, code, reason, { fix });
}

/** Returns what the database's part of a plan is, in one line. */
export function decisionText(plan: RollbackPlan): string {
  const applied = plan.apply.length === 0 ? '' : `; applies ${plan.apply.join(', ')} again`;
  switch (plan.decision) {
    case 'app-only':
      return `app only${plan.keep.length === 0 ? '' : `; ${files(plan.keep)} stays, for its code runs beside it`}${applied}`;
    case 'app-and-reverse-scripts':
      return `app and reverse scripts: ${files(plan.reverse)}${plan.keep.length === 0 ? '' : `; ${files(plan.keep)} stays`}${applied}`;
    case 'app-and-restore-point':
      return `app and restore point ${plan.restorePoint?.id ?? ''} of ${plan.restorePoint?.createdAt ?? ''}${applied}`;
  }
}

/** Returns the line of a plan: from which release to which, and what becomes of the database. */
export function planText(plan: RollbackPlan): string {
  const carried = plan.continues ? ', carrying on with a rollback that was cut off' : '';
  return `${plan.from.id} → ${plan.to.id} (commit ${plan.to.gitSha.slice(0, 12)}), ${decisionText(plan)}${carried}`;
}

/**
 * Returns what will not come back with a plan; `addedVariables` are the variables that came with a later release: nothing removes them,
 * and the goal's build does not know them.
 */
export function notComingBack(plan: RollbackPlan, addedVariables: readonly string[] = []): readonly string[] {
  return [
    ...neverBack,
    `variables in the build of ${plan.to.id}: it has those that it was made with, whatever was rotated since`,
    ...(addedVariables.length === 0 ? [] : [`variables that came later stay on the project: ${addedVariables.join(', ')}`]),
    ...(plan.keep.length === 0 ? [] : [`the schema of ${files(plan.keep)}: its additions and their rows stay`]),
    ...(losesAnything(plan) ? [`${plan.losesText}: lost for good`] : []),
  ];
}

/** Throws `ROLLBACK_LOSES_ROWS` (exit 6) when rows would be lost and the environment's name was not typed. */
export function requireConsent(plan: RollbackPlan, name: string, confirmed: string | undefined): void {
  if (!losesAnything(plan) || confirmed === name) return;
  const typed = confirmed === undefined ? '' : ` (--confirm says ${confirmed})`;
  throw new StagingError(
    'refused',
    'ROLLBACK_LOSES_ROWS',
    `Going back to ${plan.to.id} would lose ${plan.losesText}, expected none to be lost without consent${typed}.`,
    { fix: `Run \`jv-staging rollback --dry-run\` to see what goes, then \`jv-staging rollback --to ${plan.to.id} --confirm ${name}\`.` },
  );
}

/** Rows can be counted that were written since, not those that were deleted: a restore takes back both. */
export function losesAnything({ losesRows, decision }: RollbackPlan): boolean {
  return losesRows !== 0 || decision === 'app-and-restore-point';
}

function files(migrations: RollbackPlan['keep']): string {
  return migrations.map(({ file }) => file).join(', ');
}
