import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

/** The commit that a folder is checked out at. */
export interface GitState {
  /** Full commit id. */
  readonly sha: string;
  readonly dirty: boolean;
  /** Null when no branch is checked out. */
  readonly branch: string | null;
}

/**
 * Returns the git state of the repository that `dir` is in, or undefined when it is in none or the repository has no commit yet. `environment` is all
 * that git sees. Throws `GIT_FAILED` (kind `missing`): git is not installed, or refuses the repository.
 */
export async function readGitState(
  dir: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<GitState | undefined> {
  if (gitRoot(dir) === undefined) return undefined;
  const git = (arguments_: readonly string[]) => runGit(dir, arguments_, environment, signal);
  const head = await git(['rev-parse', '--verify', '--quiet', 'HEAD']);
  if (head.exitCode === 1) return undefined;
  const [branch, changes] = await Promise.all([
    git(['symbolic-ref', '--quiet', '--short', 'HEAD']),
    git(['status', '--porcelain', '--untracked-files=normal']),
  ]);
  return { sha: head.text, dirty: changes.text !== '', branch: branch.exitCode === 0 && branch.text !== '' ? branch.text : null };
}

/**
 * Returns true when a file has changes that are in no commit, or is in none itself; undefined outside of a repository. `environment` is
 * all that git sees. Throws `GIT_FAILED` (kind `missing`).
 */
export async function isChangedInGit(
  path: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const dir = dirname(path);
  if (gitRoot(dir) === undefined) return undefined;
  const { text } = await runGit(dir, ['status', '--porcelain', '--ignored', '--', path], environment, signal);
  return text !== '';
}

/** Returns the root of the repository that a folder lies in, if any: it has `.git`, a folder, or a file in a worktree or submodule. */
export function gitRoot(dir: string): string | undefined {
  if (existsSync(join(dir, '.git'))) return dir;
  return dirname(dir) === dir ? undefined : gitRoot(dirname(dir));
}

async function runGit(
  dir: string,
  arguments_: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const result = await execa('git', arguments_, {
    cwd: dir,
    env: { ...environment, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (result.exitCode === 0 || result.exitCode === 1) return { exitCode: result.exitCode, text: result.stdout.trim() };
  const reason =
    result.code === 'ENOENT'
      ? 'git is not installed'
      : printable(result.stderr || (result.shortMessage ?? 'it ended without an exit code'));
  throw new StagingError('missing', 'GIT_FAILED', `The commit of ${printable(dir)} cannot be read: ${reason}.`, {
    fix: result.code === 'ENOENT' ? 'Install git.' : `Run \`git -C ${printable(dir)} status\` and mend what it says.`,
    cause: result.cause,
  });
}
