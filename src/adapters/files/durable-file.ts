import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

/**
 * Writes a file so that it is there, whole, after a power cut, and only we can read it: beside its place, synced, renamed, folder
 * synced, mode 0600. Creates its folder (0700). Throws `STATE_NOT_WRITABLE` (kind `missing`) and `STATE_SYMLINK` (kind `refused`).
 */
export async function writeDurably(path: string, content: string): Promise<void> {
  await refuseSymlink(path);
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await ensureFolder(dirname(path));
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw notWritable(path, error);
  }
}

/** Returns a file's text, or undefined when there is none. Throws `STATE_SYMLINK` (kind `refused`) for a symbolic link. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    await refuseSymlink(path);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Creates a folder and those above it, mode 0700, unless they are there. One by one: `mkdir` with `recursive` never ends below a folder
 * like /proc (Node 24). Throws `STATE_NOT_WRITABLE` (kind `missing`).
 */
export async function ensureFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory() === true) return;
  if (dirname(path) !== path) await ensureFolder(dirname(path));
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw notWritable(path, error);
  }
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Returns the error for state that cannot be written (disk full, read-only, no rights); other errors as they are. */
export function notWritable(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof StagingError || code === undefined) return error;
  const seen = code === 'EEXIST' || code === 'ENOTDIR' ? 'is no folder' : `cannot be written (${code})`;
  return new StagingError('missing', 'STATE_NOT_WRITABLE', `${printable(path)} ${seen}.`, {
    fix: `Make room and rights for ${printable(dirname(path))}, or name another folder: JV_STATE_DIR for all state, --report for a report.`,
    cause: error,
  });
}

async function refuseSymlink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink() !== true) return;
  throw new StagingError('refused', 'STATE_SYMLINK', `${printable(path)} is a symbolic link, expected a file of our own.`, {
    fix: `Remove ${printable(path)}, or replace it by the file that it links to.`,
  });
}

/** Returns the code of a system error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
