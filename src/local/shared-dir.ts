import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** In a state folder: the path of its shared folder. */
const pointerFile = 'shared-dir';

/** In a shared folder: the path of the state folder that it belongs to. */
const ownerFile = 'owner';

/**
 * Returns the folder that unprivileged accounts can enter, created. As root it lies outside the state folder, which may be
 * below a folder of mode 0700; a pointer in the state folder finds it again. A new state folder gets a new shared folder, also
 * where an older one of the same path was removed; what such a one left is removed here.
 */
export async function openSharedDir(stateDir: string): Promise<string> {
  if (process.getuid?.() !== 0) return await ownFolder(join(stateDir, 'shared'), 0o700);
  const kept = await read(join(stateDir, pointerFile));
  const root = kept === '' ? await openRoot() : dirname(kept);
  const dir = kept === '' ? join(root, randomBytes(8).toString('hex')) : kept;
  // The pointer comes first: a shared folder with an owner that does not point back is taken for abandoned.
  if (kept === '') await writeFile(join(stateDir, pointerFile), `${dir}\n`, { mode: 0o600 });
  await ownFolder(root, 0o711);
  await ownFolder(dir, 0o711);
  await writeFile(join(dir, ownerFile), `${stateDir}\n`, { mode: 0o600 });
  await sweep(root);
  return dir;
}

async function openRoot(): Promise<string> {
  return await ownFolder('/var/lib/jv-staging', 0o711).catch(() => ownFolder(join(tmpdir(), 'jv-staging'), 0o711));
}

/** Removes the shared folders whose state folder is gone or has another one now. */
async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const dir = join(root, name);
    const owner = await read(join(dir, ownerFile));
    if (owner !== '' && (await read(join(owner, pointerFile))) !== dir) await rm(dir, { recursive: true, force: true });
  }
}

/** Returns a small file's text, empty when it is not there. */
async function read(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw error;
  });
  return text.trim();
}

async function ownFolder(path: string, mode: number): Promise<string> {
  await mkdir(path, { recursive: true, mode });
  await chmod(path, mode);
  return path;
}
