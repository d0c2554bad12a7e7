/** Headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Returns how long an answer asks us to wait, in milliseconds, or undefined when it does not say. Reads `Retry-After` (seconds or an
 * HTTP date, RFC 9110 §10.2.3) and, without it, `X-RateLimit-Reset`: Vercel sends epoch seconds there, Supabase the seconds left
 * (`contracts.md` §1.3, §2.3, read 2026-11-22). A time in the past is 0.
 */
export function askedWaitMs(headers: AnswerHeaders, nowMs: number): number | undefined {
  const after = single(headers['retry-after']);
  if (after !== undefined) return fromRetryAfter(after, nowMs);
  const reset = Number(single(headers['x-ratelimit-reset']) ?? Number.NaN);
  if (!Number.isFinite(reset)) return undefined;
  return Math.max(0, reset > epochSecondsFloor ? reset * 1000 - nowMs : reset * 1000);
}

/** Above this a number of seconds is a date, not a duration: 2001-09-09. */
const epochSecondsFloor = 1_000_000_000;

function fromRetryAfter(value: string, nowMs: number): number | undefined {
  const text = value.trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return Math.max(0, Number(text) * 1000);
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
