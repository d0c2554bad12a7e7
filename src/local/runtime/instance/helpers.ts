import type { IncomingMessage, ServerResponse } from 'node:http';

/** Adds what Vercel's Node launcher adds with `shouldAddHelpers`: query, cookies, body; status, send, json, redirect. */
export async function addHelpers(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const url = new URL(request.url ?? '/', 'http://localhost');
  Object.assign(request, { query: Object.fromEntries(url.searchParams), cookies: cookiesOf(request) });
  Object.defineProperty(request, 'body', { configurable: true, enumerable: true, get: () => bodyOf(request, raw) });
  const status = (code: number) => {
    response.statusCode = code;
    return response;
  };
  const json = (value: unknown) => {
    if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(value));
    return response;
  };
  const sendBody = (value: unknown) => {
    if (typeof value === 'string' || Buffer.isBuffer(value)) return response.end(value);
    return value === undefined || value === null ? response.end() : json(value);
  };
  const redirect = (where: number | string, to?: string) => {
    response.writeHead(typeof where === 'number' ? where : 307, { location: to ?? String(where) }).end();
    return response;
  };
  Object.assign(response, { status, json, send: sendBody, redirect });
}

function cookiesOf(request: IncomingMessage): Record<string, string> {
  const pairs = (request.headers.cookie ?? '').split(/;\s*/).filter((pair) => pair.includes('='));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]));
}

function bodyOf(request: IncomingMessage, raw: Buffer): unknown {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim();
  if (raw.length === 0) return type === 'application/json' ? {} : undefined;
  if (type === 'application/json') return JSON.parse(raw.toString());
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(raw.toString()));
  return type === 'text/plain' ? raw.toString() : raw;
}
