import { readFile } from 'node:fs/promises';

/**
 * Returns how many files this process and its children may open (`/proc/self/limits`, proc(5): Node raises the soft limit to the hard one
 * when it starts); undefined where that cannot be read, or is unlimited.
 */
export async function openFiles(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
