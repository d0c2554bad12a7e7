import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Returns the folder that unprivileged accounts can enter, created. As root it lies outside the state folder (which may be
 * below a folder of mode 0700), found again by the state folder's path; a pointer to it stands in the state folder.
 */
export async function openSharedDir(stateDir: string): Promise<string> {
  if (process.getuid?.() !== 0) return await ownFolder(join(stateDir, 'shared'), 0o700);
  const name = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
  const dir = await openBelow('/var/lib/jv-staging', name, stateDir).catch(() => openBelow(join(tmpdir(), 'jv-staging'), name, stateDir));
  await writeFile(join(stateDir, 'shared-dir'), `${dir}\n`, { mode: 0o600 });
  return dir;
}

async function openBelow(root: string, name: string, stateDir: string): Promise<string> {
  await ownFolder(root, 0o711);
  await sweep(root);
  const dir = await ownFolder(join(root, name), 0o711);
  await writeFile(join(dir, ownerFile), `${stateDir}\n`, { mode: 0o600 });
  return dir;
}

/** In each shared folder: the state folder that it belongs to. */
const ownerFile = 'owner';

/** Removes the shared folders whose state folder is gone: nothing can find them any more. */
async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const owner = (await readFile(join(root, name, ownerFile), 'utf8').catch(() => '')).trim();
    if (owner === '') continue;
    const gone = await stat(owner).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
    if (gone) await rm(join(root, name), { recursive: true, force: true });
  }
}

async function ownFolder(path: string, mode: number): Promise<string> {
  await mkdir(path, { recursive: true, mode });
  await chmod(path, mode);
  return path;
}
