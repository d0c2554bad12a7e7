import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { HeaderValues } from './journey.ts';
import { ownHeaders } from './forwarded.ts';

/** An answer that middleware gives by itself, its body still to be read. */
export interface MiddlewareResponse {
  readonly status: number;
  readonly body: IncomingMessage;
}

/** What middleware says about a request: go on, go on elsewhere, or this is the answer. */
export type MiddlewareResult =
  | { readonly kind: 'failed' }
  | ({ readonly kind: 'next' } & MiddlewareHeaders)
  | ({ readonly kind: 'rewrite'; readonly url: string } & MiddlewareHeaders)
  | ({ readonly kind: 'respond'; readonly response: MiddlewareResponse } & MiddlewareHeaders);

interface MiddlewareHeaders {
  /** For the answer to the visitor. */
  readonly headers: HeaderValues;
  /** For the function that comes next; undefined: not at all. */
  readonly requestHeaders: Readonly<Record<string, string | undefined>>;
}

/** Headers by which middleware speaks to the platform. */
const ofProtocol = /^x-middleware-(?:next|rewrite|redirect|refresh|invoke|set-cookie|override-headers|request-.*)$/;

/** Reads an answer of middleware by its `x-middleware-…` headers (vercel.com/docs/routing-middleware/api, `next`, `rewrite`). */
export async function readMiddleware(answer: IncomingMessage, request: IncomingMessage): Promise<MiddlewareResult> {
  if (answer.headers['x-jv-failed'] !== undefined) {
    await text(answer);
    return { kind: 'failed' };
  }
  const all = ownHeaders(answer);
  const headers = Object.fromEntries(Object.entries(all).filter(([name]) => !ofProtocol.test(name)));
  const said = { headers, requestHeaders: requestHeadersOf(all, request) };
  const rewrite = all['x-middleware-rewrite'];
  if (typeof rewrite !== 'string' && all['x-middleware-next'] === undefined) {
    return { kind: 'respond', response: { status: answer.statusCode ?? 200, body: answer }, ...said };
  }
  await text(answer);
  for (const name of ['content-length', 'content-type', 'content-encoding']) delete headers[name];
  return typeof rewrite === 'string' ? { kind: 'rewrite', url: rewrite, ...said } : { kind: 'next', ...said };
}

/** With `x-middleware-override-headers` the function sees exactly the headers that are named there. */
function requestHeadersOf(all: HeaderValues, request: IncomingMessage): Record<string, string | undefined> {
  const cookies = all['x-middleware-set-cookie'];
  const own = cookies === undefined ? {} : { 'x-middleware-set-cookie': [cookies].flat().join(',') };
  const named = all['x-middleware-override-headers'];
  if (named === undefined) return own;
  const kept = [named].flat().flatMap((part) => part.split(',').map((name) => name.trim().toLowerCase()));
  const gone = Object.keys(request.headers).filter((name) => !kept.includes(name));
  const value = (name: string) => all[`x-middleware-request-${name}`]?.toString();
  return { ...Object.fromEntries([...gone.map((name) => [name, undefined]), ...kept.map((name) => [name, value(name)])]), ...own };
}
