import type { Context, Next } from 'hono';

/** How many requests the Management API takes in one window, for each token and scope. */
export interface RateLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/** The platform's own limit: 120 a minute for each user and scope (supabase.com/docs/reference/api/introduction, read 2026-11-22). */
export const hostedRateLimit: RateLimit = { requests: 120, windowMs: 60_000 };

interface Window {
  readonly endsAtMs: number;
  used: number;
}

/**
 * Returns the middleware that counts requests by scope (a project, an organisation, or what belongs to neither) and answers 429
 * until the window ends. `X-RateLimit-Reset` holds the seconds left, as the platform's; `Retry-After` says the same.
 */
export function rateLimiter(limit: RateLimit, nowMs: () => number = Date.now) {
  const windows = new Map<string, Window>();
  const windowOf = (scope: string): Window => {
    const now = nowMs();
    const known = windows.get(scope);
    if (known !== undefined && known.endsAtMs > now) return known;
    for (const [name, window] of windows) if (window.endsAtMs <= now) windows.delete(name);
    const fresh = { endsAtMs: now + limit.windowMs, used: 0 };
    windows.set(scope, fresh);
    return fresh;
  };
  return async (c: Context, next: Next): Promise<Response | undefined> => {
    const window = windowOf(scopeOf(c.req.path));
    window.used += 1;
    const secondsLeft = Math.max(1, Math.ceil((window.endsAtMs - nowMs()) / 1000));
    const headers = {
      'x-ratelimit-limit': String(limit.requests),
      'x-ratelimit-remaining': String(Math.max(0, limit.requests - window.used)),
      'x-ratelimit-reset': String(secondsLeft),
    };
    if (window.used > limit.requests) {
      return c.json({ message: 'ThrottlerException: Too Many Requests' }, 429, { ...headers, 'retry-after': String(secondsLeft) });
    }
    await next();
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
    return undefined;
  };
}

/** Two projects do not take each other's requests away; what names neither project nor organisation counts for the account. */
function scopeOf(path: string): string {
  return /^\/v1\/(?:projects|organizations)\/[^/]+/.exec(path)?.[0] ?? 'account';
}
