import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StagingError } from '../core/errors.ts';

/** Names that a configuration may have, in the order in which they are looked for. */
export const configNames = ['staging.config.ts', 'staging.config.mjs', 'staging.config.json'] as const;

/** No configuration that people write comes near it; a file that is larger is not read. */
const maxConfigBytes = 1024 * 1024;

/**
 * Returns the absolute path of the configuration: `explicit` when given, otherwise the first one found from `cwd` upward, not
 * above the root of the git working tree. Returns undefined when there is none and none was named.
 * Throws `CONFIG_NOT_FOUND` (an explicit path that does not exist), `CONFIG_TOO_LARGE` (exit 2) and `CONFIG_FOREIGN` (a file of another user: a
 * configuration is code and is run).
 */
export function findConfig(cwd: string, explicit: string | undefined): string | undefined {
  const path = explicit === undefined ? searchUpward(cwd) : resolve(cwd, explicit);
  if (path === undefined) return undefined;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) {
    throw new StagingError('usage', 'CONFIG_NOT_FOUND', `There is no configuration file at ${path}.`, {
      fix: 'Name the file with `--config PATH`, or run the command in the folder of `staging.config.ts`.',
    });
  }
  if (stat.size > maxConfigBytes) {
    const message = `${path} has ${stat.size} bytes, expected at most ${maxConfigBytes}: it is no configuration.`;
    throw new StagingError('usage', 'CONFIG_TOO_LARGE', message, { fix: 'Name the right file with `--config PATH`.' });
  }
  const uid = process.getuid?.();
  if (uid !== undefined && uid !== 0 && stat.uid !== uid && stat.uid !== 0) {
    throw new StagingError(
      'refused',
      'CONFIG_FOREIGN',
      `${path} belongs to user id ${stat.uid}, but a configuration is code that is run as you (user id ${uid}).`,
      {
        fix: `Read the file; when you trust it, make it yours: chown ${uid} ${path}`,
      },
    );
  }
  return path;
}

function searchUpward(start: string): string | undefined {
  let folder = resolve(start);
  for (;;) {
    const found = configNames.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    const parent = dirname(folder);
    if (existsSync(join(folder, '.git')) || parent === folder) return undefined;
    folder = parent;
  }
}
