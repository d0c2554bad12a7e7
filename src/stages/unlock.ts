import { StagingError } from '../core/errors.ts';
import { type FoundLock, holderSentence } from '../core/run/lock.ts';

/** A place where a lock of the environment is kept: a folder of this machine, the environment's database. */
export interface LockPlace {
  /** Where it is, in words that follow "the lock". */
  readonly where: string;
  find(signal: AbortSignal): Promise<FoundLock | undefined>;
  /** Removes the lock of this id; returns false when it is another's by now. */
  remove(id: string, signal: AbortSignal): Promise<boolean>;
}

/** What unlocking did. */
export interface Unlocked {
  /** Where the lock was removed; empty when nobody held one. */
  readonly removed: readonly string[];
}

/**
 * Removes the lock of this id wherever it is kept. A holder that lives is never unlocked; one of which nothing is known only with
 * `confirmed` (the environment's name was typed). Looks at every place before it removes anything. Throws `LOCK_ID_UNKNOWN` (kind `usage`),
 * `LOCK_HOLDER_ALIVE`, `LOCK_HOLDER_UNKNOWN` (kind `refused`).
 */
export async function unlock(
  places: readonly LockPlace[],
  id: string,
  consent: { readonly environment: string; readonly confirmed: boolean },
  signal: AbortSignal,
): Promise<Unlocked> {
  const found: { readonly place: LockPlace; readonly lock: FoundLock }[] = [];
  for (const place of places) {
    const lock = await place.find(signal);
    if (lock !== undefined) found.push({ place, lock });
  }
  const named = found.filter(({ lock }) => lock.holder.id === id);
  const [other] = found;
  if (named.length === 0 && other !== undefined) throw unknownId(id, other.lock);
  for (const { lock } of named) refuseLiving(lock, consent);
  const removed: string[] = [];
  for (const { place } of named) if (await place.remove(id, signal)) removed.push(place.where);
  return { removed };
}

function unknownId(id: string, { holder }: FoundLock): StagingError {
  return new StagingError('usage', 'LOCK_ID_UNKNOWN', `There is no lock ${id}: ${holderSentence(holder)} holds the lock ${holder.id}.`, {
    fix: `Run \`jv-staging unlock ${holder.id}\` if that is the one.`,
  });
}

function refuseLiving({ holder, state }: FoundLock, consent: { readonly environment: string; readonly confirmed: boolean }): void {
  if (state === 'alive') {
    throw new StagingError('refused', 'LOCK_HOLDER_ALIVE', `${holderSentence(holder)} still runs, so its lock is left to it.`, {
      fix: `Wait for it, or end process ${holder.process.pid} first.`,
    });
  }
  if (state === 'unknown' && !consent.confirmed) {
    throw new StagingError(
      'refused',
      'LOCK_HOLDER_UNKNOWN',
      `Whether ${holderSentence(holder)} still runs cannot be told from here; unlocking it while it does lets two runs change one environment.`,
      { fix: `Make sure that it has ended, then run \`jv-staging unlock ${holder.id} --confirm ${consent.environment}\`.` },
    );
  }
}
