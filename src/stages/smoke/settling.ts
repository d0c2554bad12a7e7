import type { Clock } from '../../core/ports/clock.ts';
import { notWaitedFor } from '../../core/smoke/order.ts';
import type { Finding } from '../../core/verdict.ts';

/** What checks that are about to end still have once the verdict is settled: what they say helps to mend it. */
const lastWordMs = 500;

/** Runs a check unless, or until, the verdict of its run is settled. */
export type Settling = (
  check: { readonly id: string; readonly title: string },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Finding>,
) => Promise<Finding>;

/**
 * Returns what runs the checks of a smoke whose first red one settles the verdict: the others are cut off soon after, and are skipped as not
 * waited for. What they created is removed all the same.
 */
export function settlingOf(clock: Clock): Settling {
  const settled = new AbortController();
  return async (check, signal, work) => {
    const finding = await work(AbortSignal.any([signal, settled.signal])).catch((error: unknown) => {
      signal.throwIfAborted();
      if (settled.signal.aborted) return notWaitedFor(check);
      throw error;
    });
    if (finding.verdict === 'red')
      void clock.sleep(lastWordMs, signal).then(
        () => settled.abort(new Error('The verdict is settled.')),
        () => undefined,
      );
    return finding;
  };
}
