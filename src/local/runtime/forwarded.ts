import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Instance } from './instance.ts';
import type { Additions } from './router.ts';

/** Where a request goes and what is added on the way. */
export interface Rewritten extends Additions {
  /** The address at which the function stands. */
  readonly path: string;
  readonly search: string;
  readonly status: number | undefined;
}

/** Headers that belong to one connection (RFC 9110 §7.6.1). */
export const hopByHop = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What middleware may not change: how the body is sent, to whom, and by whom. */
const ofConnection = new RegExp(`^(?:x-jv-.*|x-matched-path|host|content-length|${hopByHop.join('|')})$`);

/** A function sees the address as it was asked for, with what routes added to the query. */
export function rewrittenUrl(request: IncomingMessage, decision: Rewritten): string {
  const url = request.url ?? '/';
  const end = url.indexOf('?');
  return `${end < 0 ? url : url.slice(0, end)}${decision.search}`;
}

/** Returns the headers with which a function is asked: the visitor's, the platform's, what routes and middleware changed. */
export function functionHeaders(
  instance: Instance,
  name: string,
  decision: Rewritten,
  request: IncomingMessage,
  id: string,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...forwardedHeaders(request, id), 'x-matched-path': decision.path };
  for (const [key, value] of Object.entries(decision.requestHeaders)) {
    if (ofConnection.test(key)) continue;
    if (value === undefined) delete headers[key];
    else headers[key] = value;
  }
  const matched = decision.important['x-matched-path'];
  if (matched !== undefined) headers['x-matched-path'] = matched;
  return { ...headers, 'x-jv-secret': instance.secret, 'x-jv-function': encodeURIComponent(name) };
}

/** Headers by which the platform speaks to functions: a visitor may not. */
const ofPlatform = /^x-(?:jv-|matched-path$|middleware-set-cookie$|now-route-matches$|vercel-(?:id|forwarded-for)$)/;

/** Returns a visitor's headers with those that the platform adds. */
export function forwardedHeaders(request: IncomingMessage, id: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...request.headers };
  for (const name of hopByHop) if (name !== 'transfer-encoding') delete headers[name];
  for (const name of Object.keys(headers)) if (ofPlatform.test(name)) delete headers[name];
  const client = request.socket.remoteAddress ?? '127.0.0.1';
  return {
    ...headers,
    'x-forwarded-for': client,
    'x-real-ip': client,
    'x-forwarded-host': request.headers.host,
    'x-forwarded-proto': 'encrypted' in request.socket ? 'https' : 'http',
    'x-vercel-id': id,
    'x-vercel-forwarded-for': client,
  };
}

/** Returns an answer's headers without those of its connection and of ours. */
export function ownHeaders(answer: IncomingMessage): Record<string, string | string[]> {
  const own = Object.entries(answer.headers).filter(([name]) => !hopByHop.includes(name) && !name.startsWith('x-jv-') && name !== 'date');
  return Object.fromEntries(own.map(([name, value]) => [name, value ?? '']));
}

/** Returns what of a function's cache control the visitor sees: what it says to shared caches is for the platform alone. */
export function clientCacheControl(header: unknown): string {
  const text = typeof header === 'string' ? header : '';
  const kept = text.split(',').filter((part) => !/^\s*(?:s-maxage|stale-while-revalidate|stale-if-error)\b/i.test(part));
  return kept.join(',').trim() || 'public, max-age=0, must-revalidate';
}
