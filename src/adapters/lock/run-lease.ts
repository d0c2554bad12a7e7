import { StagingError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { FoundLease, Leases } from '../../core/ports/leases.ts';
import { holderSentence, holderState, lockedBy, type LockHolder } from '../../core/run/lock.ts';
import type { RunLease } from '../../core/run/lease.ts';
import { lookAt, ownMark } from '../system/process-mark.ts';

/** How long a lease lasts without being renewed: longer than a database takes to start anew, shorter than people wait. */
const lastsMs = 60_000;

/** How long a hold lasts when its run is killed: the platform goes on with a restore, for at most as long as its adapter waits (30 min). */
const holdLastsMs = 35 * 60_000;

/** What holding a lease needs. */
export interface RunLeaseOptions {
  readonly environment: string;
  /** Opened when the lease is first taken. */
  readonly openLeases: () => Leases;
  /** Where the lease is held while its database goes back in time; asked each time that one is taken, too. */
  readonly openHolds: () => Leases;
  /** How long to wait for another run's lease. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** Called once when another run has taken the lease meanwhile: this one must stop. */
  readonly onLost: (error: StagingError) => void;
  /** Default: a quarter of the time that a lease lasts. */
  readonly renewEveryMs?: number | undefined;
}

/** The lease as the wiring sees it. */
export interface HeldRunLease extends RunLease {
  /** Says that this run changes something, and who it is: without that the lease is not taken. */
  arm(holder: LockHolder): void;
  /** Gives the lease back. */
  close(): Promise<void>;
}

/** Returns the lease of one run: taken by its first stage that has a database, renewed until the run ends. */
export function runLease(options: RunLeaseOptions): HeldRunLease {
  const { environment } = options;
  const never = new AbortController().signal;
  let holder: LockHolder | undefined;
  let leases: Leases | undefined;
  let renewing: NodeJS.Timeout | undefined;
  let opened: Leases | undefined;
  const holds = () => (opened ??= options.openHolds());

  const startRenewing = (own: LockHolder, kept: Leases) => {
    renewing = setInterval(() => void renew(own, kept), options.renewEveryMs ?? lastsMs / 4);
    renewing.unref();
  };
  const renew = async (own: LockHolder, kept: Leases) => {
    // A database that is away for a moment is no reason to stop: the lease is ours until another run has taken it.
    const isOurs = await kept.renew(environment, own.id, lastsMs, never).catch(() => true);
    if (isOurs) return;
    clearInterval(renewing);
    options.onLost(lostTo(await kept.read(environment, never).catch(() => undefined)));
  };
  return {
    arm: (armed) => {
      holder ??= armed;
    },
    skipReason: () => (holder === undefined ? 'nothing is changed' : undefined),
    isHeld: () => renewing !== undefined,
    take: async (signal) => {
      if (holder === undefined) throw new Error('A lease is taken by nobody.');
      const own = holder;
      leases ??= options.openLeases();
      const kept = leases;
      await takeUnheld({ kept, holds: holds() }, own, options, signal);
      startRenewing(own, kept);
      return own.id;
    },
    through: async (work, signal) => {
      if (renewing === undefined || holder === undefined || leases === undefined) return work();
      const [own, kept] = [holder, leases];
      // What stands there afterwards may be a lease from the past, which nobody renews: it has run out when the wait is over.
      const takeAgain = async () => {
        await takeOrWait(kept, own, { ...options, waitMs: Math.max(options.waitMs, lastsMs + 5_000) }, signal);
        startRenewing(own, kept);
      };
      return await holding(holds(), own, options, signal, async () => {
        clearInterval(renewing);
        const value = await work().catch(async (error: unknown) => {
          // The first error is the one that says what happened.
          await takeAgain().catch(() => undefined);
          throw error;
        });
        await takeAgain();
        return value;
      });
    },
    close: async () => {
      clearInterval(renewing);
      const id = renewing === undefined ? undefined : holder?.id;
      renewing = undefined;
      if (id !== undefined) await leases?.release(environment, id, AbortSignal.timeout(5_000)).catch(() => undefined);
      await Promise.all([leases?.close(), opened?.close()]);
    },
  };
}

/** Takes the lease, and gives it back as long as another run holds the environment elsewhere: the database may have forgotten that run. */
async function takeUnheld(
  { kept, holds }: { readonly kept: Leases; readonly holds: Leases },
  own: LockHolder,
  options: Pick<RunLeaseOptions, 'environment' | 'waitMs' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const { environment, waitMs, clock } = options;
  const endMs = clock.nowMs() + waitMs;
  for (;;) {
    await takeOrWait(kept, own, { ...options, waitMs: Math.max(0, endMs - clock.nowMs()) }, signal);
    const hold = await holds.read(environment, signal).catch(async (error: unknown) => {
      await kept.release(environment, own.id, signal);
      throw error;
    });
    if (hold === undefined || isPassed(hold, own)) return;
    await kept.release(environment, own.id, signal);
    if (clock.nowMs() >= endMs) throw lockedBy({ holder: hold.holder, state: stateOf(hold) }, heldWhere(environment));
    await clock.sleep(5_000, signal);
  }
}

/** The platform goes on with what a killed run asked for: only the same command carries on with it. */
function isPassed(hold: FoundLease, own: LockHolder): boolean {
  if (hold.leftMs <= 0 || hold.holder.id === own.id) return true;
  return stateOf(hold) === 'gone' && hold.holder.command === own.command;
}

/** Runs work while the environment is held outside of its database. */
async function holding<Value>(
  holds: Leases,
  own: LockHolder,
  { environment }: Pick<RunLeaseOptions, 'environment'>,
  signal: AbortSignal,
  work: () => Promise<Value>,
): Promise<Value> {
  const found = await holds.read(environment, signal);
  const over = found !== undefined && isPassed(found, own) ? found.holder.id : undefined;
  if (!(await holds.take(environment, { holder: own, lastsMs: holdLastsMs, over }, signal)) && found !== undefined)
    throw lockedBy({ holder: found.holder, state: stateOf(found) }, heldWhere(environment));
  try {
    return await work();
  } finally {
    // Left behind it runs out by itself.
    await holds.release(environment, own.id, AbortSignal.timeout(10_000)).catch(() => false);
  }
}

function heldWhere(environment: string): string {
  return `of ${environment} on its Vercel project, while its database is taken back in time`;
}

async function takeOrWait(
  kept: Leases,
  own: LockHolder,
  { environment, waitMs, clock }: Pick<RunLeaseOptions, 'environment' | 'waitMs' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const endMs = clock.nowMs() + waitMs;
  for (;;) {
    const found = await kept.read(environment, signal);
    const state = found === undefined ? 'gone' : stateOf(found);
    if (await kept.take(environment, { holder: own, lastsMs, over: state === 'gone' ? found?.holder.id : undefined }, signal)) return;
    if (clock.nowMs() >= endMs && found !== undefined) throw lockedBy({ holder: found.holder, state }, `of ${environment} in its database`);
    await clock.sleep(500, signal);
  }
}

function stateOf({ holder, leftMs }: FoundLease) {
  return leftMs <= 0 ? 'gone' : holderState(holder.process, ownMark(), lookAt);
}

function lostTo(found: FoundLease | undefined): StagingError {
  const who = found === undefined ? 'Nobody' : holderSentence(found.holder);
  return new StagingError(
    'locked',
    'LEASE_LOST',
    `${who} holds the lease of this environment now; this run expected to hold it to its end.`,
    {
      fix: 'Run `jv-staging status` to see what is live, then run the same command again.',
    },
  );
}
