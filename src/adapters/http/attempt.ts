import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { AnswerHeaders } from './retry-after.ts';

/** One attempt at a call. */
export interface Attempt {
  readonly dispatcher: Dispatcher;
  readonly url: string;
  readonly method: ApiMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable | undefined;
  /** Bound on the whole attempt, from connecting to the last byte. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** Methods that vendors' APIs use. */
export type ApiMethod = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** An answer as it came. */
export interface RawAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly text: string;
}

/** Why there is no answer. */
export interface AttemptFailure {
  readonly kind: 'failure';
  /** `unsent`: no byte of the request left; `unknown`: it may have arrived; `final`: trying again cannot help. */
  readonly phase: 'unsent' | 'unknown' | 'final';
  readonly problem: string;
  /** True when the other side's certificate was not taken: nothing was sent. */
  readonly certificate: boolean;
  readonly cause: unknown;
}

/** Makes one attempt. Throws only the reason of an aborted signal. Redirects are answers. */
export async function makeAttempt(attempt: Attempt, signal: AbortSignal): Promise<RawAnswer | AttemptFailure> {
  const timeout = AbortSignal.timeout(attempt.timeoutMs);
  try {
    const answer = await request(attempt.url, {
      dispatcher: attempt.dispatcher,
      method: attempt.method,
      headers: attempt.headers,
      body: attempt.body ?? null,
      signal: AbortSignal.any([signal, timeout]),
      headersTimeout: attempt.timeoutMs,
      bodyTimeout: attempt.timeoutMs,
    });
    const text = await boundedText(answer.body, attempt.maxAnswerBytes);
    if (text === undefined) return failure('final', `its answer is larger than ${attempt.maxAnswerBytes} bytes`, undefined);
    return { kind: 'answer', status: answer.statusCode, headers: answer.headers, text };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return failure('unknown', `no complete answer within ${attempt.timeoutMs} ms`, error);
    return classify(error);
  }
}

async function boundedText(body: Readable, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > maxBytes) {
      body.destroy();
      return undefined;
    }
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Errors of connecting: the request was not sent. */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Errors of certificates begin with one of these (`node:tls`, `X509_V_ERR_…` names without their prefix). */
const certificatePrefixes = ['CERT_', 'ERR_TLS_', 'ERR_SSL_', 'DEPTH_ZERO_', 'SELF_SIGNED_', 'UNABLE_TO_'];

function classify(error: unknown): AttemptFailure {
  const code = codeOf(error);
  const text = error instanceof Error && error.message !== '' ? error.message : String(code ?? error);
  const problem = code === undefined || text.includes(code) ? text : `${text} (${code})`;
  if (code !== undefined && unsentCodes.has(code)) return failure('unsent', problem, error);
  if (code !== undefined && certificatePrefixes.some((prefix) => code.startsWith(prefix)))
    return { ...failure('final', problem, error), certificate: true };
  if (code === undefined && !(error instanceof Error)) return failure('final', problem, error);
  return failure('unknown', problem, error);
}

function codeOf(error: unknown): string | undefined {
  // A happy-eyeballs failure is an AggregateError with a code of its own on newer Nodes, and in its parts on all.
  const candidates: readonly unknown[] = error instanceof AggregateError ? [error, ...error.errors] : [error];
  for (const candidate of candidates) {
    if (typeof candidate === 'object' && candidate !== null && 'code' in candidate && typeof candidate.code === 'string')
      return candidate.code;
  }
  return undefined;
}

function failure(phase: AttemptFailure['phase'], problem: string, cause: unknown): AttemptFailure {
  return { kind: 'failure', phase, problem, certificate: false, cause };
}
