import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { SourceBranches } from '../../core/ports/previews.ts';

/** Returns the port over git in a folder; `environment` is all that git sees, and it asks for no password. */
export function gitBranches(dir: string, environment: Readonly<Record<string, string>>): SourceBranches {
  const git = (args: readonly string[], signal: AbortSignal) => run(dir, args, environment, signal);
  return {
    heads: async (signal) => headsOf(await git(['ls-remote', '--heads', 'origin'], signal)),
    repository: async (signal) => repositoryOf(await git(['remote', 'get-url', 'origin'], signal)),
  };
}

function headsOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').flatMap((line) => {
    const [, sha, branch] = /^([0-9a-f]{40,64})\trefs\/heads\/(.+)$/.exec(line) ?? [];
    return sha === undefined || branch === undefined ? [] : [[branch, sha] as const];
  });
  return Object.fromEntries(lines);
}

/** Returns `owner/name` of an address as git has it: https, ssh, or the short form `git@host:owner/name`. */
export function repositoryOf(address: string): string | null {
  const [, owner, name] = /[/:]([^/:]+)\/([^/]+?)(?:\.git)?\/?$/.exec(address) ?? [];
  return owner === undefined || name === undefined ? null : `${owner}/${name}`;
}

async function run(
  dir: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const result = await execa('git', args, {
    cwd: dir,
    env: { ...environment, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (result.exitCode === 0) return result.stdout.trim();
  const reason =
    result.code === 'ENOENT'
      ? 'git is not installed'
      : printable(withoutCredentials(result.stderr).split('\n')[0]?.replace(/\.$/, '') || 'it did not answer');
  throw new StagingError('missing', 'GIT_FAILED', `The branches of \`origin\` cannot be read in ${printable(dir)}: ${reason}.`, {
    fix: `Run \`git -C ${printable(dir)} ls-remote --heads origin\` and mend what it says.`,
  });
}

/** git quotes the address of the remote, which may hold a token. */
function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]+@/g, '//');
}
