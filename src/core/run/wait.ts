import type { StagingError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

/** How long and how often something is asked for. */
export interface WaitOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly intervalMs: number;
  /** Told what is still missing, each time that changes. */
  readonly onWaiting?: (missing: string) => void;
  /** Makes the error for a deadline that passed; given what was still missing. */
  readonly late: (missing: string) => StagingError;
}

/**
 * Asks `check` until it returns undefined (nothing missing any more); a text says what is still missing. Throws what `late`
 * makes once the deadline has passed.
 */
export async function waitUntil(check: () => Promise<string | undefined>, options: WaitOptions): Promise<void> {
  const endMs = options.clock.nowMs() + options.deadlineMs;
  let told: string | undefined;
  for (;;) {
    options.signal.throwIfAborted();
    const missing = await check();
    if (missing === undefined) return;
    if (missing !== told) options.onWaiting?.(missing);
    told = missing;
    if (options.clock.nowMs() >= endMs) throw options.late(missing);
    await options.clock.sleep(options.intervalMs, options.signal);
  }
}
