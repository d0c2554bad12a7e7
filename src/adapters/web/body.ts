import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** An answer's body is longer than is read. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
    this.maxBytes = maxBytes;
  }
}

/**
 * Returns the body as text, decompressed; never holds more than `maxBytes` of it. Throws `BodyTooLargeError` for a longer one, and
 * what the connection or the decompression throws.
 */
export async function readBody(response: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const source = response.body;
  const announced = Number(single(response.headers['content-length']) ?? 0);
  const stream = decompressed(source, single(response.headers['content-encoding']));
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    if (announced > maxBytes) throw new BodyTooLargeError(maxBytes);
    for await (const chunk of stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      sizeBytes += bytes.length;
      if (sizeBytes > maxBytes) throw new BodyTooLargeError(maxBytes);
      chunks.push(bytes);
    }
  } finally {
    // Ends the connection when not all of it was read; a late error of the socket is nobody's business any more.
    source.on('error', () => undefined);
    if (!source.readableEnded) source.destroy();
    stream.on('error', () => undefined);
    stream.destroy();
  }
  return decode(Buffer.concat(chunks), single(response.headers['content-type']));
}

function decompressed(source: Readable, encoding: string | undefined): Readable {
  const decoder = decoderOf(encoding);
  if (decoder === undefined) return source;
  // `pipe` does not hand errors on.
  source.on('error', (error) => decoder.destroy(error));
  return source.pipe(decoder);
}

function decoderOf(encoding: string | undefined) {
  switch (encoding?.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

function decode(bytes: Buffer, contentType: string | undefined): string {
  const charset = /charset="?([\w-]+)/i.exec(contentType ?? '')?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return bytes.toString('utf8');
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
