import { openIssued, randomHex } from '../issued.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { githubApi } from './api.ts';
import { openRepository, type GithubRepository } from './repository.ts';

/** The emulated GitHub: one repository and a token for it. */
export interface GithubService extends LocalService {
  readonly name: 'github';
  readonly repository: GithubRepository;
}

/** Starts it. */
export async function startGithub(context: ServiceContext): Promise<GithubService> {
  const { token } = await openIssued(context.stateDir, () => ({ token: `ghp_local${randomHex(16)}` }));
  const repository = await openRepository(context.stateDir, token);
  return { name: 'github', repository, app: githubApi(repository, (line) => context.log(line)), stop: async () => undefined };
}
