import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { StaticFile } from './build-output.ts';
import type { ContentCache } from './content-cache.ts';
import { answerError, requestId } from './error-page.ts';

/** Answers with a static file: GET and HEAD, 304 for a known etag, headers and status of the routes. */
export async function serveStatic(
  file: StaticFile | undefined,
  decision: { readonly status: number | undefined; readonly headers: Readonly<Record<string, string | string[]>> },
  request: IncomingMessage,
  response: ServerResponse,
  cache: ContentCache,
): Promise<void> {
  if (!file) return answerError(request, response, 404);
  if (request.method !== 'GET' && request.method !== 'HEAD') return answerError(request, response, 405, { allow: 'GET, HEAD' });
  const headers = {
    'content-type': file.contentType,
    'cache-control': 'public, max-age=0, must-revalidate',
    'content-disposition': 'inline',
    etag: file.etag,
    server: 'Vercel',
    'x-vercel-cache': 'HIT',
    'x-vercel-id': requestId(),
    ...decision.headers,
  };
  const status = decision.status ?? 200;
  if (status === 200 && isKnownEtag(request.headers['if-none-match'], file.etag)) {
    response.writeHead(304, headers).end();
    return undefined;
  }
  const whole = { ...headers, 'content-length': file.size };
  if (request.method === 'HEAD') {
    response.writeHead(status, whole).end();
    return undefined;
  }
  if (cache.takes(file.size)) {
    const content = cache.get(file.path) ?? cache.add(file.path, await readFile(file.path));
    response.writeHead(status, whole).end(content);
    return undefined;
  }
  response.writeHead(status, whole);
  return await pipeline(createReadStream(file.path), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // the client went away
  });
}

/** Says whether an `if-none-match` header names this etag. */
export function isKnownEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*');
}
