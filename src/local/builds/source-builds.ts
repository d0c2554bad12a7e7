import { chown, lstat, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import pLimit from 'p-limit';
import type { LayoutFile } from '../runtime/layout.ts';
import type { Account } from '../service.ts';
import { runBuildCommand } from './build-command.ts';
import { BuildFailure } from './build-failure.ts';
import type { BuildFolder } from './build-folder.ts';
import { openBuildFolder } from './build-folder.ts';
import type { AddContent } from './collect-files.ts';
import { collectFiles } from './collect-files.ts';
import type { ProjectBuild } from './project-settings.ts';
import { projectBuild } from './project-settings.ts';
import { staticOutput } from './static-output.ts';

/** One build: what from, how, and who is told. */
export interface BuildOrder {
  readonly id: string;
  readonly files: readonly LayoutFile[];
  /** The project's settings and the deployment's own, the strongest last. */
  readonly settings: readonly Readonly<Record<string, unknown>>[];
  /** The project's variables for the deployed target, and the vendor's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (stream: 'stdout' | 'stderr', text: string) => void;
  /** Called when a place is free and the files are unpacked: now the build begins. */
  readonly onUnpacking: () => Promise<unknown>;
  readonly onBuilding: () => Promise<unknown>;
}

/** Builds deployments from their sources. */
export interface SourceBuilds {
  /** Returns the files of the Build Output. Throws `BuildFailure`, and the signal's reason once it is aborted. */
  build(order: BuildOrder, signal: AbortSignal): Promise<readonly LayoutFile[]>;
}

/** What builds are made with. */
export interface SourceBuildOptions {
  /** Folder that the account can enter. */
  readonly dir: string;
  readonly account: Account | undefined;
  /** The Node that builds run on, which the account can run. */
  readonly node: string;
  /** Where programs such as npm are looked for. */
  readonly searchPath: string;
  readonly pathOf: (sha: string) => string;
  readonly add: AddContent;
  /** Longest time for one command; the vendor's limit of 45 minutes (vercel.com/docs/limits) when not given. */
  readonly timeoutMs?: number | undefined;
}

/** Builds at the same time; the others wait in the queue. */
const concurrentBuilds = 2;

/** What npm downloaded once, for all builds. */
const cacheFolder = 'npm-cache';

/** Prepares the folder of the builds, emptied of what a killed process left but for npm's downloads. */
export async function openSourceBuilds(options: SourceBuildOptions): Promise<SourceBuilds> {
  const { dir, account, node } = options;
  const [bin, cache] = [join(dir, 'bin'), join(dir, cacheFolder)];
  await mkdir(dir, { recursive: true, mode: 0o711 });
  for (const name of await readdir(dir)) if (name !== cacheFolder) await rm(join(dir, name), { recursive: true, force: true });
  await mkdir(bin, { recursive: true, mode: 0o755 });
  await symlink(node, join(bin, 'node'));
  await mkdir(cache, { recursive: true, mode: 0o700 });
  if (account) await chown(cache, account.uid, account.gid);
  const limit = pLimit(concurrentBuilds);
  return {
    build: (order, signal) =>
      limit(async () => {
        signal.throwIfAborted();
        await order.onUnpacking();
        const folder = await openBuildFolder(join(dir, order.id), order.files, options.pathOf, account);
        try {
          await order.onBuilding();
          return await buildIn(folder, order, { ...options, searchPath: `${bin}:${options.searchPath}` }, signal);
        } finally {
          await folder.remove();
        }
      }),
  };
}

async function buildIn(
  folder: BuildFolder,
  order: BuildOrder,
  options: SourceBuildOptions,
  signal: AbortSignal,
): Promise<readonly LayoutFile[]> {
  const startedMs = performance.now();
  const root = await rootOf(folder, order.settings);
  const project = await projectBuild(root, order.settings);
  const run = (line: string) =>
    runBuildCommand(
      {
        line,
        cwd: root,
        env: environmentOf(folder, root, order, options),
        account: options.account,
        timeoutMs: options.timeoutMs ?? 45 * 60_000,
        onLine: order.onLine,
      },
      signal,
    );
  for (const [kind, line] of [
    ['install', project.installCommand],
    ['build', project.buildCommand],
  ] as const) {
    if (line === undefined) continue;
    order.onLine('stdout', kind === 'install' ? `Running "install" command: \`${line}\`...` : `Running "${line}"`);
    await run(line);
  }
  const output = await outputOf(root, project, options);
  order.onLine('stdout', `Build Completed in .vercel/output [${Math.max(1, Math.round((performance.now() - startedMs) / 1000))}s]`);
  return output;
}

/** A `rootDirectory` is a folder of the project's that the build works in. */
async function rootOf(folder: BuildFolder, settings: BuildOrder['settings']): Promise<string> {
  const said = settings.map((one) => one['rootDirectory']).findLast((value) => typeof value === 'string' && value !== '');
  if (typeof said !== 'string') return folder.root;
  const path = normalize(said);
  const missing = new BuildFailure('BUILD_FAILED', `The specified Root Directory "${said}" does not exist.`);
  if (path.startsWith('..') || path.startsWith('/') || !(await isFolder(join(folder.root, path)))) throw missing;
  return join(folder.root, path);
}

function environmentOf(
  folder: BuildFolder,
  root: string,
  order: BuildOrder,
  options: SourceBuildOptions,
): Readonly<Record<string, string>> {
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    npm_config_cache: join(options.dir, cacheFolder),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    ...order.env,
    CI: '1',
    HOME: folder.home,
    TMPDIR: folder.temp,
    PATH: `${join(root, 'node_modules/.bin')}:${options.searchPath}`,
  };
}

async function outputOf(root: string, project: ProjectBuild, options: SourceBuildOptions): Promise<readonly LayoutFile[]> {
  const { account, add } = options;
  const prebuilt = join(root, '.vercel/output');
  if (await isFile(join(prebuilt, 'config.json'))) {
    return await collectFiles({ dir: prebuilt, prefix: '.vercel/output/', account, add });
  }
  const builder = project.framework?.useRuntime?.use;
  if (builder !== undefined && builder !== '@vercel/static-build' && builder !== '@vercel/static') {
    throw new BuildFailure(
      'BUILD_FAILED',
      `The local cloud has no builder for ${project.framework?.name}: run \`vercel build\` and deploy with \`--prebuilt\`, or have the build write .vercel/output.`,
    );
  }
  if (await isFolder(join(root, 'api'))) {
    throw new BuildFailure(
      'BUILD_FAILED',
      'The local cloud builds no functions below api/: run `vercel build` and deploy with `--prebuilt`.',
    );
  }
  return await staticOutput({ ...(await staticFolder(root, project)), account, add }, project, []);
}

/** The output directory must be there when it is named or something was built; otherwise the root itself is served. */
async function staticFolder(root: string, project: ProjectBuild) {
  const name = normalize(project.outputDirectory ?? 'public');
  const dir = join(root, name);
  if (!name.startsWith('..') && (await isFolder(dir))) return name === '.' ? { dir, leaveOut: isNotServed } : { dir };
  if (project.outputDirectory === undefined && project.buildCommand === undefined) return { dir: root, leaveOut: isNotServed };
  throw new BuildFailure(
    'STATIC_BUILD_NO_OUT_DIR',
    `No Output Directory named "${name}" found after the Build completed. Configure the Output Directory in your Project Settings. Alternatively, configure vercel.json#outputDirectory.`,
  );
}

/** What the vendor does not serve from a project's root. */
function isNotServed(path: string): boolean {
  const [first = ''] = path.split('/');
  if (first.startsWith('.')) return first !== '.well-known';
  return notServed.has(first);
}

const notServed = new Set([
  'api',
  'node_modules',
  'bun.lock',
  'bun.lockb',
  'middleware.js',
  'middleware.ts',
  'now.json',
  'package-lock.json',
  'package.json',
  'pnpm-lock.yaml',
  'vercel.json',
  'vercel.ts',
  'yarn.lock',
]);

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() ?? false;
}
