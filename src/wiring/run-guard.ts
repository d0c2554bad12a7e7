import { join } from 'node:path';
import { fileJournal } from '../adapters/files/journal-file.ts';
import { type HeldRunLease, runLease } from '../adapters/lock/run-lease.ts';
import { type HeldLock, takeRunLock } from '../adapters/lock/run-lock.ts';
import { actorName } from '../adapters/system/actor.ts';
import { newId } from '../adapters/system/ids.ts';
import { ownMark } from '../adapters/system/process-mark.ts';
import { isoNow } from '../core/ports/clock.ts';
import type { Journal } from '../core/ports/journal.ts';
import type { Leases } from '../core/ports/leases.ts';
import { runSteps } from '../core/run/run-steps.ts';
import type { App } from './app.ts';
import type { Context } from './context.ts';

/** What keeps the runs of one environment apart, and what runs their steps. */
export interface RunGuard {
  readonly runId: string;
  readonly lease: HeldRunLease;
  readonly runSteps: App['runSteps'];
  /** Returns what earlier runs announced and never brought to an outcome. */
  readonly unfinished: Journal['unfinished'];
  /** Gives lease and lock back; `closing` comes between: who gets the lock next must find everything closed. */
  close(closing: () => Promise<unknown>): Promise<void>;
}

/** Returns the guard of one run; `waitMs` is how long to wait for another run. */
export function runGuard(context: Context, waitMs: number, open: { openLeases(): Leases; openHolds(): Leases }): RunGuard {
  const { request, clock } = context;
  const runId = newId('run', clock.nowMs());
  const journal = context.loaded === undefined ? noJournal : fileJournal(join(context.stateDir, 'journal'), runId);
  // The user ends a run, or another run that took the lease of the environment.
  const stopping = new AbortController();
  const signal = AbortSignal.any([request.signal, stopping.signal]);
  const environment = context.loaded?.settings.environment ?? '';
  const lease = runLease({ environment, ...open, waitMs, clock, onLost: (error) => stopping.abort(error) });
  let lock: HeldLock | undefined;
  return {
    runId,
    lease,
    unfinished: journal.unfinished,
    runSteps: async (steps, { command, changes, dryRun, undoOnFailure, events }) => {
      if (changes && !dryRun && context.loaded !== undefined && lock === undefined) {
        const actor = actorName(context.process.ciActor);
        const holder = { id: newId('lock', clock.nowMs()), actor, command, process: ownMark(), since: isoNow(clock) };
        lock = await takeRunLock(context.stateDir, holder, waitMs, clock, request.signal);
        lease.arm(holder);
      }
      await runSteps(steps, { runId, journal, clock, events, signal, dryRun, undoOnFailure });
    },
    close: async (closing) => {
      await lease.close();
      await closing();
      await lock?.release();
    },
  };
}

/** Of runs without a configuration: they have no environment to go on with, and leave nothing in the folder that they are called in. */
const noJournal: Journal = { append: () => Promise.resolve(), unfinished: () => Promise.resolve([]) };
