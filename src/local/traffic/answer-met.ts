import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { FaultEffect } from '../../core/local/faults.ts';
import type { Met } from './fault-book.ts';
import type { Place } from './ledger.ts';
import { vendorError, type Trouble } from './vendor-errors.ts';

/** A request that meets a fault. */
export interface MetRequest {
  readonly place: Place;
  readonly path: string;
  readonly request: Request;
  readonly env: HttpBindings;
  /** Answers as if there were no fault. */
  own(): Response | Promise<Response>;
}

/** How long a dripping body takes, and in how many pieces it comes. */
const drip = { pieces: 100, everyMs: 100 } as const;

/** Answers a request as its fault wants it. */
export async function answerMet(met: MetRequest, { delayMs, effect }: Met): Promise<Response> {
  const { outgoing } = met.env;
  if (delayMs > 0) await Promise.race([sleep(delayMs), once(outgoing, 'close')]);
  return await perform(met, effect);
}

async function perform(met: MetRequest, effect: FaultEffect): Promise<Response> {
  const { request, env } = met;
  switch (effect.kind) {
    case 'none':
      return await met.own();
    case 'status':
      return withRetryAfter(effect.body === undefined ? ownError(met, effect) : givenBody(effect.status, effect.body), effect.retryAfterS);
    case 'stale':
      return ownError(met, { kind: 'status', status: effect.status });
    case 'quota':
    case 'expire-token':
      return ownError(met, { kind: effect.kind });
    case 'redirect-loop':
      return new Response(null, { status: 307, headers: { location: env.incoming.url ?? '/' } });
    case 'early-ready':
      return await alreadyReady(await met.own());
    case 'drip':
      return dripping(await met.own());
    case 'hang':
      await once(env.outgoing, 'close');
      return RESPONSE_ALREADY_SENT;
    case 'reset-before':
      return reset(env);
    case 'reset-after-commit':
      await (await met.own()).arrayBuffer();
      return reset(env);
    default:
      return unreachable(effect, request);
  }
}

function unreachable(effect: never, request: Request): never {
  throw new Error(`${request.method}: no such effect: ${JSON.stringify(effect)}`);
}

function ownError({ place, path, request }: MetRequest, trouble: Trouble): Response {
  const { status, body, headers } = vendorError({ place, path, apiVersion: request.headers.get('x-supabase-api-version') }, trouble);
  return Response.json(body, { status, headers: { ...headers } });
}

function givenBody(status: number, body: string): Response {
  const type = /^\s*[{["]/.test(body) ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
  return new Response([204, 205, 304].includes(status) ? null : body, { status, headers: { 'content-type': type } });
}

function withRetryAfter(response: Response, seconds: number | undefined): Response {
  if (seconds !== undefined) response.headers.set('retry-after', String(seconds));
  return response;
}

/** Ends the connection with RST, so that the client sees ECONNRESET rather than an orderly end. */
function reset({ incoming }: HttpBindings): Response {
  incoming.socket.resetAndDestroy();
  return RESPONSE_ALREADY_SENT;
}

/** States that say "not yet", and what they are taken for. */
const ready: Readonly<Record<string, string>> = {
  QUEUED: 'READY',
  INITIALIZING: 'READY',
  BUILDING: 'READY',
  COMING_UP: 'ACTIVE_HEALTHY',
  RESTORING: 'ACTIVE_HEALTHY',
  CREATING_PROJECT: 'FUNCTIONS_DEPLOYED',
  RUNNING_MIGRATIONS: 'FUNCTIONS_DEPLOYED',
};

async function alreadyReady(response: Response): Promise<Response> {
  if (!response.headers.get('content-type')?.startsWith('application/json')) return response;
  const told: unknown = JSON.parse(await response.text(), (key, value: unknown) =>
    /^(ready)?state$|^status$/i.test(key) && typeof value === 'string' ? (ready[value] ?? value) : value,
  );
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  return new Response(JSON.stringify(told), { status: response.status, headers });
}

function dripping(response: Response): Response {
  if (response.body === null) return response;
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  return new Response(ReadableStream.from(pieces(response)), { status: response.status, headers });
}

async function* pieces(response: Response): AsyncGenerator<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const size = Math.max(1, Math.ceil(bytes.length / drip.pieces));
  for (let from = 0; from < bytes.length; from += size) {
    yield bytes.subarray(from, from + size);
    await sleep(drip.everyMs);
  }
}
