/**
 * Preloaded into the tool under test (`node --import`): from the write numbered by `DISK_FULL_FROM` on, counted from 1, nothing more can
 * be written into a file of state, as on a disk that has no space left. Nothing of the tool knows of it.
 */
import { open } from 'node:fs/promises';

const from = Number(process.env['DISK_FULL_FROM'] ?? '');
const isTool = process.argv[1]?.endsWith('bin/run.js') === true;

if (isTool && from > 0) {
  const handle = await open('/dev/null');
  const prototype: { writeFile(...args: unknown[]): Promise<void> } = Object.getPrototypeOf(handle);
  await handle.close();
  const { writeFile } = prototype;
  let written = 0;
  prototype.writeFile = async function (this: unknown, ...args: unknown[]) {
    written += 1;
    if (written >= from) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return Reflect.apply(writeFile, this, args);
  };
}
