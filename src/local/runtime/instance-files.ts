import { copyFile, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from '../service.ts';

/** What an instance is started from: a Node binary and our entry file, both readable by the function account. */
export interface InstanceFiles {
  readonly node: string;
  readonly entry: string;
}

/** Puts the Node binary and the instance's entry where the function account can read them, below `dir`. */
export async function placeInstanceFiles(dir: string, account: Account | undefined): Promise<InstanceFiles> {
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const source = await findEntry();
  const entry = join(dir, source.endsWith('.ts') ? 'instance.mts' : 'instance.mjs');
  await writeFile(entry, await readFile(source), { mode: 0o644 });
  const node = account && !(await isOpenToAll(process.execPath)) ? await placeNode(join(dir, `node-${process.version}`)) : process.execPath;
  return { node, entry };
}

/** From source the entry lies below us; in the bundle it is `local-instance.js`, beside us or beside the chunks that hold us. */
async function findEntry(): Promise<string> {
  const candidates = ['./instance/main.ts', './local-instance.js', '../local-instance.js'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  for (const candidate of candidates) {
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  throw new Error(`None of ${candidates.join(', ')} exists: the package was built without the instance entry.`);
}

async function placeNode(path: string): Promise<string> {
  const own = await stat(process.execPath);
  const there = await stat(path).catch(() => undefined);
  if (there?.size === own.size) return path;
  await rm(path, { force: true });
  await link(process.execPath, path).catch(() => copyFile(process.execPath, path));
  return path;
}

/** Says whether every folder above a file can be entered, and the file be run, by any account. */
async function isOpenToAll(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o5) !== 0o5) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
