import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { StagingError } from '../../core/errors.ts';
import { type Clock, isoNow } from '../../core/ports/clock.ts';

/** Who takes the lock, for the refusal that others get. */
export interface LockHolder {
  readonly actor: string;
  readonly command: string;
  readonly pid: number;
}

/** A lock that is held. */
export interface HeldLock {
  release(): Promise<void>;
}

/** A holder that has not shown itself for so long is taken as dead (it shows itself twice in that time). */
const staleMs = 10_000;

/**
 * Takes the lock of a state folder, so that two runs never change one environment at the same time on this machine. Waits up
 * to `waitMs`; then throws `RUN_LOCKED` (exit 7), naming who holds it, since when, and where.
 */
export async function takeRunLock(
  stateDir: string,
  holder: LockHolder,
  waitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<HeldLock> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const noteFile = join(stateDir, 'run.lock.json');
  const endMs = clock.nowMs() + waitMs;
  for (;;) {
    signal.throwIfAborted();
    const release = await tryLock(stateDir);
    if (release !== undefined) {
      await writeFile(noteFile, JSON.stringify({ ...holder, since: isoNow(clock) }), { mode: 0o600 });
      return {
        release: async () => {
          await rm(noteFile, { force: true });
          await release();
        },
      };
    }
    if (clock.nowMs() >= endMs) throw lockedBy(await readNote(noteFile, clock, signal), stateDir);
    await clock.sleep(500, signal);
  }
}

async function tryLock(stateDir: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lock(stateDir, { lockfilePath: join(stateDir, 'run.lock'), stale: staleMs, realpath: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return undefined;
    throw error;
  }
}

/** The note of a holder that has just taken the lock follows a moment later; undefined when none comes within half a second. */
async function readNote(noteFile: string, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  for (let tries = 0; tries < 10; tries += 1) {
    const note = await readFile(noteFile, 'utf8').catch(() => '');
    if (note !== '') return note;
    await clock.sleep(50, signal);
  }
  return undefined;
}

function lockedBy(note: string | undefined, stateDir: string): StagingError {
  const holder = note === undefined ? 'another run' : holderText(note);
  return new StagingError('locked', 'RUN_LOCKED', `${holder} holds the lock of ${stateDir}.`, {
    fix: 'Wait for it with `--wait-lock 10m`, or end that run.',
  });
}

function holderText(note: string): string {
  try {
    const holder: unknown = JSON.parse(note);
    if (typeof holder === 'object' && holder !== null && 'actor' in holder && 'command' in holder && 'since' in holder && 'pid' in holder) {
      return `\`${String(holder.command)}\` of ${String(holder.actor)} (process ${String(holder.pid)}, since ${String(holder.since)})`;
    }
  } catch {
    // A note that is just being written is no reason to fail: the lock itself is what counts.
  }
  return 'another run';
}
