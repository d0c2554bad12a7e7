import { chmod, chown, copyFile, lchown, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { LayoutFile } from '../runtime/layout.ts';
import { isSymlink } from '../runtime/layout.ts';
import type { Account } from '../service.ts';
import { BuildFailure } from './build-failure.ts';

/** Where one build works; all of it belongs to the account that builds. */
export interface BuildFolder {
  /** The project's files. */
  readonly root: string;
  readonly home: string;
  readonly temp: string;
  remove(): Promise<void>;
}

/** Unpacks a deployment's files into a new folder: copies, so that nothing a build does reaches the uploaded files. */
export async function openBuildFolder(
  dir: string,
  files: readonly LayoutFile[],
  pathOf: (sha: string) => string,
  account: Account | undefined,
): Promise<BuildFolder> {
  const folder = { root: join(dir, 'path0'), home: join(dir, 'home'), temp: join(dir, 'tmp') };
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const folders = new Set([folder.root, folder.home, folder.temp]);
  for (const { file } of files) {
    for (let above = dirname(file); above !== '.' && above !== '/'; above = dirname(above)) folders.add(join(folder.root, above));
  }
  for (const one of folders) await mkdir(one, { recursive: true, mode: 0o755 });
  for (let start = 0; start < files.length; start += 64) {
    await Promise.all(files.slice(start, start + 64).map((file) => unpack(folder.root, file, pathOf(file.sha), account)));
  }
  if (account) for (const one of [...folders, dir]) await chown(one, account.uid, account.gid);
  return { ...folder, remove: () => rm(dir, { recursive: true, force: true }) };
}

async function unpack(root: string, file: LayoutFile, blob: string, account: Account | undefined): Promise<void> {
  const path = join(root, file.file);
  if (isSymlink(file)) {
    const target = await readFile(blob, 'utf8');
    const lands = normalize(join(dirname(file.file), target));
    if (target.startsWith('/') || lands.startsWith('..')) {
      throw new BuildFailure('BUILD_FAILED', `The link "${file.file}" points out of the deployment.`);
    }
    await symlink(target, path);
  } else {
    await copyFile(blob, path);
    await chmod(path, 0o644 | (file.mode & 0o111));
  }
  if (account) await lchown(path, account.uid, account.gid);
}
