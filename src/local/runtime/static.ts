import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
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
  if (cache.takes(file.size)) {
    const encoding = encodingOf(file, request.headers['accept-encoding']);
    const content = await contentOf(file, encoding, cache);
    const encoded = encoding === 'identity' ? {} : { 'content-encoding': encoding };
    response.writeHead(status, { ...headers, ...encoded, 'content-length': content.length });
    response.end(request.method === 'HEAD' ? undefined : content);
    return undefined;
  }
  response.writeHead(status, { ...headers, 'content-length': file.size });
  if (request.method === 'HEAD') {
    response.end();
    return undefined;
  }
  return await pipeline(createReadStream(file.path), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // the client went away
  });
}

type Encoding = 'br' | 'gzip' | 'identity';

const compressing = { br: promisify(brotliCompress), gzip: promisify(gzip) };
/** What Brotli does for answers that are made on request; its default, 11, takes seconds for a large bundle. */
const brotliQuality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/**
 * Returns how a file is sent: text is compressed for whoever takes it, Brotli before gzip
 * (https://vercel.com/docs/how-vercel-cdn-works/compression, read 2026-11-27).
 */
function encodingOf({ contentType, size }: StaticFile, accepted: string | undefined): Encoding {
  if (size === 0 || !/^text\/|^application\/(?:javascript|json|xml|manifest\+json|wasm)|^image\/svg/.test(contentType)) return 'identity';
  const offered = (accepted ?? '').split(',').map((one) => one.trim());
  const takes = (name: string) => offered.some((one) => one === name || (one.startsWith(`${name};`) && !/;\s*q=0(?:\.0*)?$/.test(one)));
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'identity';
}

async function contentOf(file: StaticFile, encoding: Encoding, cache: ContentCache): Promise<Buffer> {
  const key = encoding === 'identity' ? file.path : `${file.path}\0${encoding}`;
  const kept = cache.get(key);
  if (kept !== undefined) return kept;
  const content = await readFile(file.path);
  if (encoding === 'identity') return cache.add(key, content);
  return cache.add(key, encoding === 'br' ? await compressing.br(content, brotliQuality) : await compressing.gzip(content));
}

/** Says whether an `if-none-match` header names this etag. */
export function isKnownEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*');
}
