import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, relative } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { FileChange, GeneratedFile } from '../../core/files/generated.ts';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { codeOf } from './durable-file.ts';

/** Returns what writing these files would do, each with its diff; paths are shown from `cwd`. Throws like `writeGenerated`. */
export async function compareGenerated(files: readonly GeneratedFile[], cwd: string): Promise<readonly FileChange[]> {
  return Promise.all(files.map((file) => compare(file, relative(cwd, file.path) || file.path)));
}

/**
 * Writes what is created or updated: beside its place, then renamed, so that a crash leaves the old file or the new one. Throws
 * `FILE_IS_NOT_OURS` (kind `usage`) where a folder or a link stands, and `FILE_NOT_WRITABLE` (kind `missing`).
 */
export async function writeGenerated(changes: readonly FileChange[]): Promise<void> {
  for (const change of changes.filter(({ action }) => action !== 'unchanged')) {
    // one by one: what was written before a failure is whole
    await write(change);
  }
}

async function compare(file: GeneratedFile, shown: string): Promise<FileChange> {
  const before = await existing(file.path, shown);
  if (before === undefined) return { ...file, shown, action: 'create', diff: '' };
  if (before === file.text) return { ...file, shown, action: 'unchanged', diff: '' };
  if (file.secret === true) return { ...file, shown, action: 'update', diff: addedLines(shown, before, file.text) };
  return { ...file, shown, action: 'update', diff: createTwoFilesPatch(shown, shown, before, file.text, 'now', 'then', { context: 3 }) };
}

/** What is added to a file whose own lines must not be shown. */
function addedLines(shown: string, before: string, after: string): string {
  const head = `--- ${shown}\tnow\n+++ ${shown}\tthen\n`;
  if (!after.startsWith(before)) return `${head}(the lines of this file are not shown)\n`;
  return `${head}${after.slice(before.length).replace(/\n$/, '').replaceAll(/^/gm, '+')}\n`;
}

/** Returns the text of a file that may be there. Throws like `writeGenerated`. */
export function readExisting(path: string): Promise<string | undefined> {
  return existing(path, path);
}

async function existing(path: string, shown: string): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    if (found.isFile()) return await readFile(path, 'utf8');
    throw new StagingError('usage', 'FILE_IS_NOT_OURS', `${printable(shown)} is ${kindOf(found)}; expected a file, or nothing.`, {
      fix: `Move ${printable(shown)} away, then run this again.`,
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw notWritable(shown, error);
  }
}

function kindOf(found: { isSymbolicLink(): boolean; isDirectory(): boolean }): string {
  if (found.isSymbolicLink()) return 'a symbolic link';
  return found.isDirectory() ? 'a folder' : 'no plain file';
}

async function write({ path, shown, text, executable, secret }: FileChange): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, text, { flag: 'wx', ...(secret === true ? { mode: 0o600 } : {}) });
    if (executable === true) await chmod(draft, 0o755);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw notWritable(shown, error);
  }
}

function notWritable(shown: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof StagingError || code === undefined) return error;
  return new StagingError('missing', 'FILE_NOT_WRITABLE', `${printable(shown)} cannot be written (${code}).`, {
    fix: `Make room and rights for the folder of ${printable(shown)}, then run this again.`,
    cause: error,
  });
}
