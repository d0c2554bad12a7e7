import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { z } from 'zod';
import type { Clock } from '../../core/ports/clock.ts';
import { printable } from '../../core/printable.ts';
import { type CallName, rateLimited, refusal, unexpected, unreachable, type Vendor, vendorSaying, withRequestId } from './api-error.ts';
import { type ApiMethod, type AttemptFailure, makeAttempt, type RawAnswer } from './attempt.ts';
import { pinnedBase } from './pinned-base.ts';
import { askedWaitMs } from './retry-after.ts';

/** Bounds on one call. */
export interface ApiLimits {
  /** One attempt, from connecting to the last byte of the answer. */
  readonly attemptMs: number;
  /** The whole call with its waits and further attempts. */
  readonly totalMs: number;
  readonly attempts: number;
  /** The first wait before trying again; doubles each time, with full jitter. */
  readonly backoffMs: number;
  /** Longest single wait, whatever the vendor asks for. */
  readonly maxWaitMs: number;
  readonly maxAnswerBytes: number;
  readonly connections: number;
}

/** Bounds of a call when nothing else is said. */
export const defaultLimits: ApiLimits = {
  attemptMs: 30_000,
  totalMs: 120_000,
  attempts: 5,
  backoffMs: 250,
  maxWaitMs: 60_000,
  maxAnswerBytes: 8 * 1024 * 1024,
  connections: 32,
};

/** What a client for a vendor's API is made from. */
export interface ApiClientOptions {
  readonly vendor: Vendor;
  /** Origin, with a base path if the API has one. Everything goes there and nowhere else. */
  readonly baseUrl: string;
  /** Hosts that the credentials may go to (`api.vercel.com`, `*.supabase.co`), or `loopback` for the local cloud. */
  readonly hosts: readonly string[] | 'loopback';
  /** Sent with every request; secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values that must not stand in a message, should the vendor send them back. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  /** Jitter: a number from 0 up to, not including, 1. */
  readonly random?: (() => number) | undefined;
  /** Receives one line each time the client waits because the vendor asked it to. */
  readonly onWait?: ((line: string) => void) | undefined;
  readonly limits?: Partial<ApiLimits> | undefined;
}

/** One call. */
export interface ApiRequest {
  readonly method: ApiMethod;
  /** Begins with a slash; values encoded (`apiPath`). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; asked for anew at each attempt. */
  readonly raw?: (() => { readonly body: Buffer | Readable; readonly sizeBytes: number }) | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Statuses beside 2xx that the caller takes as an answer. */
  readonly accept?: readonly number[] | undefined;
  /** True when calling twice equals calling once; the default is true for every method but POST and PATCH. */
  readonly repeatable?: boolean | undefined;
  /** Bound on one attempt, when it is not the client's. */
  readonly attemptMs?: number | undefined;
  /** What one attempt may take beside the bound: for a body that takes its time. */
  readonly attemptExtraMs?: number | undefined;
  /** Like the client's, for this call alone. */
  readonly onWait?: ((line: string) => void) | undefined;
  /** Most attempts, when it is not the client's number. */
  readonly attempts?: number | undefined;
  readonly signal: AbortSignal;
}

/** An answer with a status that the caller takes. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: RawAnswer['headers'];
  readonly text: string;
}

/** A vendor's API: one host, one retry policy. Throws `VendorError`s; an aborted signal's reason as it is. */
export interface ApiClient {
  /** Sends and returns the answer as it came. */
  send(request: ApiRequest): Promise<ApiAnswer>;
  /** Sends and returns the JSON body as `schema` has it. */
  read<Body>(request: ApiRequest, schema: z.ZodType<Body>): Promise<Body>;
  /** Returns the JSON body of an answer as `schema` has it; throws `…_ANSWER_UNEXPECTED`. */
  parse<Body>(request: ApiRequest, answer: ApiAnswer, schema: z.ZodType<Body>): Body;
  /** Returns the error for an answer that the caller took but cannot use. */
  refusal(request: ApiRequest, answer: ApiAnswer): Error;
  /** Closes the connections. */
  close(): Promise<void>;
}

/** Returns a client for a vendor's API. Throws `…_HOST_REFUSED` (kind `refused`) when the address is not one of the vendor's. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const base = pinnedBase(options);
  const limits = { ...defaultLimits, ...options.limits };
  // Said outright: otherwise NODE_TLS_REJECT_UNAUTHORIZED=0 would send the credentials to whoever answers.
  const connect = { timeout: 10_000, rejectUnauthorized: true };
  const dispatcher = new Agent({ connections: limits.connections, pipelining: 1, connect, maxResponseSize: -1 });
  const send = async (request: ApiRequest) => callWithRetries({ ...options, limits, base, dispatcher }, request);
  const parse = <Body>(request: ApiRequest, answer: ApiAnswer, schema: z.ZodType<Body>) => parseAnswer(options, request, answer, schema);
  return {
    send,
    parse,
    read: async (request, schema) => parse(request, await send(request), schema),
    refusal: (request, answer) =>
      refusal(callOf(options, request), answer.status, vendorSaying(withoutSecrets(options, answer.text)), false),
    close: () => dispatcher.close(),
  };
}

interface CallContext extends ApiClientOptions {
  readonly limits: ApiLimits;
  readonly base: URL;
  readonly dispatcher: Agent;
}

async function callWithRetries(context: CallContext, request: ApiRequest): Promise<ApiAnswer> {
  const { clock, limits } = context;
  const call = callOf(context, request);
  const endMs = clock.nowMs() + limits.totalMs;
  for (let number = 1; ; number += 1) {
    request.signal.throwIfAborted();
    const attemptMs = (request.attemptMs ?? limits.attemptMs) + (request.attemptExtraMs ?? 0);
    const outcome = await oneAttempt(context, request, Math.max(1, Math.min(attemptMs, endMs - clock.nowMs())));
    if (outcome.kind === 'answer' && isTaken(request, outcome.status)) return outcome;
    const asked = outcome.kind === 'answer' ? askedWaitMs(outcome.headers, clock.nowMs()) : undefined;
    const waitMs = asked ?? backoffMs(limits, number, context.random ?? Math.random);
    const again =
      number < (request.attempts ?? limits.attempts) &&
      mayRepeat(request, outcome) &&
      waitMs <= limits.maxWaitMs &&
      clock.nowMs() + waitMs < endMs;
    if (!again) throw failureOf(context, call, request, outcome, asked === undefined ? undefined : clock.nowMs() + asked);
    if (asked !== undefined && asked > 0) {
      const line = `${context.vendor.name} asks to wait ${Math.ceil(asked / 1000)} s (${call.method} ${call.path}).`;
      context.onWait?.(line);
      request.onWait?.(line);
    }
    await clock.sleep(waitMs, request.signal);
  }
}

function oneAttempt(context: CallContext, request: ApiRequest, timeoutMs: number): Promise<RawAnswer | AttemptFailure> {
  const raw = request.raw?.();
  const json = request.json === undefined ? undefined : JSON.stringify(request.json);
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'jv-staging',
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(raw === undefined ? {} : { 'content-type': 'application/octet-stream', 'content-length': String(raw.sizeBytes) }),
    ...context.headers,
    ...request.headers,
  };
  const { dispatcher, limits } = context;
  const url = addressOf(context.base, request);
  return makeAttempt(
    { dispatcher, url, method: request.method, headers, body: raw?.body ?? json, timeoutMs, maxAnswerBytes: limits.maxAnswerBytes },
    request.signal,
  );
}

function callOf(options: ApiClientOptions, request: ApiRequest): CallName {
  return { vendor: options.vendor, method: request.method, path: printable(request.path || '/', 200) };
}

function addressOf(base: URL, request: ApiRequest): string {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, '')}${request.path}`;
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url.href;
}

function isTaken(request: ApiRequest, status: number): boolean {
  return (status >= 200 && status < 300) || request.accept?.includes(status) === true;
}

function isRepeatable(request: ApiRequest): boolean {
  return request.repeatable ?? (request.method !== 'POST' && request.method !== 'PATCH');
}

/** A call that may not be repeated is repeated all the same when it surely was not carried out: never sent, or refused with 429. */
function mayRepeat(request: ApiRequest, outcome: RawAnswer | AttemptFailure): boolean {
  if (outcome.kind === 'failure') return outcome.phase === 'unsent' || (outcome.phase === 'unknown' && isRepeatable(request));
  if (outcome.status === 429) return true;
  return (outcome.status >= 500 || outcome.status === 408) && outcome.status !== 501 && isRepeatable(request);
}

function backoffMs(limits: ApiLimits, attempt: number, random: () => number): number {
  return Math.round(Math.min(limits.maxWaitMs, limits.backoffMs * 2 ** (attempt - 1)) * (0.5 + random() / 2));
}

function failureOf(
  context: CallContext,
  call: CallName,
  request: ApiRequest,
  outcome: RawAnswer | AttemptFailure,
  resetMs: number | undefined,
): Error {
  const readOnly = request.method === 'GET' || request.method === 'HEAD';
  if (outcome.kind === 'failure') {
    const { problem, phase, cause, certificate } = outcome;
    return unreachable(call, { problem: withoutSecrets(context, problem), certificate }, !readOnly && phase !== 'unsent', cause);
  }
  const { status } = outcome;
  const said = withRequestId(vendorSaying(withoutSecrets(context, outcome.text)), outcome);
  if (status === 429) return rateLimited(call, status, said, resetMs === undefined ? undefined : isoTime(resetMs));
  if (status >= 300 && status < 400) return unexpected(call, status, `it redirects, which is not followed`, false);
  return refusal(call, status, said, !readOnly && status >= 500);
}

/** A vendor may ask for a wait that ends after the last day that a `Date` has. */
function isoTime(ms: number): string {
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}

function parseAnswer<Body>(options: ApiClientOptions, request: ApiRequest, answer: ApiAnswer, schema: z.ZodType<Body>): Body {
  const call = callOf(options, request);
  const outcomeUnknown = request.method !== 'GET' && request.method !== 'HEAD';
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    const type = printable(String(answer.headers['content-type'] ?? 'no content type'), 60);
    const start = printable(withoutSecrets(options, answer.text), 80);
    throw unexpected(call, answer.status, `its body is not JSON (${type}, ${answer.text.length} characters): ${start}`, outcomeUnknown);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'the body'}: ${issue.message}`);
  throw unexpected(call, answer.status, `its body is not as expected (${issues.join('; ')})`, outcomeUnknown);
}

function withoutSecrets(options: ApiClientOptions, text: string): string {
  return options.secrets.filter((secret) => secret !== '').reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), text);
}
