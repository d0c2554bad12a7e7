import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Pool, type Dispatcher } from 'undici';
import { noFiles } from '../../core/load/open-files.ts';
import { isGraceful } from '../../core/load/degradation.ts';
import type { SentRequest } from '../../core/load/request.ts';
import type { WebTarget } from '../../core/ports/web.ts';
import type { RequestSample } from '../../core/statistics.ts';

/** Sends the requests of a load run over kept connections, one for each virtual user. */
export interface LoadSender {
  /** Never rejects: what went wrong is the sample's error class. */
  send(request: SentRequest): Promise<RequestSample>;
  /** Ends all requests under way (they come out as errors) and closes the connections. */
  close(): Promise<void>;
}

/** How often requests under way are compared with their deadline. */
const sweepMs = 50;

/** A request under way: when it must be over, and how to give it up. */
interface UnderWay {
  deadlineMs: number;
  giveUp(): void;
}

/**
 * Returns a sender for one origin. A request's time begins when it is written to its connection and ends with the last byte of
 * the answer, as k6's `http_req_duration` does: waiting for a new connection is not part of it.
 */
export function loadSender(target: WebTarget, connections: number, timeoutMs: number): LoadSender {
  const pool = new Pool(target.origin, {
    connections,
    pipelining: 1,
    connect: { timeout: timeoutMs, lookup: lookupIn(target.resolve) },
    // Our own sweep bounds the whole request; undici's timers only bound its parts.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const underWay = new Set<UnderWay>();
  const sweep = setInterval(() => {
    const nowMs = performance.now();
    for (const request of underWay) if (nowMs >= request.deadlineMs) request.giveUp();
  }, sweepMs);

  return {
    send: (request) =>
      new Promise((resolve) => {
        const entry: UnderWay = { deadlineMs: performance.now() + timeoutMs, giveUp: () => undefined };
        const finish = (sample: RequestSample) => {
          underWay.delete(entry);
          resolve(sample);
        };
        underWay.add(entry);
        pool.dispatch(dispatchOptions(request), answerHandler(request, entry, timeoutMs, finish));
      }),
    close: async () => {
      clearInterval(sweep);
      await pool.destroy();
    },
  };
}

/** Returns the error class of a failed connection or request, from its code. */
export function errorClass(error: unknown): string {
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'refused';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return 'reset';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EMFILE':
    case 'ENFILE':
      return noFiles;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'dns';
    default:
      return 'other';
  }
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  // A host with several addresses fails with an AggregateError whose own code may be missing.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) return codeOf(error.errors[0]);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : undefined;
}

function dispatchOptions(request: SentRequest): Dispatcher.DispatchOptions {
  return {
    method: request.method,
    path: request.path,
    headers: request.headers,
    ...(request.body === undefined ? {} : { body: request.body }),
  };
}

function answerHandler(
  request: SentRequest,
  entry: UnderWay,
  timeoutMs: number,
  finish: (sample: RequestSample) => void,
): Dispatcher.DispatchHandler {
  let startedMs = performance.now();
  let status = 0;
  let retryAfter = '';
  let timedOut = false;
  const timeout = failureSample('timeout', timeoutMs);
  entry.giveUp = () => {
    timedOut = true;
    finish(timeout);
  };
  return {
    onRequestStart: (controller) => {
      if (timedOut) {
        controller.abort(new Error('timeout'));
        return;
      }
      startedMs = performance.now();
      entry.giveUp = () => {
        timedOut = true;
        controller.abort(new Error('timeout'));
      };
    },
    onResponseStart: (_controller, statusCode, headers) => {
      status = statusCode;
      retryAfter = String(headers['retry-after'] ?? '');
    },
    onResponseData: () => undefined,
    onResponseEnd: () => finish(answerSample(request.status, { status, retryAfter, latencyMs: performance.now() - startedMs })),
    onResponseError: (_controller, error) => {
      finish(timedOut ? timeout : failureSample(errorClass(error), timeoutMs));
    },
  };
}

/** Returns what an answer counts as, where one with the status `expected` was wanted. */
export function answerSample(
  expected: number,
  { status, retryAfter, latencyMs }: { readonly status: number; readonly retryAfter: string; readonly latencyMs: number },
): RequestSample {
  const error = status === expected ? null : String(status);
  return { latencyMs, error, ...(error !== null && isGraceful(status, retryAfter) ? { graceful: true } : {}) };
}

/** Returns what a request without an answer counts as: a timeout with its whole time, anything else without one. */
export function failureSample(error: string, timeoutMs: number): RequestSample {
  return { latencyMs: error === 'timeout' ? timeoutMs : null, error };
}

/** Returns a lookup that answers the names we resolve ourselves and leaves the others to the system. */
function lookupIn(resolve: Readonly<Record<string, string>>): LookupFunction | undefined {
  if (Object.keys(resolve).length === 0) return undefined;
  return (hostname, options, callback) => {
    const address = resolve[hostname];
    if (address === undefined) {
      lookup(hostname, options, callback);
      return;
    }
    const family = address.includes(':') ? 6 : 4;
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
