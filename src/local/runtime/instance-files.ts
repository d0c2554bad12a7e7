import { copyFile, cp, link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from '../service.ts';

/** What an instance is started from: a Node binary and our entry file, both readable by the function account. */
export interface InstanceFiles {
  readonly node: string;
  readonly entry: string;
}

/** Puts the Node binary, the instance's program and the edge runtime where the function account can read them, below `dir`. */
export async function placeInstanceFiles(dir: string, account: Account | undefined): Promise<InstanceFiles> {
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const [entry] = await Promise.all([placeProgram(dir), placeEdgeRuntime(join(dir, 'node_modules', '@edge-runtime'))]);
  const node = account && !(await isOpenToAll(process.execPath)) ? await placeNode(join(dir, `node-${process.version}`)) : process.execPath;
  return { node, entry };
}

/** From source the program is a folder below us; in the bundle it is `local-instance.js`, beside us or beside the chunks that hold us. */
async function placeProgram(dir: string): Promise<string> {
  await writeFile(join(dir, 'package.json'), '{"type":"module"}\n', { mode: 0o644 });
  const source = await findEntry();
  const isSource = source.endsWith('.ts');
  const files = isSource ? (await readdir(dirname(source))).map((name) => ({ name, path: join(dirname(source), name) })) : [];
  for (const { name, path } of [...files, ...(isSource ? [] : [{ name: 'main.js', path: source }])]) {
    await writeFile(join(dir, name), await readFile(path), { mode: 0o644 });
  }
  return join(dir, isSource ? 'main.ts' : 'main.js');
}

async function findEntry(): Promise<string> {
  const candidates = ['./instance/main.ts', './local-instance.js', '../local-instance.js'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  for (const candidate of candidates) {
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  throw new Error(`None of ${candidates.join(', ')} exists: the package was built without the instance entry.`);
}

/** Copies the two packages of the edge runtime, unless these versions are there. */
async function placeEdgeRuntime(dir: string): Promise<void> {
  const runtime = fileURLToPath(import.meta.resolve('@edge-runtime/vm'));
  const primitives = createRequire(runtime).resolve('@edge-runtime/primitives/load');
  for (const [name, from] of Object.entries({ vm: join(runtime, '../..'), primitives: join(primitives, '../..') })) {
    const to = join(dir, name);
    const manifest = await readFile(join(from, 'package.json'), 'utf8');
    if ((await readFile(join(to, 'package.json'), 'utf8').catch(() => '')) === manifest) continue;
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true, filter: (path) => !/\.(?:map|md|txt)$/.test(path) && path !== join(from, 'package.json') });
    // Last: where it lies, all lies.
    await writeFile(join(to, 'package.json'), manifest, { mode: 0o644 });
  }
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
