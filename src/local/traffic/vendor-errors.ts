import { STATUS_CODES } from 'node:http';
import type { Place } from './ledger.ts';

/** What is wrong, whoever says it. */
export type Trouble =
  | { readonly kind: 'status'; readonly status: number }
  /** The account's plan is used up. */
  | { readonly kind: 'quota' }
  /** The token was good and is not any more. */
  | { readonly kind: 'expire-token' };

/** An answer in the vendor's own shape. */
export interface VendorAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who is asked, and how. */
export interface Asked {
  readonly place: Place;
  readonly path: string;
  /** The header `x-supabase-api-version`: Auth's errors have another shape from 2024-01-01 on. */
  readonly apiVersion: string | null;
}

type Speaker = (trouble: Trouble, asked: Asked) => VendorAnswer;

/** Returns the vendor's own error for a trouble. An unknown service answers `{"message"}`. */
export function vendorError(asked: Asked, trouble: Trouble): VendorAnswer {
  return (speakerOf(asked) ?? plain)(trouble, asked);
}

function speakerOf({ place, path }: Asked): Speaker | undefined {
  if (place.service === 'supabase' && place.resource !== undefined) {
    if (path.startsWith('/auth/')) return auth;
    return path.startsWith('/rest/') ? postgrest : plain;
  }
  if (place.service === 'upstash' && place.resource !== undefined) return redisRest;
  return speakers[place.service];
}

function textOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

/** Errors and their codes: contracts.md §1.2; the quota's body: github.com/vercel/vercel/issues/17426, read 2026-11-23. */
const vercel: Speaker = (trouble) => {
  const error = (status: number, code: string, message: string, extra: object = {}): VendorAnswer => ({
    status,
    body: { error: { code, message, ...extra } },
  });
  if (trouble.kind === 'expire-token') return error(403, 'forbidden', 'Not authorized', { invalidToken: true });
  if (trouble.kind === 'quota') {
    const code = 'api-deployments-free-per-day';
    const limit = { total: 100, remaining: 0, reset: Date.now() + 24 * 60 * 60 * 1000 };
    return error(402, code, `Resource is limited - try again in 24 hours (more than 100, code: "${code}").`, { limit });
  }
  if (trouble.status === 429) {
    const limit = { total: 500, remaining: 0, reset: Math.ceil(Date.now() / 1000) + 60 };
    const headers = { 'x-ratelimit-limit': '500', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(limit.reset) };
    return { ...error(429, 'rate_limited', 'The rate limit of 500 exceeded. Try again later.', { limit }), headers };
  }
  return error(trouble.status, vercelCodes[trouble.status] ?? 'internal_server_error', textOf(trouble.status));
};

const vercelCodes: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'unauthorized',
  402: 'payment_required',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  502: 'bad_gateway',
  503: 'service_unavailable',
  504: 'gateway_timeout',
};

/** Management API: `{"message"}` (contracts.md §2.3); the quota's text as users quote it, from memory. */
const supabase: Speaker = (trouble) => {
  if (trouble.kind === 'expire-token') return { status: 401, body: { message: 'Unauthorized' } };
  if (trouble.kind === 'quota') {
    const message =
      'The following organization members have reached their maximum limits for the number of active free projects within organizations where they are an administrator or owner: jv-local (2 project limit). Please delete, pause, or upgrade one or more of these projects before creating a free project.';
    return { status: 400, body: { message } };
  }
  if (trouble.status !== 429) return { status: trouble.status, body: { message: textOf(trouble.status) } };
  const headers = { 'x-ratelimit-limit': '120', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' };
  return { status: 429, body: { message: 'ThrottlerException: Too Many Requests' }, headers };
};

/** A project whose plan is used up answers so on every path (supabase.com/docs/guides/platform/billing-faq, fair use policy). */
const restricted = 'Service for this project is restricted due to the following violations: exceed_egress_quota.';

/** PostgREST 13 (docs.postgrest.org, references/errors, read 2026-11-22). */
const postgrest: Speaker = (trouble) => {
  const error = (status: number, code: string, message: string) => ({ status, body: { code, details: null, hint: null, message } });
  if (trouble.kind === 'quota') return { status: 402, body: { message: restricted } };
  if (trouble.kind === 'status') return error(trouble.status, trouble.status >= 500 ? 'PGRST001' : 'PGRST000', textOf(trouble.status));
  const headers = { 'www-authenticate': 'Bearer error="invalid_token", error_description="JWT expired"' };
  return { ...error(401, 'PGRST303', 'JWT expired'), headers };
};

/** GoTrue (supabase/auth, internal/api/errors.go). */
const auth: Speaker = (trouble, { apiVersion }) => {
  const error = (status: number, code: string, message: string): VendorAnswer =>
    (apiVersion ?? '') >= '2024-01-01'
      ? { status, body: { code, message }, headers: { 'x-sb-error-code': code, 'x-supabase-api-version': '2024-01-01' } }
      : { status, body: { code: status, error_code: code, msg: message }, headers: { 'x-sb-error-code': code } };
  if (trouble.kind === 'quota') return { status: 402, body: { message: restricted } };
  if (trouble.kind === 'expire-token')
    return error(403, 'bad_jwt', 'invalid JWT: unable to parse or verify signature, token has invalid claims: token is expired');
  if (trouble.status === 429) return error(429, 'over_request_rate_limit', 'Request rate limit reached');
  return error(trouble.status, trouble.status >= 500 ? 'unexpected_failure' : 'validation_failed', textOf(trouble.status));
};

/** Developer API: the text alone, as a JSON string (contracts.md §3.1). */
const upstash: Speaker = (trouble) => {
  if (trouble.kind === 'expire-token') return { status: 401, body: 'Unauthorized' };
  if (trouble.kind === 'quota') return { status: 400, body: 'free database count exceeded: upgrade your plan to create more databases' };
  return { status: trouble.status, body: textOf(trouble.status).toLowerCase() };
};

/** Redis REST; the quota's text: github.com/medusajs/admin/issues/654, read 2026-11-23. */
const redisRest: Speaker = (trouble) => {
  if (trouble.kind === 'expire-token') return { status: 401, body: { error: 'WRONGPASS invalid or missing auth token' } };
  if (trouble.kind === 'status') return { status: trouble.status, body: { error: `ERR ${textOf(trouble.status)}` } };
  const page = 'https://upstash.com/docs/redis/troubleshooting/max_daily_request_limit';
  return { status: 400, body: { error: `ERR max daily request limit exceeded. Limit: 10000, Usage: 10000. See ${page} for details` } };
};

const plain: Speaker = (trouble) => {
  if (trouble.kind === 'quota') return { status: 402, body: { message: restricted } };
  const status = trouble.kind === 'status' ? trouble.status : 401;
  return { status, body: { message: textOf(status) } };
};

/** Of the smaller vendors each one's own error shape; what is used up is 429 or 402 as their documentation has it. */
const clerk: Speaker = (trouble) => {
  const known = { quota: [403, 'user_quota_exceeded'], 'expire-token': [401, 'clerk_key_invalid'] } as const;
  const [status, code] = trouble.kind === 'status' ? [trouble.status, clerkCode(trouble.status)] : known[trouble.kind];
  return { status, body: { errors: [{ code, message: textOf(status), long_message: textOf(status) }] } };
};

function clerkCode(status: number): string {
  return status === 429 ? 'too_many_requests' : status === 404 ? 'resource_not_found' : 'internal_clerk_error';
}

/** Slack answers its errors with 200, but for rate limits and failures. */
const slack: Speaker = (trouble) => {
  const of = (error: string, status = 200): VendorAnswer => ({ status, body: { ok: false, error } });
  if (trouble.kind === 'expire-token') return of('token_expired');
  if (trouble.kind === 'quota') return of('team_quota_exceeded');
  return trouble.status === 429 ? of('ratelimited', 429) : of('internal_error', trouble.status);
};

const sentry: Speaker = (trouble) => {
  const status = trouble.kind === 'status' ? trouble.status : trouble.kind === 'quota' ? 429 : 401;
  return { status, body: { detail: status === 401 ? 'Invalid token' : textOf(status) } };
};

const github: Speaker = (trouble) => {
  const page = 'https://docs.github.com/rest';
  if (trouble.kind === 'quota')
    return { status: 403, body: { message: 'API rate limit exceeded for user ID 1.', documentation_url: page } };
  const status = trouble.kind === 'status' ? trouble.status : 401;
  return {
    status,
    body: { message: status === 401 ? 'Bad credentials' : textOf(status), documentation_url: page, status: String(status) },
  };
};

const speakers: Readonly<Record<string, Speaker>> = { vercel, supabase, upstash, clerk, slack, sentry, github };
