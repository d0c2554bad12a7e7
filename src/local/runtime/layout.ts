import { copyFile, link, mkdir, rename, rm, symlink, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** One file to lay out: where it goes and where its content is. */
export interface LayoutFile {
  readonly file: string;
  readonly sha: string;
  readonly size: number;
  readonly mode: number;
}

const symlinkMode = 0o120000;
const typeMask = 0o170000;

/** Says whether a file of this mode is a symbolic link, whose content is the path that it points to. */
export function isSymlink(file: { readonly mode: number }): boolean {
  return (file.mode & typeMask) === symlinkMode;
}

/**
 * Lays a deployment's files out below `dir` in one step: hard links to the blobs, copies where the file system has no hard
 * links. A folder that is there already is whole, since it is renamed into place last.
 */
export async function layOutFiles(dir: string, files: readonly LayoutFile[], pathOf: (sha: string) => string): Promise<void> {
  const beside = `${dir}.tmp`;
  await rm(beside, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
  const folders = new Set(files.map((file) => dirname(join(beside, file.file))));
  await mkdir(beside, { recursive: true, mode: 0o755 });
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const batch of batches(files, 64)) {
    await Promise.all(batch.map((file) => layOutFile(beside, file, pathOf(file.sha))));
  }
  await rename(beside, dir);
}

async function layOutFile(dir: string, file: LayoutFile, blob: string): Promise<void> {
  const path = join(dir, file.file);
  if (isSymlink(file)) {
    const target = await readFile(blob, 'utf8');
    const lands = normalize(join(dirname(file.file), target));
    if (target.startsWith('/') || lands.startsWith('..')) throw new Error(`The link "${file.file}" points out of the deployment.`);
    await symlink(target, path);
    return;
  }
  await link(blob, path).catch(() => copyFile(blob, path));
}

function* batches<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
