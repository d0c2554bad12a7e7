import { type Recovery, recoveryLimitMs } from '../../core/load/degradation.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { WebClient, WebOutcome, WebTarget } from '../../core/ports/web.ts';

/** Between two looks at the target. */
const everyMs = 250;

/** Bound on one look. */
const lookTimeoutMs = 5000;

/** What a target that has come back answers. */
export interface WantedAnswer {
  readonly path: string;
  /** As before the load. */
  readonly status: number;
  /** A slower answer is not one of a target that has come back. */
  readonly withinMs: number;
}

/** Looks at the target again and again from the end of the load on until it answers as before, `recoveryLimitMs` at most. */
export async function awaitRecovery(
  { target, web, clock }: { readonly target: WebTarget; readonly web: WebClient; readonly clock: Clock },
  { path, status, withinMs }: WantedAnswer,
  signal: AbortSignal,
): Promise<Recovery> {
  const endedMs = clock.nowMs();
  let seen = 'nothing';
  do {
    const outcome = await web.request(target, { method: 'GET', path, timeoutMs: lookTimeoutMs }, signal);
    if (outcome.kind === 'answer' && outcome.status === status && outcome.durationMs < withinMs)
      return { path, afterMs: Math.max(clock.nowMs() - endedMs, outcome.durationMs), seen: describe(outcome) };
    seen = describe(outcome);
    await clock.sleep(everyMs, signal);
  } while (clock.nowMs() - endedMs < recoveryLimitMs);
  return { path, afterMs: null, seen };
}

function describe(outcome: WebOutcome): string {
  return outcome.kind === 'answer' ? `${outcome.status} in ${Math.round(outcome.durationMs)} ms` : outcome.class;
}
