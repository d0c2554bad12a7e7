import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestId } from './runtime/error-page.ts';
import { sameSecret } from './same-secret.ts';
import type { Wall } from './vercel/protection.ts';

/** Name of the header and of the query parameter that carry the secret of automation. */
const bypassName = 'x-vercel-protection-bypass';
const setCookieName = 'x-vercel-set-bypass-cookie';
const cookieName = '_vercel_jwt';

/** Says whether a request passes the wall by a secret, a cookie that one was changed into, or an open path. */
export function passesWall(wall: Wall, host: string, request: IncomingMessage): boolean {
  if (secretOf(wall, request) !== undefined) return true;
  const cookie = new RegExp(`(?:^|;\\s*)${cookieName}=([\\w.-]+)`).exec(request.headers.cookie ?? '')?.[1];
  if (cookie !== undefined && wall.secrets.some((secret) => sameSecret(cookie, cookieOf(secret, host)))) return true;
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  return request.method === 'OPTIONS' && wall.openPaths.some((open) => path.startsWith(open));
}

/** Answers what the wall itself answers: the request for a cookie, and everybody whom it does not let through. Says whether it did. */
export function answerAtWall(wall: Wall, host: string, request: IncomingMessage, response: ServerResponse): boolean {
  const secret = secretOf(wall, request);
  if (secret !== undefined && said(request, setCookieName) !== undefined) {
    giveCookie(secret, host, request, response);
    return true;
  }
  if (passesWall(wall, host, request)) return false;
  askForLogin(host, request, response);
  return true;
}

function secretOf(wall: Wall, request: IncomingMessage): string | undefined {
  const asked = said(request, bypassName);
  return asked === undefined ? undefined : wall.secrets.find((secret) => sameSecret(asked, secret));
}

/** Returns what the header, else the query parameter, of this name says. */
function said(request: IncomingMessage, name: string): string | undefined {
  const header = request.headers[name];
  if (typeof header === 'string') return header;
  return addressOf(request).searchParams.get(name) ?? undefined;
}

function addressOf(request: IncomingMessage): URL {
  return new URL(`http://wall${request.url?.startsWith('/') ? request.url : '/'}`);
}

/** Valid for one host name, and as long as its secret is. */
function cookieOf(secret: string, host: string): string {
  return createHmac('sha256', secret).update(host).digest('base64url');
}

function giveCookie(secret: string, host: string, request: IncomingMessage, response: ServerResponse): void {
  const address = addressOf(request);
  address.searchParams.delete(bypassName);
  address.searchParams.delete(setCookieName);
  const isSecure = 'encrypted' in request.socket;
  const sameSite = said(request, setCookieName) === 'samesitenone' ? 'None' : 'Lax';
  response.writeHead(307, {
    location: `${address.pathname}${address.search}`,
    'set-cookie': `${cookieName}=${cookieOf(secret, host)}; Path=/; HttpOnly; SameSite=${sameSite}${isSecure ? '; Secure' : ''}`,
    'cache-control': 'no-store, max-age=0',
    server: 'Vercel',
    'x-vercel-id': requestId(),
  });
  response.end();
}

/** The vendor's 401: a page that leads to its login, never cached, never indexed. */
function askForLogin(host: string, request: IncomingMessage, response: ServerResponse): void {
  const nonce = randomBytes(12).toString('hex');
  const login = `https://vercel.com/sso-api?url=${encodeURIComponent(`https://${host}${request.url ?? '/'}`)}&nonce=${nonce}`;
  const page = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authentication Required</title>',
    `<meta http-equiv="refresh" content="1; url=${login.replaceAll('&', '&amp;')}"></head>`,
    `<body><h1>Authentication Required</h1><p><a href="${login.replaceAll('&', '&amp;')}">Continue to Vercel Authentication</a></p></body></html>`,
  ].join('\n');
  response.writeHead(401, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'set-cookie': `_vercel_sso_nonce=${nonce}; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax`,
    'cache-control': 'no-store, max-age=0',
    'x-robots-tag': 'noindex',
    'x-frame-options': 'DENY',
    server: 'Vercel',
    'x-vercel-id': requestId(),
  });
  response.end(request.method === 'HEAD' ? undefined : page);
}
