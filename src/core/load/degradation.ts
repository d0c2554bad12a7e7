import type { LoadMeasurement, LoadThresholds } from './load.ts';
import { formatRate } from './judge.ts';
import { formatMs } from '../perf/judge.ts';
import { describeErrors } from '../statistics.ts';
import type { Finding } from '../verdict.ts';

/** Statuses by which an app may refuse work in good order, when it also says when to come back (RFC 9110 §10.2.3, RFC 6585 §4). */
const gracefulStatuses: readonly number[] = [429, 503];

/** So long after the load the target may need until it answers as it should; then it did not recover. */
export const recoveryLimitMs = 30_000;

/** How the target came back after the load. */
export interface Recovery {
  /** Path that was asked. */
  readonly path: string;
  /** From the end of the load to the first answer that was as expected; null when none came in time. */
  readonly afterMs: number | null;
  /** What the last answer was. */
  readonly seen: string;
}

/** Returns true for an answer that refuses work in good order: 429 or 503 that says when to come back. */
export function isGraceful(status: number, retryAfter: string | undefined): boolean {
  return gracefulStatuses.includes(status) && retryAfter !== undefined && retryAfter.trim() !== '';
}

/**
 * Returns how the target degraded. 429 and 503 with Retry-After are graceful; everything else that failed (500, timeout, refused …)
 * is not, and red from the threshold of the error rate on. Whatever the class, `error-rate` keeps its own verdict.
 */
export function judgeDegradation({ all, gracefulByStatus = {} }: LoadMeasurement, thresholds: LoadThresholds): Finding {
  const graceful = Object.values(gracefulByStatus).reduce((sum, count) => sum + count, 0);
  const rough = Object.fromEntries(
    Object.entries(all.errorsByClass).flatMap(([name, count]) => {
      const rest = count - (gracefulByStatus[name] ?? 0);
      return rest > 0 ? [[name, rest]] : [];
    }),
  );
  const share = all.requests === 0 ? 0 : (all.errors - graceful) / all.requests;
  const isRed = share > 0 && share >= thresholds.errorRate;
  const seen = [
    ...(graceful > 0 ? [`graceful: ${describeErrors(gracefulByStatus)} with Retry-After`] : []),
    ...(share > 0 ? [`not graceful: ${describeErrors(rough)}`] : []),
  ];
  return {
    id: 'degradation',
    title: 'Degradation under load',
    verdict: isRed ? 'red' : 'green',
    seen: seen.length === 0 ? 'none' : seen.join('; '),
    expected: `< ${formatRate(thresholds.errorRate)} that are not graceful`,
    message: isRed ? 'The target broke under load instead of refusing what is too much.' : undefined,
    fix: isRed ? 'Let the app answer 429 or 503 with Retry-After before it runs out of what it needs.' : undefined,
  };
}

/** Returns whether the target came back after the load; never within the limit is red. */
export function judgeRecovery({ path, afterMs, seen }: Recovery): Finding {
  return {
    id: 'recovery',
    title: 'Recovery after the load',
    verdict: afterMs === null ? 'red' : 'green',
    seen: afterMs === null ? `${path}: ${seen}` : `${path} as expected after ${formatMs(afterMs)}`,
    expected: `as expected within ${formatMs(recoveryLimitMs)}`,
    message: afterMs === null ? 'The load was over, and the target still did not answer as it should.' : undefined,
    fix: afterMs === null ? 'Look at what fails with `jv-staging smoke`.' : undefined,
  };
}
