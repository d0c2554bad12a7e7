import type { RestorePoint } from '../ports/restore-points.ts';

/** What a migration does to what is there already, statement by statement, as the classifier tells. */
export type StatementNature = 'additive' | 'locking' | 'destructive' | 'irreversible';

/** A migration that is about to be applied, with the natures of its statements. */
export interface NaturedMigration {
  readonly file: string;
  readonly natures: readonly StatementNature[];
}

/**
 * Returns why a deploy needs a restore point before its migrations, or undefined when it needs none: one that only adds leaves every row
 * and column as it was, and its way back is to leave the addition unused. A migration of which nothing is known is not purely additive.
 */
export function restorePointNeed(pending: readonly NaturedMigration[]): string | undefined {
  const risky = pending.filter(({ natures }) => natures.length === 0 || natures.some((nature) => nature !== 'additive'));
  if (risky.length === 0) return undefined;
  const named = risky.map(({ file, natures }) => {
    const other = [...new Set(natures.filter((nature) => nature !== 'additive'))].join(', ');
    return `${file} (${other === '' ? 'unknown' : other})`;
  });
  return `not purely additive: ${named.join(', ')}`;
}

/** Returns the reason that a restore point is taken with: it names the release, so that it is found again when its run was cut off. */
export function restorePointReason(releaseId: string, need: string): string {
  return `before release ${releaseId}: ${need}`;
}

/** Returns true for a restore point that was taken for this release; its keeper may not say. */
export function isTakenFor({ reason }: Pick<RestorePoint, 'reason'>, releaseId: string): boolean {
  return reason?.startsWith(restorePointReason(releaseId, '')) === true;
}
