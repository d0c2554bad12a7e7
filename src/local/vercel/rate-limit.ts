import { VercelError } from './errors.ts';
import type { VercelContext } from './http.ts';

/** Length of a window, in milliseconds. */
const windowMs = 60_000;

/**
 * Requests a window. The vendor's limits differ by route and plan and are mostly not published; this one lets every client of a
 * single machine through and still binds, so that what the headers say is true.
 */
const requestsPerWindow = 60_000;

/** Returns a count of requests in fixed windows that tells each answer how many are left, and refuses those over it. */
export function createRateLimit(limit = requestsPerWindow, now: () => number = Date.now): (c: VercelContext) => void {
  let resetMs = 0;
  let left = limit;
  return (c) => {
    const nowMs = now();
    if (nowMs >= resetMs) {
      resetMs = nowMs + windowMs;
      left = limit;
    }
    const over = left === 0;
    left = Math.max(0, left - 1);
    const reset = Math.ceil(resetMs / 1000);
    c.header('X-RateLimit-Limit', String(limit));
    c.header('X-RateLimit-Remaining', String(left));
    c.header('X-RateLimit-Reset', String(reset));
    if (!over) return;
    c.header('Retry-After', String(Math.max(1, Math.ceil((resetMs - nowMs) / 1000))));
    throw new VercelError(429, 'rate_limited', 'Too many requests.', { limit: { total: limit, remaining: 0, reset } });
  };
}
