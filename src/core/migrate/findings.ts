import type { DirtyMigration, RowsAtStake } from '../ports/database.ts';
import type { Finding } from '../verdict.ts';
import type { ClassifiedMigration, ClassifiedStatement } from './classify.ts';
import { dirtyError } from './dirty.ts';
import { type HeldLock, lossText, type MigrationProof } from './proof.ts';

/** Returns true when a file takes something away and its author has not said why that may be. */
export function isUnallowed({ statements, allowDestructive }: ClassifiedMigration): boolean {
  // What cannot be taken back takes nothing away by itself: a value added to an enum, rows that are written anew.
  const takes = statements.some(({ class: own, losses }) => own === 'destructive' || (own === 'irreversible' && losses.length > 0));
  return takes && allowDestructive === null;
}

/** Returns what a file does as a finding: red when it takes something away without `-- jv:allow-destructive`. */
export function classFinding(migration: ClassifiedMigration, stakes: readonly RowsAtStake[]): Finding {
  const { file, version, allowDestructive } = migration;
  const grave = migration.statements.filter(({ class: own }) => own !== 'additive');
  // What is not there (any more, or yet) has no rows to lose.
  const rows = stakes.filter(({ rows: count }) => count !== null).map((stake) => `${String(stake.rows)} of ${lossText(stake)}`);
  const allowed = allowDestructive === null ? '' : `; allowed: ${allowDestructive}`;
  const atStake = rows.length === 0 ? '' : `; rows at stake: ${rows.join(', ')}`;
  const why = grave.length === 0 ? '' : `: ${grave.map(statementText).join('; ')}`;
  const finding = {
    id: `${version}-class`,
    title: file,
    seen: `${migration.class}${why}${atStake}${allowed}`,
    expected: 'nothing taken away, or allowed in the file',
  };
  if (!isUnallowed(migration)) return { ...finding, verdict: 'green' };
  return {
    ...finding,
    verdict: 'red',
    message: `${file} takes something away${atStake === '' ? '' : ` (${rows.join(', ')})`}, and does not say why that may be.`,
    fix: `Write \`-- jv:allow-destructive <reason>\` into ${file}, if it is meant.`,
  };
}

function statementText({ line, reason, class: own }: ClassifiedStatement): string {
  return `line ${line} ${reason ?? own}`;
}

/** Returns a file that broke half way as a red finding: nothing is applied before it is run again. */
export function dirtyFinding(dirty: DirtyMigration, invalidIndexes: readonly string[]): Finding {
  const { message, fix } = dirtyError(dirty, invalidIndexes);
  return {
    id: `${dirty.version}-dirty`,
    title: dirty.file,
    verdict: 'red',
    seen: `broke half way: ${dirty.done} of ${dirty.of} statements stand`,
    expected: 'whole, or not begun',
    message,
    ...(fix === undefined ? {} : { fix }),
  };
}

/** Returns what a rehearsal has shown as a finding: red when a reverse script fails or leads elsewhere. */
export function proofFinding(proof: MigrationProof, file: string): Finding {
  const locks = proof.locks.filter(({ heldMs }) => heldMs > 0).map(lockHeldText);
  const held = locks.length === 0 ? '' : `; locks held: ${locks.join(', ')}`;
  const way = proof.reversible ? 'up, down and up again lead to the same schema' : (proof.reason ?? 'not reversible');
  return {
    id: `${proof.version}-rehearsal`,
    title: `${file}, rehearsed`,
    verdict: proof.isBroken ? 'red' : 'green',
    seen: `${way}${held}`,
    expected: 'a reverse script that leads back, or none',
    ...(proof.isBroken
      ? {
          message: `The way back of ${file} does not hold: ${way}.`,
          fix: `Correct ${file} in the folder of reverse scripts, or remove it.`,
        }
      : {}),
  };
}

function lockHeldText({ table, mode, heldMs }: HeldLock): string {
  return `${table} ${heldMs < 1 ? '<1' : heldMs.toFixed(0)} ms (${mode.replace(/Lock$/, '')})`;
}

/** Returns a finding for each file that was to be done: green for those that were, red for what is left. */
export function doneFindings(
  files: readonly { readonly version: string; readonly file: string }[],
  done: readonly string[],
  words: { readonly done: string; readonly left: string; readonly expected: string },
): readonly Finding[] {
  return files.map(({ version, file }) => {
    const isDone = done.includes(file);
    const seen = isDone ? words.done : words.left;
    return { id: version, title: file, verdict: isDone ? 'green' : 'red', seen, expected: words.expected };
  });
}
