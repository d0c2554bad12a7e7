import { githubRepository, type GithubRepository } from '../adapters/github/github-api.ts';
import { StagingError } from '../core/errors.ts';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import type { Context } from './context.ts';
import { missingValue } from './missing-value.ts';

/**
 * Returns the repository of `gate.repository`, else `own` (that of the job that runs us), or with the target `local` that of the local cloud. Throws `LOCAL_NOT_RUNNING`,
 * `CREDENTIAL_MISSING` (kind `missing`), `GATE_NO_REPOSITORY` (kind `usage`).
 */
export function openGithub(context: Context, local: LocalEndpoints | undefined, own?: string): GithubRepository {
  const { clock } = context;
  if (context.target === 'local') {
    const github = local?.beside?.github;
    if (github === undefined)
      throw new StagingError('missing', 'LOCAL_NOT_RUNNING', 'The local cloud has no GitHub.', { fix: 'Run `jv-staging local start`.' });
    return githubRepository({ token: github.token, repository: github.repository, localUrl: github.apiUrl, clock });
  }
  const { repository = own, token } = context.settings().gate;
  if (repository === undefined) {
    throw new StagingError(
      'usage',
      'GATE_NO_REPOSITORY',
      'The configuration names no `gate.repository`, so issues and reviews are unknown.',
      { fix: "Add `gate: { repository: 'owner/name' }`." },
    );
  }
  const value = context.secrets.read(token);
  if (value === undefined) throw missingValue(context, token.name, 'CREDENTIAL_MISSING', `Set ${token.name} to a token of GitHub.`);
  return githubRepository({ token: value, repository, clock });
}
