import { constants } from 'node:fs';
import { open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayoutFile } from '../runtime/layout.ts';
import type { Account } from '../service.ts';
import { BuildFailure } from './build-failure.ts';

/** Most files and bytes that one build may put out: Vercel's limits for a deployment are lower (vercel.com/docs/limits). */
const maxFiles = 50_000;
const maxTotalBytes = 2 * 1024 * 1024 * 1024;

/** What takes a file's content. */
export type AddContent = (content: Buffer) => Promise<string>;

/** What to collect. */
export interface Collection {
  readonly dir: string;
  /** Comes before each file's path in the result. */
  readonly prefix: string;
  /** Who must own what is collected: a build could otherwise have us read a file that it cannot read itself. */
  readonly account: Account | undefined;
  readonly add: AddContent;
  /** Says of a path below `dir` that it is left out. */
  readonly leaveOut?: ((path: string) => boolean) | undefined;
}

/** Returns the files below a folder, in order of their paths, their content added. */
export async function collectFiles(collection: Collection): Promise<readonly LayoutFile[]> {
  const paths = await pathsBelow(collection, '');
  const files: LayoutFile[] = [];
  let totalBytes = 0;
  for (let start = 0; start < paths.length; start += 16) {
    const batch = await Promise.all(paths.slice(start, start + 16).map((path) => collectOne(collection, path)));
    files.push(...batch);
    totalBytes += batch.reduce((sum, file) => sum + file.size, 0);
    if (totalBytes > maxTotalBytes) throw tooMuch(`more than ${maxTotalBytes} bytes`);
  }
  return files;
}

interface Found {
  readonly path: string;
  readonly isLink: boolean;
}

async function pathsBelow(collection: Collection, below: string): Promise<readonly Found[]> {
  const entries = await readdir(join(collection.dir, below), { withFileTypes: true });
  const found: Found[] = [];
  for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (collection.leaveOut?.(path)) continue;
    if (entry.isDirectory()) found.push(...(await pathsBelow(collection, path)));
    else if (entry.isFile() || entry.isSymbolicLink()) found.push({ path, isLink: entry.isSymbolicLink() });
    if (found.length > maxFiles) throw tooMuch(`more than ${maxFiles} files`);
  }
  return found;
}

async function collectOne({ dir, prefix, account, add }: Collection, { path, isLink }: Found): Promise<LayoutFile> {
  if (isLink) {
    const content = Buffer.from(await readlink(join(dir, path)));
    return { file: `${prefix}${path}`, sha: await add(content), size: content.length, mode: 0o120777 };
  }
  const handle = await open(join(dir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { mode, uid } = await handle.stat();
    if (account && uid !== account.uid) throw new BuildFailure('BUILD_FAILED', `The file "${path}" does not belong to the build.`);
    const content = await handle.readFile();
    return { file: `${prefix}${path}`, sha: await add(content), size: content.length, mode: 0o100644 | (mode & 0o111) };
  } finally {
    await handle.close();
  }
}

function tooMuch(what: string): BuildFailure {
  return new BuildFailure('BUILD_FAILED', `The build put out ${what}, which is over the limit of the local cloud.`);
}
