import type { Clock } from '../ports/clock.ts';

/** What came of work under a deadline. */
export type Timed<Value> = { readonly late: false; readonly value: Value } | { readonly late: true };

/**
 * Runs work for at most `timeoutMs`; the signal that the work is given aborts when its time is up. Rejects with what the work
 * rejects with, and with the outer signal's reason when that is aborted.
 */
export async function withDeadline<Value>(
  clock: Clock,
  timeoutMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Timed<Value>> {
  const own = new AbortController();
  const signal = AbortSignal.any([outer, own.signal]);
  const working = work(signal).then((value): Timed<Value> => ({ late: false, value }));
  const timer = clock.sleep(timeoutMs, signal).then((): Timed<Value> => ({ late: true }));
  // Whichever loses the race may still reject: nobody waits for it any more.
  working.catch(() => undefined);
  timer.catch(() => undefined);
  try {
    return await Promise.race([working, timer]);
  } finally {
    own.abort(new Error(`The work had ${timeoutMs} ms.`));
  }
}
