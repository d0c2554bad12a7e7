import type { StagingError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

/** How long and how often something is asked for. */
export interface WaitOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly intervalMs: number;
  /** Told what is still missing, each time that changes, and each `heartbeatMs` while it does not. */
  readonly onWaiting?: (missing: string) => void;
  /** How often a wait is said to go on; never by default. */
  readonly heartbeatMs?: number | undefined;
  /** Makes the error for a deadline that passed; given what was still missing. */
  readonly late: (missing: string) => StagingError;
}

/**
 * Asks `check` until it returns undefined (nothing missing any more); a text says what is still missing. Throws what `late`
 * makes once the deadline has passed.
 */
export async function waitUntil(check: () => Promise<string | undefined>, options: WaitOptions): Promise<void> {
  const startMs = options.clock.nowMs();
  const endMs = startMs + options.deadlineMs;
  let told: string | undefined;
  let toldMs = startMs;
  for (;;) {
    options.signal.throwIfAborted();
    const missing = await check();
    if (missing === undefined) return;
    const nowMs = options.clock.nowMs();
    const isChanged = missing !== told;
    if (isChanged || nowMs - toldMs >= (options.heartbeatMs ?? Infinity)) {
      options.onWaiting?.(isChanged ? missing : `${missing}, for ${Math.round((nowMs - startMs) / 1000)} s by now`);
      toldMs = nowMs;
    }
    told = missing;
    if (nowMs >= endMs) throw options.late(missing);
    await options.clock.sleep(options.intervalMs, options.signal);
  }
}
