import { appendFile } from 'node:fs/promises';
import { notWritable } from './durable-file.ts';

/** Appends to a file that is not ours alone; creates it when it is not there. Throws `STATE_NOT_WRITABLE` (kind `missing`). */
export async function appendToFile(path: string, text: string): Promise<void> {
  await appendFile(path, text).catch((error: unknown) => {
    throw notWritable(path, error);
  });
}
