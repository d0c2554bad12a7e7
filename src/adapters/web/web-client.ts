import { setImmediate as turn } from 'node:timers/promises';
import { Agent, type Dispatcher, request as send } from 'undici';
import type { WebClient, WebOutcome, WebRequest, WebTarget } from '../../core/ports/web.ts';
import { readBody } from './body.ts';
import { failureOf } from './failure.ts';
import { lookupWith } from './lookup.ts';

/** Limits of a web client. */
export interface WebClientOptions {
  /** Bound on an answer's body after decompression; a longer one is a failure of class `too-large`. Default 5 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Certificate authority (PEM) that is trusted beside the usual ones. */
  readonly ca?: string | undefined;
}

/** A web client that keeps connections open until it is closed. */
export type ClosableWebClient = WebClient & { close(): Promise<void> };

const defaultMaxBodyBytes = 5 * 1024 * 1024;
/** Connections idle for longer are not used again: the other side may be about to close them (Node's servers do after 5 s). */
const keepAliveMs = 2000;
/** Bound on connecting, so that nothing lingers after the request itself has ended. */
const connectMs = 30_000;

/** Returns a web client on real sockets; redirects are answers, and nothing is sent twice. */
export function webClient(options: WebClientOptions = {}): ClosableWebClient {
  const maxBodyBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
  const agents = new Map<string, Agent>();
  const agentFor = (target: WebTarget): Agent => {
    const key = JSON.stringify(target.resolve);
    const agent = agents.get(key) ?? newAgent(target.resolve, options.ca);
    agents.set(key, agent);
    return agent;
  };
  return {
    request: async (target, request, signal) => {
      if (request.fresh !== true) return exchange(agentFor(target), target, request, maxBodyBytes, signal);
      const agent = newAgent(target.resolve, options.ca);
      try {
        return await exchange(agent, target, request, maxBodyBytes, signal);
      } finally {
        await agent.destroy();
      }
    },
    close: async () => {
      const open = [...agents.values()];
      agents.clear();
      await Promise.all(open.map((agent) => agent.destroy()));
    },
  };
}

function newAgent(resolve: WebTarget['resolve'], ca: string | undefined): Agent {
  return new Agent({
    allowH2: false,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    // The whole request is bound by its own timer.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Said outright: no variable of the environment (NODE_TLS_REJECT_UNAUTHORIZED) makes a bad certificate a good one.
    connect: { timeout: connectMs, rejectUnauthorized: true, lookup: lookupWith(resolve), ...(ca === undefined ? {} : { ca }) },
  });
}

async function exchange(
  agent: Agent,
  target: WebTarget,
  request: WebRequest,
  maxBodyBytes: number,
  signal: AbortSignal,
): Promise<WebOutcome> {
  signal.throwIfAborted();
  const startedMs = performance.now();
  const timeout = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await send(addressOf(target, request.path), {
      dispatcher: agent,
      method: request.method,
      headers: headersFor(target, request),
      body: request.body ?? null,
      signal: AbortSignal.any([signal, timeout]),
    });
    const body = await readBody(response, maxBodyBytes);
    const durationMs = performance.now() - startedMs;
    // undici takes a connection for free in the next turn of the event loop (client-h1.js, onMessageComplete, 8.12): whoever asks on because
    // of this answer would open another one, which costs a round trip, with TLS two.
    await turn();
    return { kind: 'answer', status: response.statusCode, headers: headersOf(response.headers), body, durationMs };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failure', ...failureOf(error, timeout), durationMs: performance.now() - startedMs };
  }
}

/** Returns the address: always on the target's own origin, so that the bypass secret goes nowhere else. */
function addressOf(target: WebTarget, path: string): URL {
  const origin = new URL(target.origin).origin;
  const address = new URL(origin + path);
  if (!path.startsWith('/') || address.origin !== origin)
    throw new TypeError(`A path begins with a slash; this one does not: ${JSON.stringify(path)}.`);
  return address;
}

function headersFor(target: WebTarget, request: WebRequest): Record<string, string> {
  return {
    'user-agent': 'jv-staging',
    accept: '*/*',
    ...request.headers,
    ...(target.bypassSecret === undefined ? {} : { 'x-vercel-protection-bypass': target.bypassSecret }),
  };
}

function headersOf(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined) return [];
      const lower = name.toLowerCase();
      return [[lower, Array.isArray(value) ? value.join(lower === 'set-cookie' ? '\n' : ', ') : value]];
    }),
  );
}
