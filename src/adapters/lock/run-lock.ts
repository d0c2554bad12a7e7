import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { StagingError } from '../../core/errors.ts';
import { jsonOrUndefined } from '../../core/json.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { printable } from '../../core/printable.ts';
import { type FoundLock, holderState, lockedBy, type LockHolder } from '../../core/run/lock.ts';
import { ensureFolder, notWritable, readIfThere, writeDurably } from '../files/durable-file.ts';
import { lookAt, ownMark } from '../system/process-mark.ts';
import { holderSchema } from './holder-schema.ts';

/** A lock that is held. */
export interface HeldLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a state folder, so that two runs never change one environment at the same time on this machine. A lock whose holder
 * is provably gone is taken over. Waits up to `waitMs` for another; then throws `RUN_LOCKED` (exit 7), naming who holds it, where and
 * since when. Throws `STATE_NOT_WRITABLE`, `LOCK_DAMAGED` (both kind `missing`).
 */
export async function takeRunLock(
  stateDir: string,
  holder: LockHolder,
  waitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<HeldLock> {
  const endMs = clock.nowMs() + waitMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await alone(stateDir, async () => {
      const before = await readLock(stateDir);
      if (before !== undefined && before.state !== 'gone') return before;
      await writeDurably(lockPath(stateDir), JSON.stringify(holder));
      return undefined;
    });
    if (found === undefined) return { release: () => releaseOwn(stateDir, holder.id) };
    if (clock.nowMs() >= endMs) throw lockedBy(found, `of ${stateDir}`);
    await clock.sleep(250, signal);
  }
}

/** Returns the lock of a state folder, or undefined when nobody holds it. Throws `LOCK_DAMAGED` (kind `missing`). */
export async function readLock(stateDir: string): Promise<FoundLock | undefined> {
  const text = await readIfThere(lockPath(stateDir));
  if (text === undefined) return undefined;
  const parsed = holderSchema.safeParse(jsonOrUndefined(text));
  if (!parsed.success) throw damaged(lockPath(stateDir));
  return { holder: parsed.data, state: holderState(parsed.data.process, ownMark(), lookAt) };
}

/** Removes the lock of this id; returns false when it is no longer the one that is there. */
export async function removeLock(stateDir: string, id: string): Promise<boolean> {
  return await alone(stateDir, async () => {
    if ((await readLock(stateDir))?.holder.id !== id) return false;
    await rm(lockPath(stateDir), { force: true });
    return true;
  });
}

function lockPath(stateDir: string): string {
  return join(stateDir, 'run.lock');
}

/** The folder may have been removed meanwhile: then there is no lock of ours to release, and none to make. */
async function releaseOwn(stateDir: string, id: string): Promise<void> {
  const isThere = await readdir(stateDir).then(
    () => true,
    () => false,
  );
  if (isThere) await removeLock(stateDir, id);
}

/**
 * Runs `work` while nobody else of this machine looks at or changes the lock: for milliseconds. Who is killed in between leaves a
 * mutex that is passed over after five seconds.
 */
async function alone<Value>(stateDir: string, work: () => Promise<Value>): Promise<Value> {
  await ensureFolder(stateDir);
  const open = await lock(stateDir, {
    lockfilePath: join(stateDir, 'run.lock.mutex'),
    realpath: false,
    stale: 5_000,
    retries: { retries: 200, factor: 1, minTimeout: 20, maxTimeout: 50, randomize: true },
    onCompromised: () => undefined,
  }).catch((error: unknown) => {
    throw notWritable(stateDir, error);
  });
  try {
    return await work();
  } finally {
    await open().catch(() => undefined);
  }
}

function damaged(path: string): StagingError {
  return new StagingError('missing', 'LOCK_DAMAGED', `The lock ${printable(path)} cannot be read, so nobody knows who holds it.`, {
    fix: `Make sure that no run is under way, then remove ${printable(path)}.`,
  });
}
