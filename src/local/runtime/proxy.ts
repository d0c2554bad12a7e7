import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { answerError, requestId } from './error-page.ts';
import type { Rewritten } from './forwarded.ts';
import { clientCacheControl, forwardedHeaders, functionHeaders, hopByHop, rewrittenUrl } from './forwarded.ts';
import type { Instance } from './instance.ts';
import type { Additions } from './router.ts';

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
    const inner = httpRequest(
      {
        host: '127.0.0.1',
        port: instance.port,
        method: request.method,
        path: rewrittenUrl(request, decision),
        headers: functionHeaders(instance, name, decision, request, id),
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
    ...decision.important,
    server: 'Vercel',
    'x-vercel-id': id,
    'x-vercel-cache': 'MISS',
  };
  for (const name of hopByHop) delete headers[name];
  const cookies = cookiesOf(decision.headers, answer.headers);
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  headers['cache-control'] = clientCacheControl(headers['cache-control']);
  response.writeHead(answer.statusCode === 200 ? (decision.status ?? 200) : (answer.statusCode ?? 200), headers);
  if (answer.headers['content-length'] === undefined) response.flushHeaders(); // a stream may begin with a long silence
  answer.once('error', () => response.destroy());
  answer.once('aborted', () => response.destroy());
  answer.pipe(response);
}

/** Cookies of middleware and routes stand beside those of the function. */
function cookiesOf(...sources: readonly Readonly<Record<string, unknown>>[]): string[] {
  return sources.flatMap((headers) => [headers['set-cookie'] ?? []].flat()).map(String);
}

function failedInvocation(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else if (!response.destroyed) answerError(request, response, 502, {}, 'FUNCTION_INVOCATION_FAILED');
}

/** A question of the platform's own to a function: it has no body. */
export interface Question {
  readonly instance: Instance;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
}

/** Asks a function and returns its answer, the body still to be read. Rejects when it breaks the connection. */
export async function askFunction(question: Question): Promise<IncomingMessage> {
  try {
    return await sendQuestion(question);
  } catch (error) {
    await question.instance.goneOrSo();
    throw error;
  }
}

function sendQuestion({ instance, method, url, headers }: Question): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const bare = { ...headers };
    for (const header of ['content-length', 'transfer-encoding']) delete bare[header];
    const inner = httpRequest({ host: '127.0.0.1', port: instance.port, method, path: url, headers: bare, agent: instance.agent }, resolve);
    inner.once('error', reject);
    inner.end();
  });
}

/** Passes a request to another server that a route names. */
export function proxyToUrl(
  decision: Additions & { readonly url: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    const id = requestId();
    const url = new URL(decision.url);
    const headers: OutgoingHttpHeaders = { ...forwardedHeaders(request, id), ...decision.requestHeaders, host: url.host };
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const inner = ask(url, { method: request.method, headers }, (answer) =>
      passBack(answer, { ...decision, path: '', search: '', status: undefined }, id, request, response),
    );
    inner.once('error', () => {
      if (response.headersSent) response.destroy();
      else answerError(request, response, 502, {}, 'ROUTER_EXTERNAL_TARGET_ERROR');
    });
    passOn(request, inner, response);
  });
}
