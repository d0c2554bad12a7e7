import { z } from 'zod';
import type { Clock } from '../../core/ports/clock.ts';
import { type ApiClient, createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';

const vendor: Vendor = {
  code: 'GITHUB',
  name: 'GitHub',
  credentialFix:
    'Set GITHUB_TOKEN to a token that may read issues and pull requests of the repository, and write them for `report --issues` and comments (in Actions: `github.token`).',
};

/** Most pages of a list that are read: a hundred of a hundred. */
const maxPages = 100;
const pageSize = 100;

/** What a client for one repository is made from. */
export interface GithubOptions {
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Address of the local cloud's GitHub, or undefined for GitHub itself. */
  readonly localUrl?: string | undefined;
  readonly clock: Clock;
}

/** A client for one repository on GitHub. */
export interface GithubClient {
  readonly api: ApiClient;
  readonly owner: string;
  readonly name: string;
  /** Returns every item of a list, over its pages, 10,000 at most. */
  list<Item>(path: string, query: Readonly<Record<string, string>>, schema: z.ZodType<Item[]>, signal: AbortSignal): Promise<Item[]>;
}

/** Returns a client for one repository on GitHub. */
export function githubClient({ token, repository, localUrl, clock }: GithubOptions): GithubClient {
  const api = createApiClient({
    vendor,
    baseUrl: localUrl ?? 'https://api.github.com',
    hosts: localUrl === undefined ? ['api.github.com'] : 'loopback',
    headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    secrets: [token],
    clock,
  });
  const [owner = '', name = ''] = repository.split('/');
  return {
    api,
    owner,
    name,
    list: async (path, query, schema, signal) => {
      const items: z.infer<typeof schema> = [];
      for (let page = 1; page <= maxPages; page += 1) {
        const asked = { ...query, per_page: `${pageSize}`, page: `${page}` };
        // whether there is a next page is known from this one
        const part = await api.read({ method: 'GET', path, query: asked, signal }, schema);
        items.push(...part);
        if (part.length < pageSize) break;
      }
      return items;
    },
  };
}

// https://docs.github.com/rest/issues, version 2022-11-28, read 2026-11-22: issues and comments both have them.
const authorShape = { user: z.object({ type: z.string() }).nullable(), author_association: z.string() };

/** Who wrote an issue or a comment, as GitHub's answers have it. */
export const authorSchema = z.object(authorShape);

/**
 * Returns true for what was written by somebody who may write to the repository, or by a program (the token of a job is one): anybody
 * else may copy a mark of ours, and could change what stands there later.
 */
export function isOfTeam({ user, author_association: is }: z.infer<typeof authorSchema>): boolean {
  return user?.type === 'Bot' || is === 'OWNER' || is === 'MEMBER' || is === 'COLLABORATOR';
}
