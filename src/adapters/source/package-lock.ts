import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Returns true when a folder has a lock file of npm's: its packages are to be installed before a build. */
export function hasPackageLock(dir: string): boolean {
  return existsSync(join(dir, 'package-lock.json'));
}
