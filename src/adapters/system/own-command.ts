import { realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** Where the tool is called. */
export interface OwnPlace {
  readonly cwd: string;
  /** Folder of the tool's own package. */
  readonly toolRoot: string;
  /** Folders of PATH. */
  readonly path: readonly string[];
}

/** Returns the words that call this very tool from this folder: never one that npx would fetch, since it may be another package of this name. */
export function ownCommand({ cwd, toolRoot, path }: OwnPlace): string {
  const script = join(toolRoot, 'bin/run.js');
  const own = realPath(script);
  const global = path.filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  if (global.some((folder) => realPath(join(folder, 'jv-staging')) === own)) return 'jv-staging';
  const packages = dirname(toolRoot);
  const below = relative(dirname(packages), cwd);
  // npx takes what stands among the packages of the folder or above it.
  if (packages.endsWith(`${sep}node_modules`) && below.split(sep)[0] !== '..') return 'npx jv-staging';
  const short = relative(cwd, script);
  return `node ${short.startsWith('..') ? script : short}`;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
