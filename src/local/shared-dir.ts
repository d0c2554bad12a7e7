import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Returns the folder that unprivileged accounts can enter, created. As root it lies outside the state folder (which may be
 * below a folder of mode 0700), found again by the state folder's path; a pointer to it stands in the state folder.
 */
export async function openSharedDir(stateDir: string): Promise<string> {
  if (process.getuid?.() !== 0) return await ownFolder(join(stateDir, 'shared'), 0o700);
  const name = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
  const dir = await openBelow('/var/lib/jv-staging', name).catch(() => openBelow(join(tmpdir(), 'jv-staging'), name));
  await writeFile(join(stateDir, 'shared-dir'), `${dir}\n`, { mode: 0o600 });
  return dir;
}

async function openBelow(root: string, name: string): Promise<string> {
  await ownFolder(root, 0o711);
  return await ownFolder(join(root, name), 0o711);
}

async function ownFolder(path: string, mode: number): Promise<string> {
  await mkdir(path, { recursive: true, mode });
  await chmod(path, mode);
  return path;
}
