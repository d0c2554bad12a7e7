import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { PartName, Parts } from '../../core/ports/parts.ts';
import type { Toolbox, ToolState } from '../../core/ports/toolbox.ts';
import { postgresFolders } from './postgres-folders.ts';

/** Where programs are looked for: an explicit path wins, then PATH, then known places. */
export interface ToolboxOptions {
  readonly path: readonly string[];
  readonly postgresBin: string | undefined;
  readonly redisServer: string | undefined;
  readonly chromePath: string | undefined;
  readonly k6Path: string | undefined;
  /** Folder that `doctor --install k6` installs into. */
  readonly installedPrograms: string;
  /** What a child program may see of our environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly parts: Pick<Parts, 'isThere' | 'folder'>;
}

/** Programs that Chrome goes by, most specific first. */
const chromeNames = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser'];

/** Returns the absolute path of the first program of these names that can be run, or undefined. */
export function findProgram(names: readonly string[], folders: readonly string[]): string | undefined {
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/** Returns the path of Chrome or Chromium, or undefined. */
export function findChrome(options: Pick<ToolboxOptions, 'path' | 'chromePath' | 'installedPrograms'>): string | undefined {
  return options.chromePath ?? findProgram(chromeNames, [...options.path, '/usr/bin', options.installedPrograms]);
}

/** Returns the path of k6, or undefined. */
export function findK6Program(options: Pick<ToolboxOptions, 'path' | 'k6Path' | 'installedPrograms'>): string | undefined {
  return options.k6Path ?? findProgram(['k6'], [options.installedPrograms, ...options.path]);
}

/** Returns the toolbox of this machine. */
export function systemToolbox(options: ToolboxOptions): Toolbox {
  const apt = (name: string) => `Run \`apt-get install -y ${name}\`.`;
  return {
    look: async () =>
      Promise.all([
        nodeState(),
        partState(options, { id: 'local', title: 'Packages of the local cloud', purpose: 'the target `local`' }),
        partState(options, { id: 'browser', title: 'Lighthouse', purpose: '`perf`, and pages that `smoke` opens in a browser' }),
        postgresState(options),
        programState(options, findProgram(['pgbouncer'], [...options.path, '/usr/sbin']), {
          id: 'pgbouncer',
          title: 'pgbouncer',
          purpose: 'the local cloud’s pooler',
          required: false,
          fix: apt('pgbouncer'),
        }),
        programState(options, findProgram(['pg_dump'], postgresFolders(options.path, options.postgresBin)), {
          id: 'postgres-client',
          title: 'pg_dump and psql',
          purpose: 'restore points that are dumps',
          required: false,
          fix: apt('postgresql-client'),
        }),
        programState(options, options.redisServer ?? findProgram(['redis-server'], [...options.path, '/usr/bin']), {
          id: 'redis-server',
          title: 'redis-server',
          purpose: 'the local cloud’s Redis',
          required: true,
          fix: apt('redis-server'),
        }),
        programState(options, findChrome(options), {
          id: 'chrome',
          title: 'Chrome or Chromium',
          purpose: '`perf`: Lighthouse runs in it',
          required: true,
          fix: `${apt('chromium')} Or set CHROME_PATH.`,
        }),
        programState(options, findK6Program(options), {
          id: 'k6',
          title: 'k6',
          purpose: '`load`; the embedded engine steps in where there is none',
          required: false,
          fix: 'Run `jv-staging doctor --install k6`.',
          versionArgument: 'version',
        }),
        programState(options, findProgram(['git'], options.path), {
          id: 'git',
          title: 'git',
          purpose: '`deploy` reads the commit with it',
          required: false,
          fix: apt('git'),
        }),
      ]),
  };
}

type Wanted = Pick<ToolState, 'id' | 'title' | 'purpose' | 'required' | 'fix'> & { readonly versionArgument?: string };

async function programState(options: ToolboxOptions, path: string | undefined, wanted: Wanted): Promise<ToolState> {
  const { versionArgument, ...state } = wanted;
  if (path === undefined) return { ...state, found: undefined, seen: 'not found on PATH' };
  if (!isProgram(path)) return { ...state, found: undefined, seen: `${path} cannot be run` };
  const asked = await execa(path, [versionArgument ?? '--version'], {
    reject: false,
    timeout: 15_000,
    env: options.environment,
    extendEnv: false,
    stdin: 'ignore',
  });
  const version = /\d+(?:\.\d+)+/.exec(asked.stdout)?.[0] ?? null;
  return { ...state, found: { path, version }, seen: path };
}

async function nodeState(): Promise<ToolState> {
  return {
    id: 'node',
    title: 'Node',
    purpose: '22.19 or newer runs jv-staging',
    required: true,
    found: { path: process.execPath, version: process.versions.node },
    seen: process.versions.node,
    fix: 'Install Node 24.',
  };
}

async function postgresState(options: ToolboxOptions): Promise<ToolState> {
  const about = { title: 'Postgres', purpose: 'the local cloud’s databases' };
  if (options.postgresBin === undefined) return partState(options, { ...about, id: 'local' }, 'postgres');
  const fix = 'Set JV_POSTGRES_BIN to the folder of a Postgres, or unset it.';
  return programState(options, join(options.postgresBin, 'postgres'), { ...about, id: 'postgres', required: true, fix });
}

/** A part that is not there is no fault: it is installed when it is first used. */
async function partState(
  { parts }: ToolboxOptions,
  { id, title, purpose }: { readonly id: PartName; readonly title: string; readonly purpose: string },
  findingId = `part-${id}`,
): Promise<ToolState> {
  const isThere = parts.isThere(id);
  return {
    id: findingId,
    title,
    purpose,
    required: false,
    found: isThere ? { path: parts.folder(id), version: null } : undefined,
    seen: 'installed when it is first used',
    fix: `Run \`jv-staging doctor --install ${id}\` to install it now.`,
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
