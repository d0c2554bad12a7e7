import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import type { PartName, PartUse } from '../../core/ports/parts.ts';
import { findProgram } from '../system/toolbox.ts';

/** Lies in a part's folder once everything else does. */
export const wholeMark = '.whole';

/** Bound on an installation; the largest part takes 15 to 40 s. */
const installTimeoutMs = 15 * 60_000;

/** What npm installs with. */
export interface Installer {
  /** Folders that `npm` is looked for in, after the one beside our Node. */
  readonly path: readonly string[];
  /** What npm may see of our environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A part to install. */
export interface WantedPart {
  readonly name: PartName;
  /** Folder with its package.json and package-lock.json. */
  readonly source: string;
  /** Folder that it is installed into: not there, or half an installation. */
  readonly folder: string;
}

const titles: Readonly<Record<PartName, string>> = {
  browser: 'Lighthouse and what drives Chrome',
  local: 'the local cloud',
  volume: 'the names for large seeds',
};

/**
 * Installs a part from its lock file, without running any package's scripts; it is built beside its folder and moved there whole.
 * Throws `PART_NOT_INSTALLED` (kind `missing`) with the last line that npm wrote.
 */
export async function installPart({ path, environment }: Installer, part: WantedPart, { signal, note }: PartUse): Promise<void> {
  const npm = findProgram(['npm'], [dirname(process.execPath), ...path]);
  if (npm === undefined) throw notInstalled(part, 'there is no npm beside Node or on PATH');
  note?.(`installing ${titles[part.name]} with npm, this once`);
  const draft = `${part.folder}.${process.pid}`;
  try {
    await mkdir(draft, { recursive: true, mode: 0o755 });
    await cp(part.source, draft, { recursive: true });
    const installed = await execa(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev', '--loglevel=error'], {
      cwd: draft,
      reject: false,
      timeout: installTimeoutMs,
      cancelSignal: signal,
      // npm's own first line finds Node on PATH.
      env: { ...environment, PATH: [dirname(process.execPath), ...path].join(delimiter) },
      extendEnv: false,
      stdin: 'ignore',
    });
    signal.throwIfAborted();
    if (installed.failed) throw notInstalled(part, reasonOf(installed.stderr), installed);
    await writeFile(join(draft, wholeMark), '');
    await place(draft, part.folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Moves it into place; what another run has placed meanwhile is the same, and stays. */
async function place(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (existsSync(join(folder, wholeMark))) return;
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder).catch(() => {
      throw error;
    });
  }
}

function reasonOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^npm (?:error|ERR!) ?/, '').trim());
  return (
    lines.find((line) => line !== '' && !/^(?:code|errno|syscall|path|network) /.test(line))?.replace(/\.$/, '') ??
    'npm ended without a word'
  );
}

function notInstalled({ name, source, folder }: WantedPart, reason: string, cause?: unknown): StagingError {
  return new StagingError('missing', 'PART_NOT_INSTALLED', `${titleOf(name)} could not be installed into ${folder}: ${reason}.`, {
    fix: `Run \`npm ci --ignore-scripts --prefix ${source} --dry-run\` to see what npm says (a proxy or registry is set in ~/.npmrc), then \`jv-staging doctor --install ${name}\`.`,
    cause,
  });
}

function titleOf(name: PartName): string {
  const title = titles[name];
  return title.charAt(0).toUpperCase() + title.slice(1);
}
