import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { SecretStore } from '../../core/ports/secret-store.ts';

/** What reaching GitHub by its own program needs. */
export interface GhOptions {
  /** Folder in whose repository the program works. */
  readonly dir: string;
  /** `owner/name`; the repository of the folder when undefined. */
  readonly repository: string | undefined;
  /** All that the program sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Returns a repository's Actions secrets, written by GitHub's own program (`gh secret set NAME` takes the value from stdin when it gets
 * none: https://cli.github.com/manual/gh_secret_set). Throws `GITHUB_CLI_MISSING` (kind `missing`) and `GITHUB_SECRET_REFUSED`
 * (kind `vendor`).
 */
export function ghSecrets({ dir, repository, environment }: GhOptions): SecretStore {
  return {
    title: repository === undefined ? 'GitHub, the repository of this folder' : `GitHub, ${repository}`,
    put: async (name, value, signal) => {
      const args = ['secret', 'set', name, '--app', 'actions', ...(repository === undefined ? [] : ['--repo', repository])];
      const ended = await execa('gh', args, {
        cwd: dir,
        env: { ...environment, GH_PROMPT_DISABLED: '1', NO_COLOR: '1' },
        extendEnv: false,
        input: value,
        reject: false,
        timeout: 60_000,
        cancelSignal: signal,
      });
      signal.throwIfAborted();
      if (ended.exitCode === 0) return;
      if (ended.code === 'ENOENT') throw missing();
      throw refused(name, ended.stderr.replaceAll(value, '***'));
    },
  };
}

function missing(): StagingError {
  return new StagingError('missing', 'GITHUB_CLI_MISSING', 'GitHub’s program gh is not installed, expected it in PATH.', {
    fix: 'Install it (https://cli.github.com), then run `gh auth login`.',
  });
}

function refused(name: string, said: string): StagingError {
  return new StagingError('vendor', 'GITHUB_SECRET_REFUSED', `GitHub did not take the secret ${name}: ${printable(said.trim())}`, {
    fix: 'Run `gh auth status`; the token needs the right to write the repository’s Actions secrets. Those before it were taken.',
  });
}
