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
  /** Returns what sends one virtual user's requests, one after another. */
  user(): LoadUser;
  /** Ends all requests under way (they come out as errors) and closes the connections. */
  close(): Promise<void>;
}

/** One virtual user's side of the wire. */
export interface LoadUser {
  /** Waits for the user's last request to end first; never rejects: what went wrong is the sample's error class. */
  send(request: SentRequest): Promise<RequestSample>;
}

/** How often requests under way are compared with their deadline. */
const sweepMs = 50;

/** As undici gives them: a header that came twice is a list. */
type AnswerHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** A request as it is dispatched, prepared once a run. */
interface Prepared {
  readonly options: Dispatcher.DispatchOptions;
  readonly status: number;
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
  const exchanges = new Set<Exchange>();
  const prepared = new Map<SentRequest, Prepared>();
  const sweep = setInterval(() => {
    const nowMs = performance.now();
    for (const exchange of exchanges) exchange.giveUpAt(nowMs);
  }, sweepMs);

  const newExchange = () => {
    const exchange = new Exchange(timeoutMs);
    exchanges.add(exchange);
    return exchange;
  };
  return {
    user: () => {
      let exchange = newExchange();
      return {
        send: (request) =>
          new Promise((resolve) => {
            const known = prepared.get(request) ?? { options: dispatchOptions(request), status: request.status };
            prepared.set(request, known);
            if (exchange.isAbandoned) {
              exchanges.delete(exchange);
              exchange = newExchange();
            }
            exchange.begin(known.status, resolve);
            pool.dispatch(known.options, exchange);
          }),
      };
    },
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
    ...(request.body === undefined ? {} : { body: Buffer.from(request.body) }),
  };
}

/**
 * What undici tells of one virtual user's request. It serves all of the user's requests, for they follow one another: at full speed most of
 * the engine's time went into making such things anew.
 */
class Exchange implements Dispatcher.DispatchHandler {
  /** True once a request was given up that undici may still begin: what it tells from then on is of no interest to the user. */
  isAbandoned = false;
  readonly #timeoutMs: number;
  #finish: ((sample: RequestSample) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #expected = 0;
  #deadlineMs = 0;
  #startedMs = 0;
  #status = 0;
  #retryAfter = '';
  #hasTimedOut = false;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Prepares for a request of which the status `expected` is wanted; `finish` is called once. */
  begin(expected: number, finish: (sample: RequestSample) => void): void {
    this.#finish = finish;
    this.#controller = undefined;
    this.#expected = expected;
    this.#startedMs = performance.now();
    this.#deadlineMs = this.#startedMs + this.#timeoutMs;
    this.#status = 0;
    this.#retryAfter = '';
    this.#hasTimedOut = false;
  }

  /** Gives the request under way up when its time is over. */
  giveUpAt(nowMs: number): void {
    if (this.#finish === undefined || nowMs < this.#deadlineMs || this.#hasTimedOut) return;
    this.#hasTimedOut = true;
    if (this.#controller !== undefined) {
      this.#controller.abort(new Error('timeout'));
      return;
    }
    this.isAbandoned = true;
    this.#end(failureSample('timeout', this.#timeoutMs));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#hasTimedOut) {
      controller.abort(new Error('timeout'));
      return;
    }
    this.#startedMs = performance.now();
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    this.#status = status;
    this.#retryAfter = String(headers['retry-after'] ?? '');
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    const latencyMs = performance.now() - this.#startedMs;
    this.#end(answerSample(this.#expected, { status: this.#status, retryAfter: this.#retryAfter, latencyMs }));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(failureSample(this.#hasTimedOut ? 'timeout' : errorClass(error), this.#timeoutMs));
  }

  #end(sample: RequestSample): void {
    const finish = this.#finish;
    this.#finish = undefined;
    finish?.(sample);
  }
}

/** Returns what an answer counts as, where one with the status `expected` was wanted. */
export function answerSample(
  expected: number,
  { status, retryAfter, latencyMs }: { readonly status: number; readonly retryAfter: string; readonly latencyMs: number },
): RequestSample {
  if (status === expected) return { latencyMs, error: null };
  return { latencyMs, error: String(status), ...(isGraceful(status, retryAfter) ? { graceful: true } : {}) };
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
