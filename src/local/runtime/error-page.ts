import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Tells this process's request ids from those of another. */
const ownPart = randomBytes(3).toString('hex');
let lastRequest = 0;

/** Returns a request id of the platform's kind: `region::process-time-number`. Counted, since random bytes for each cost too much. */
export function requestId(): string {
  lastRequest++;
  return `iad1::${ownPart}-${Date.now()}-${lastRequest.toString(16).padStart(12, '0')}`;
}

const known: Readonly<Record<number, { readonly code: string; readonly message: string }>> = {
  400: { code: 'BAD_REQUEST', message: 'Bad request' },
  404: { code: 'NOT_FOUND', message: 'The page could not be found' },
  405: { code: 'METHOD_NOT_ALLOWED', message: 'The method is not allowed' },
  500: { code: 'INTERNAL_SERVER_ERROR', message: 'A server error has occurred' },
  502: { code: 'BAD_GATEWAY', message: 'An error occurred with this application' },
  503: { code: 'SERVICE_UNAVAILABLE', message: 'The deployment is not ready' },
};

const messages: Readonly<Record<string, string>> = {
  DEPLOYMENT_NOT_FOUND: 'The deployment could not be found on Vercel.',
  DEPLOYMENT_NOT_READY: 'The deployment is not ready.',
  FUNCTION_INVOCATION_FAILED: 'A server error has occurred',
  MIDDLEWARE_INVOCATION_FAILED: 'A server error has occurred',
};

/** Answers in the platform's own error form: plain text, or JSON where that is asked for; `x-vercel-error` names the code. */
export function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | string[]>> = {},
  code?: string,
): void {
  if (headers['location'] !== undefined || status < 400) {
    response.writeHead(status, headers).end();
    return;
  }
  const shown = code ?? known[status]?.code ?? 'ERROR';
  const message = messages[shown] ?? known[status]?.message ?? 'An error has occurred';
  const id = requestId();
  const wantsJson = /\bapplication\/json\b/.test(request.headers.accept ?? '');
  const body = wantsJson ? JSON.stringify({ error: { code: String(status), message } }) : `${message}\n\n${shown}\n\n${id}\n`;
  response.writeHead(status, {
    ...headers,
    'content-type': wantsJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    'cache-control': 'public, max-age=0, must-revalidate',
    'content-length': Buffer.byteLength(body),
    'x-vercel-error': shown,
    'x-vercel-id': id,
    server: 'Vercel',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
