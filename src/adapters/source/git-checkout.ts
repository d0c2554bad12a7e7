import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import type { AppSource } from '../../core/ports/source.ts';
import { printable } from '../../core/printable.ts';
import { copyBuildSettings } from './build-settings.ts';
import { appSource, type AppSourceOptions } from './app-source.ts';

/** A release made from a git reference instead of the tree as it lies there. */
export interface GitCheckoutOptions extends AppSourceOptions {
  /** A branch, tag or commit. */
  readonly reference: string;
  /** Folder in which checkouts are made; below the project, so that its packages are found from there. */
  readonly checkouts: string;
}

/**
 * Returns the port over a checkout of a reference in a folder of its own (`git worktree`): the working tree stays as it is. Throws
 * `GIT_REFERENCE_UNKNOWN` (kind `usage`) and `GIT_FAILED` (kind `missing`).
 */
export function gitCheckoutSource(options: GitCheckoutOptions): AppSource {
  let made: Promise<{ readonly source: AppSource; readonly dir: string; readonly root: string }> | undefined;
  const source = async (signal: AbortSignal) => (await (made ??= checkOut(options, signal))).source;
  return {
    place: async (signal) => (await source(signal)).place(signal),
    state: async (signal) => ({ ...(await (await source(signal)).state(signal)), dirty: false, branch: branchOf(options.reference) }),
    environmentFiles: async (signal) => (await source(signal)).environmentFiles(signal),
    build: async (build, onLine, signal) => (await source(signal)).build(build, onLine, signal),
    outputHash: async (signal) => (await source(signal)).outputHash(signal),
    close: async () => {
      const there = await made?.catch(() => undefined);
      if (there === undefined) return;
      await git(options, there.root, ['worktree', 'remove', '--force', there.dir]).catch(() => undefined);
      await rm(there.dir, { recursive: true, force: true });
    },
  };
}

async function checkOut(options: GitCheckoutOptions, signal: AbortSignal) {
  const { reference, checkouts, environment } = options;
  const top = await git(options, options.dir, ['rev-parse', '--show-toplevel'], signal);
  const root = top.stdout.trim();
  if (top.exitCode !== 0) {
    throw new StagingError('missing', 'GIT_FAILED', `${printable(options.dir)} is in no git repository: ${printable(top.stderr, 300)}.`, {
      fix: 'Leave out `--git`, or run the command in a repository.',
    });
  }
  // `--end-of-options`: a reference that begins with a dash is none of git's flags.
  const found = await git(options, root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${reference}^{commit}`], signal);
  if (found.exitCode !== 0) {
    throw new StagingError(
      'usage',
      'GIT_REFERENCE_UNKNOWN',
      `--git is ${JSON.stringify(printable(reference, 100))}, expected a branch, tag or commit of ${root}.`,
      { fix: 'Fetch it first (`git fetch`), or name one that `git branch --all` lists.' },
    );
  }
  const sha = found.stdout.trim();
  const dir = join(checkouts, sha);
  await mkdir(checkouts, { recursive: true, mode: 0o700 });
  // One that a run which was cut off left behind is made anew: nobody knows how far it had come.
  await git(options, root, ['worktree', 'remove', '--force', dir]);
  await rm(dir, { recursive: true, force: true });
  await git(options, root, ['worktree', 'prune']);
  const added = await git(options, root, ['worktree', 'add', '--detach', '--quiet', dir, sha], signal);
  if (added.exitCode !== 0) {
    throw new StagingError('missing', 'GIT_FAILED', `Commit ${sha} cannot be checked out: ${printable(added.stderr, 300)}.`, {
      fix: `Run \`git worktree add --detach ${printable(dir)} ${sha}\` and mend what it says.`,
    });
  }
  const below = (path: string) => join(dir, relative(root, path));
  const place = { dir: below(options.dir), output: below(options.output), migrations: below(options.migrations) };
  await copyBuildSettings(options.dir, place.dir);
  return { source: appSource({ ...place, environment }), dir, root };
}

/** A branch is named as Vercel names it; a commit has none. */
function branchOf(reference: string): string | null {
  return /^[0-9a-f]{7,40}$/.test(reference) ? null : reference.replace(/^(?:refs\/heads\/|origin\/)/, '');
}

async function git(
  { environment }: Pick<GitCheckoutOptions, 'environment'>,
  cwd: string,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly exitCode?: number | undefined; readonly stdout: string; readonly stderr: string }> {
  const result = await execa('git', words, {
    cwd,
    env: { ...environment, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: 120_000,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  return result;
}
