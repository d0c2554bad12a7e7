import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PartName, Parts } from '../../core/ports/parts.ts';
import { type Installer, installPart, wholeMark } from './install-part.ts';
import { resolveFrom } from './resolve-from.ts';

/** Where parts come from and go to. */
export interface PartOptions extends Installer {
  /** Folder of the tool's own package. */
  readonly toolRoot: string;
  /** Folder that parts are installed into, one folder a version. */
  readonly folder: string;
}

/** By one package of each part it is seen whether the part came with the tool, as in a clone of its repository. */
const known: Readonly<Record<PartName, string>> = { browser: 'lighthouse', local: '@supabase/lite', volume: '@faker-js/faker' };

/** Returns the parts of this tool on this machine. A part's folder has its lock file's hash in its name: a new version is a new folder. */
export function partsOf(options: PartOptions): Parts {
  const { toolRoot } = options;
  const folders = new Map<PartName, string>();
  const resolving = new Set<PartName>();
  const installing = new Map<PartName, Promise<void>>();
  const source = (name: PartName) => join(toolRoot, 'bin', 'parts', name);
  const folder = (name: PartName) => {
    const kept = folders.get(name);
    if (kept !== undefined) return kept;
    const lock = readFileSync(join(source(name), 'package-lock.json'));
    const hash = createHash('sha256').update(`${process.platform}-${process.arch}\0`).update(lock).digest('hex').slice(0, 12);
    const path = join(options.folder, `${name}-${hash}`);
    folders.set(name, path);
    return path;
  };
  return {
    isThere: (name) => cameWithTheTool(toolRoot, name) || existsSync(join(folder(name), wholeMark)),
    folder: (name) => (cameWithTheTool(toolRoot, name) ? join(toolRoot, 'node_modules') : folder(name)),
    use: async (name, use) => {
      if (cameWithTheTool(toolRoot, name)) return [];
      const path = folder(name);
      if (!existsSync(join(path, wholeMark))) {
        // Two gates may want the same part at once.
        const install = installing.get(name) ?? installPart(options, { name, source: source(name), folder: path }, use);
        installing.set(name, install);
        await install.finally(() => installing.delete(name));
      }
      if (!resolving.has(name)) resolveFrom(path);
      resolving.add(name);
      const preload = pathToFileURL(join(toolRoot, 'dist', 'part-preload.js'));
      preload.searchParams.set('folder', path);
      return ['--import', preload.href];
    },
  };
}

function cameWithTheTool(toolRoot: string, name: PartName): boolean {
  try {
    return findPackageJSON(known[name], pathToFileURL(join(toolRoot, 'package.json'))) !== undefined;
  } catch {
    return false;
  }
}
