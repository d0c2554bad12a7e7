import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { answerError, requestId } from './error-page.ts';
import type { Instance } from './instance.ts';

interface Rewritten {
  readonly path: string;
  readonly search: string;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers that belong to one connection (RFC 9110 §7.6.1). */
const hopByHop = [
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

/** Passes a request to a function and its answer back, both streamed. */
export function proxyToFunction(
  instance: Instance,
  name: string,
  decision: Rewritten,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    const id = requestId();
    const headers = { ...forwardedHeaders(request, id), 'x-jv-secret': instance.secret, 'x-jv-function': encodeURIComponent(name) };
    const inner = httpRequest(
      {
        host: '127.0.0.1',
        port: instance.port,
        method: request.method,
        path: rewrittenUrl(request, decision),
        headers,
        agent: instance.agent,
      },
      (answer) => passBack(answer, decision, id, request, response),
    );
    // Whoever asks again after this answer meets a new process, not the remains of this one.
    inner.once('error', () => {
      if (!response.destroyed) void instance.goneOrSo().then(() => failedInvocation(request, response));
    });
    passOn(request, inner, response);
  });
}

function passOn(request: IncomingMessage, inner: ClientRequest, response: ServerResponse): void {
  response.once('close', () => {
    if (!response.writableFinished) inner.destroy();
  });
  if (!hasBody(request)) {
    inner.end();
    return;
  }
  // The function begins when the headers are there, not when the first byte of the body is.
  inner.flushHeaders();
  request.pipe(inner);
}

function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function passBack(answer: IncomingMessage, decision: Rewritten, id: string, request: IncomingMessage, response: ServerResponse): void {
  if (answer.headers['x-jv-failed'] !== undefined) {
    answer.resume();
    return answerError(request, response, 500, {}, 'FUNCTION_INVOCATION_FAILED');
  }
  const headers: OutgoingHttpHeaders = {
    ...decision.headers,
    ...answer.headers,
    server: 'Vercel',
    'x-vercel-id': id,
    'x-vercel-cache': 'MISS',
  };
  for (const name of hopByHop) delete headers[name];
  headers['cache-control'] ??= 'public, max-age=0, must-revalidate';
  response.writeHead(answer.statusCode === 200 ? (decision.status ?? 200) : (answer.statusCode ?? 200), headers);
  if (answer.headers['content-length'] === undefined) response.flushHeaders(); // a stream may begin with a long silence
  answer.once('error', () => response.destroy());
  answer.once('aborted', () => response.destroy());
  answer.pipe(response);
}

function failedInvocation(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else if (!response.destroyed) answerError(request, response, 502, {}, 'FUNCTION_INVOCATION_FAILED');
}

/** A function sees the address as it was asked for, with what routes added to the query. */
function rewrittenUrl(request: IncomingMessage, decision: Rewritten): string {
  const url = request.url ?? '/';
  const end = url.indexOf('?');
  return `${end < 0 ? url : url.slice(0, end)}${decision.search}`;
}

function forwardedHeaders(request: IncomingMessage, id: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...request.headers };
  for (const name of hopByHop) if (name !== 'transfer-encoding') delete headers[name];
  for (const name of Object.keys(headers)) if (name.startsWith('x-jv-')) delete headers[name];
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

/** Refuses a WebSocket with a bare status line. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Hands a WebSocket connection to a function: bytes pass both ways once it has agreed. */
export function upgradeToFunction(
  instance: Instance,
  name: string,
  decision: Rewritten,
  asked: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): void {
  const { request, socket, head } = asked;
  const headers = {
    ...forwardedHeaders(request, requestId()),
    connection: 'Upgrade',
    upgrade: request.headers.upgrade,
    'x-jv-secret': instance.secret,
    'x-jv-function': encodeURIComponent(name),
  };
  const inner = httpRequest({
    host: '127.0.0.1',
    port: instance.port,
    method: request.method,
    path: rewrittenUrl(request, decision),
    headers,
    agent: false,
  });
  inner.once('upgrade', (answer, far, farHead) => {
    socket.write(headOf(answer));
    if (farHead.length > 0) socket.write(farHead);
    if (head.length > 0) far.write(head);
    far.on('error', () => socket.destroy());
    socket.on('error', () => far.destroy());
    far.on('close', () => socket.destroy());
    socket.on('close', () => far.destroy());
    far.pipe(socket).pipe(far);
  });
  inner.once('response', (answer) => {
    socket.write(headOf(answer, 'close'));
    answer.pipe(socket);
  });
  inner.once('error', () => refuseUpgrade(socket, '502 Bad Gateway'));
  inner.end();
}

/** Returns an answer's status line and headers; with `close`, for a body that ends with the connection. */
function headOf(answer: IncomingMessage, end?: 'close'): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    if (end && /^(connection|transfer-encoding|keep-alive)$/i.test(name)) continue;
    lines.push(`${name}: ${answer.rawHeaders[index + 1]}`);
  }
  if (end) lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Passes a request to another server that a route names. */
export function proxyToUrl(
  decision: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    const id = requestId();
    const url = new URL(decision.url);
    const headers = { ...forwardedHeaders(request, id), host: url.host };
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const inner = ask(url, { method: request.method, headers }, (answer) =>
      passBack(answer, { path: '', search: '', status: undefined, headers: decision.headers }, id, request, response),
    );
    inner.once('error', () => {
      if (response.headersSent) response.destroy();
      else answerError(request, response, 502, {}, 'ROUTER_EXTERNAL_TARGET_ERROR');
    });
    passOn(request, inner, response);
  });
}
