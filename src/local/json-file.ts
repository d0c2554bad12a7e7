import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';

/** Returns what a JSON file holds, or undefined when there is no such file. Throws when it is damaged. */
export async function readJson<Value>(path: string): Promise<Value | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const value: Value = JSON.parse(text);
    return value;
  } catch (error) {
    throw new Error(`${path} is damaged (${text.length} characters, not JSON).`, { cause: error });
  }
}

/** Replaces a JSON file in one step, mode 0600: written beside, synced, renamed. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const handle = await open(beside, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, path);
}
