import { createHash, hash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import pLimit from 'p-limit';
import type { StagingError } from '../../core/errors.ts';
import type { UploadProgress } from '../../core/ports/hosting.ts';
import { atOnceBytes, fileChanged, type OutputFile, streamAboveBytes } from './output-files.ts';
import type { VercelApi } from './vercel-api.ts';

/** Uploads at the same time. */
export const uploadConnections = 32;

/** Times that one file is sent at most: a burst of failures must not lose the thousands that went up before it. */
const attempts = 8;

/** Slowest upload that is waited for: 64 KiB a second, beside the time that every call has. */
const extraMsFor = (sizeBytes: number) => Math.ceil(sizeBytes / 64);

/**
 * Uploads the files whose sha1 the vendor misses, each content once. The content is hashed again on its way: one that changed since
 * it was listed is `DEPLOY_FILE_CHANGED` (kind `red`). The first failure stops the others; what was sent stays at the vendor.
 */
export async function uploadMissing(
  api: VercelApi,
  files: readonly OutputFile[],
  missing: readonly string[],
  onProgress: (progress: UploadProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(missing);
  const bySha = new Map(files.filter((file) => wanted.has(file.sha)).map((file) => [file.sha, file]));
  const bytesToSend = [...bySha.values()].reduce((sum, file) => sum + file.size, 0);
  let sent = 0;
  const report = (waiting?: string) => onProgress({ files: files.length, filesToSend: bySha.size, sent, bytesToSend, waiting });
  report();
  // One line, however many of the connections are asked to wait; the next file that arrives ends it.
  let isWaiting = false;
  const onWait = (line: string) => {
    if (!isWaiting) report(line);
    isWaiting = true;
  };
  const limit = pLimit(uploadConnections);
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const uploads = [...bySha.values()].map((file) =>
    limit(async () => {
      stopped.throwIfAborted();
      await uploadFile(api, file, onWait, stopped);
      sent += 1;
      isWaiting = false;
      report();
    }).catch((error: unknown) => {
      // The others end with this very error as their reason, so whichever settles first carries it.
      stop.abort(error);
      throw error;
    }),
  );
  const results = await Promise.allSettled(uploads);
  signal.throwIfAborted();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw stop.signal.reason;
}

async function uploadFile(api: VercelApi, file: OutputFile, onWait: (line: string) => void, signal: AbortSignal): Promise<void> {
  const small = await smallContent(file);
  let streamedSha: string | undefined;
  const raw = () => ({ body: small ?? hashedStream(file, (sha) => (streamedSha = sha)), sizeBytes: file.size });
  const headers = { 'x-vercel-digest': file.sha, 'x-now-digest': file.sha, 'x-now-size': String(file.size) };
  try {
    // By its digest an upload is the same however often it is made.
    const attemptExtraMs = extraMsFor(file.size);
    await api.send({ method: 'POST', path: '/v2/files', raw, headers, repeatable: true, attempts, attemptExtraMs, onWait, signal });
  } catch (error) {
    if (small === undefined && streamedSha !== file.sha && (await changedSinceListed(file))) throw changed(file);
    throw error;
  }
  if (small === undefined && streamedSha !== undefined && streamedSha !== file.sha) throw changed(file);
}

async function smallContent(file: OutputFile): Promise<Buffer | undefined> {
  if (file.source.kind === 'text') return Buffer.from(file.source.text);
  if (file.size > streamAboveBytes) return undefined;
  const content = await contentOf(file.source.path, file.size).catch(() => undefined);
  if (content === undefined || hash('sha1', content, 'hex') !== file.sha) throw changed(file);
  return content;
}

async function contentOf(path: string, sizeBytes: number): Promise<Buffer> {
  return sizeBytes <= atOnceBytes ? readFileSync(path) : readFile(path);
}

function hashedStream(file: OutputFile, onSha: (sha: string) => void): Readable {
  if (file.source.kind === 'text') return Readable.from([Buffer.from(file.source.text)]);
  const seen = createHash('sha1');
  const tap = new Transform({
    transform: (chunk, _encoding, next) => {
      seen.update(chunk);
      next(null, chunk);
    },
    flush: (next) => {
      onSha(seen.digest('hex'));
      next();
    },
  });
  const source = createReadStream(file.source.path);
  source.on('error', (error) => tap.destroy(error));
  tap.on('close', () => source.destroy());
  return source.pipe(tap);
}

async function changedSinceListed(file: OutputFile): Promise<boolean> {
  if (file.source.kind === 'text') return false;
  const seen = createHash('sha1');
  try {
    for await (const chunk of createReadStream(file.source.path)) seen.update(chunk);
  } catch {
    return true;
  }
  return seen.digest('hex') !== file.sha;
}

function changed(file: OutputFile): StagingError {
  return fileChanged(file.file, 'changed while it was being uploaded');
}
