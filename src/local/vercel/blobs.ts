import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badRequest, VercelError } from './errors.ts';

/** Uploaded files by the sha1 of their content. */
export interface BlobStore {
  has(sha: string): boolean;
  size(sha: string): number | undefined;
  pathOf(sha: string): string;
  /** Streams a body to disk; throws the vendor's error and keeps nothing when digest or size are not as announced. */
  receive(body: Readable, announced: { readonly sha: string; readonly size: number | undefined }): Promise<void>;
  /** Stores bytes at hand; returns their sha1. */
  add(content: Buffer): Promise<string>;
  read(sha: string): Promise<Buffer>;
}

/** Largest file taken, in bytes: Vercel's limit for one source file (vercel.com/docs/limits, read 2026-11-22 in the contracts). */
const maxFileBytes = 100 * 1024 * 1024;

/** Up to this many bytes a file is gathered in memory before it is written. */
const smallBytes = 256 * 1024;

/**
 * Opens the blob store in `dir`. Files are written beside and renamed, so a killed process leaves no half blob. They are
 * readable and executable by all, since deployments hard-link them; the folder itself is closed to others.
 */
export async function openBlobs(dir: string): Promise<BlobStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const sizes = await readSizes(dir);
  const pathOf = (sha: string) => join(dir, sha);
  const beside = () => join(dir, `${randomBytes(8).toString('hex')}.tmp`);
  return {
    has: (sha) => sizes.has(sha),
    size: (sha) => sizes.get(sha),
    pathOf,
    read: (sha) => readFile(pathOf(sha)),
    add: async (content) => {
      const sha = createHash('sha1').update(content).digest('hex');
      if (sizes.has(sha)) return sha;
      const path = beside();
      await writeFile(path, content, { mode: 0o555, flag: 'wx' });
      await rename(path, pathOf(sha));
      sizes.set(sha, content.length);
      return sha;
    },
    receive: async (body, announced) => {
      const path = beside();
      try {
        const size = await writeChecked(body, path, announced);
        renameSync(path, pathOf(announced.sha));
        sizes.set(announced.sha, size);
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },
  };
}

async function readSizes(dir: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const names = await readdir(dir);
  await Promise.all(
    names.map(async (name) => {
      if (name.endsWith('.tmp')) await rm(join(dir, name), { force: true });
      else sizes.set(name, (await stat(join(dir, name))).size);
    }),
  );
  return sizes;
}

/**
 * Most files are small: those are gathered and written in one blocking call, which costs a tenth of what a stream's
 * open, write and close through the thread pool cost. Larger ones are streamed.
 */
async function writeChecked(
  body: Readable,
  path: string,
  announced: { readonly sha: string; readonly size: number | undefined },
): Promise<number> {
  if (announced.size === undefined || announced.size > smallBytes) return await streamChecked(body, path, announced);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > announced.size) break;
    chunks.push(chunk);
  }
  const content = Buffer.concat(chunks);
  checkContent(createHash('sha1').update(content).digest('hex'), size, announced);
  writeFileSync(path, content, { mode: 0o555, flag: 'wx' });
  return size;
}

async function streamChecked(
  body: Readable,
  path: string,
  announced: { readonly sha: string; readonly size: number | undefined },
): Promise<number> {
  const hash = createHash('sha1');
  let size = 0;
  const measured = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > maxFileBytes) throw new VercelError(413, 'file_too_large', `The file is over ${maxFileBytes} bytes.`);
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(body, measured, createWriteStream(path, { mode: 0o555, flags: 'wx' }));
  checkContent(hash.digest('hex'), size, announced);
  return size;
}

function checkContent(sha: string, size: number, announced: { readonly sha: string; readonly size: number | undefined }): void {
  if (announced.size !== undefined && announced.size !== size) {
    throw badRequest(`The file has ${size} bytes, the header x-now-size says ${announced.size}.`);
  }
  if (sha !== announced.sha) throw badRequest(`The file's sha1 is ${sha}, the digest header says ${announced.sha}.`);
}
