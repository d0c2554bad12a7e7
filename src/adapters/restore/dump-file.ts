import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { codeOf, ensureFolder, notWritable, syncFolder } from '../files/durable-file.ts';
import { frameKey, openFrames, sealFrames } from './sealed-frames.ts';

/** First bytes of a dump file; the number is raised when its form changes. */
const magic = Buffer.from('jvdump1\n');
const extension = '.jvdump';
const maxHeaderBytes = 8 * 1024 * 1024;

/** Statements that make again what a restore drops with our schemas although it lies outside of them. */
const definition = z.object({ what: z.string(), sql: z.string() });

const dumpHeaderSchema = z.object({
  id: z.string(),
  environment: z.string(),
  /** What the database is called by its platform. */
  database: z.string(),
  reason: z.string(),
  createdAt: z.string(),
  serverVersion: z.string(),
  schemas: z.array(z.string()),
  outside: z.array(definition),
  salt: z.string(),
});

/** What stands before a dump, in clear but bound to it: no row and no secret. */
export type DumpHeader = z.infer<typeof dumpHeaderSchema>;

/** A dump file as it lies in its folder. */
export interface DumpFile {
  readonly path: string;
  readonly header: DumpHeader;
  readonly sizeBytes: number;
}

/**
 * Writes a dump file: header, then the stream sealed with the state key; beside its place first, synced, renamed, mode 0600. What was
 * begun is removed when the stream fails.
 */
export async function writeDumpFile(
  dir: string,
  header: Omit<DumpHeader, 'salt'>,
  stateKey: string,
  plain: AsyncIterable<Buffer>,
): Promise<DumpFile> {
  const salt = randomBytes(32);
  // In the schema's order: what is read back must be these very bytes.
  const whole = dumpHeaderSchema.parse({ ...header, salt: salt.toString('base64') });
  const text = Buffer.from(JSON.stringify(whole));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const path = join(dir, `${header.id}${extension}`);
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await ensureFolder(dir);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(Buffer.concat([magic, length, text]));
      for await (const frame of sealFrames(frameKey(stateKey, salt, text), plain)) await handle.writeFile(frame);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
    await syncFolder(dir);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw notWritable(path, error);
  }
  return { path, header: whole, sizeBytes: (await stat(path)).size };
}

/** Returns the dump files of a folder, newest first; a folder that is not there has none. Throws `RESTORE_POINT_DAMAGED` (kind `missing`). */
export async function listDumpFiles(dir: string): Promise<readonly DumpFile[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(names.filter((name) => name.endsWith(extension)).map((name) => readDumpFile(join(dir, name))));
  return files.toSorted((left, right) => (left.header.createdAt < right.header.createdAt ? 1 : -1));
}

/** Returns the dump file of an id, or undefined. */
export async function findDumpFile(dir: string, id: string): Promise<DumpFile | undefined> {
  if (!/^dump_[a-z0-9]+$/.test(id)) return undefined;
  try {
    return await readDumpFile(join(dir, `${id}${extension}`));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a dump file. */
export async function removeDumpFile(file: DumpFile): Promise<void> {
  await rm(file.path, { force: true });
}

/**
 * Returns which of these state keys sealed a dump file, by its first frame; undefined when none did. Reads no more than that.
 */
export async function dumpFileKey(file: DumpFile, stateKeys: readonly string[]): Promise<string | undefined> {
  for (const stateKey of stateKeys) {
    const frames = openDumpFile(file, stateKey);
    try {
      await frames.next();
      return stateKey;
    } catch (error) {
      if (!(error instanceof StagingError) || error.code !== 'RESTORE_POINT_SEALED') throw error;
    } finally {
      await frames.return(undefined);
    }
  }
  return undefined;
}

/** Writes a dump file anew under another state key, in place of the old one: at every moment one of the two is there, whole. */
export async function resealDumpFile(file: DumpFile, from: string, to: string): Promise<DumpFile> {
  const { salt: _, ...header } = file.header;
  return writeDumpFile(dirname(file.path), header, to, openDumpFile(file, from));
}

/** Returns what was sealed, read as a stream. Throws `RESTORE_POINT_SEALED` (kind `missing`) for another key and for any change. */
export function openDumpFile(file: DumpFile, stateKey: string): AsyncGenerator<Buffer> {
  const text = Buffer.from(JSON.stringify(file.header));
  const key = frameKey(stateKey, Buffer.from(file.header.salt, 'base64'), text);
  const sealed = createReadStream(file.path, { start: magic.length + 4 + text.length, highWaterMark: 256 * 1024 });
  return openFrames(key, sealed, () => cannotOpen(file.path));
}

async function readDumpFile(path: string): Promise<DumpFile> {
  const handle = await open(path, 'r');
  try {
    const start = await bytesAt(handle, 0, magic.length + 4);
    const length = start.length === magic.length + 4 ? start.readUInt32BE(magic.length) : maxHeaderBytes + 1;
    if (!start.subarray(0, magic.length).equals(magic) || length > maxHeaderBytes) throw damaged(path, 'it does not begin as one of ours');
    const text = await bytesAt(handle, magic.length + 4, length);
    const header = dumpHeaderSchema.safeParse(parsed(text.toString('utf8')));
    // What is bound to the frames are these very bytes: text that reads otherwise was changed.
    if (!header.success || JSON.stringify(header.data) !== text.toString('utf8')) throw damaged(path, 'its header cannot be read');
    return { path, header: header.data, sizeBytes: (await handle.stat()).size };
  } finally {
    await handle.close();
  }
}

async function bytesAt(handle: Awaited<ReturnType<typeof open>>, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(path: string, why: string): StagingError {
  return new StagingError('missing', 'RESTORE_POINT_DAMAGED', `${printable(path)} is no whole restore point: ${why}.`, {
    fix: `Bring ${printable(basename(path))} back from where it is kept, or move it away.`,
  });
}

function cannotOpen(path: string): StagingError {
  return new StagingError(
    'missing',
    'RESTORE_POINT_SEALED',
    `${printable(path)} cannot be opened: JV_STATE_KEY is not the key that sealed it, or the file was changed or cut.`,
    { fix: 'Add the key that was used when the point was taken to JV_STATE_KEY_PREVIOUS, or bring the file back from where it is kept.' },
  );
}
