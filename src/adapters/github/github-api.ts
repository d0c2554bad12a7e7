import { z } from 'zod';
import type { OpenIssues, ReviewState } from '../../core/gate/model.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';
import { apiPath } from '../http/api-path.ts';

const vendor: Vendor = {
  code: 'GITHUB',
  name: 'GitHub',
  credentialFix: 'Set GITHUB_TOKEN to a token that may read issues and pull requests of the repository (in Actions: `github.token`).',
};

// https://docs.github.com/rest/issues/issues, version 2022-11-28, read 2026-11-22: a pull request is listed as an issue with `pull_request`.
const issuesSchema = z.array(
  z.object({
    number: z.number(),
    title: z.string(),
    labels: z.array(z.union([z.string(), z.object({ name: z.string() })])),
    pull_request: z.unknown().optional(),
  }),
);

// https://docs.github.com/rest/pulls/reviews, version 2022-11-28, read 2026-11-22.
const reviewsSchema = z.array(z.object({ user: z.object({ login: z.string() }).nullable(), state: z.string() }));
const pullSchema = z.object({ head: z.object({ sha: z.string() }) });

/** Most pages of a list that are read: a hundred of a hundred. */
const maxPages = 100;
const pageSize = 100;

/** What is asked of a repository on GitHub. Throws `GITHUB_…` errors (kinds `vendor`, `missing`). */
export interface GithubRepository {
  /** Returns the open issues that have one of these labels, each once, by number. */
  openIssues(labels: readonly string[], signal: AbortSignal): Promise<OpenIssues>;
  /** Returns how the reviews of a pull request stand: of each reviewer the newest that approves or asks for changes. */
  reviews(pullRequest: number, signal: AbortSignal): Promise<ReviewState>;
  close(): Promise<void>;
}

/** What a client for one repository is made from. */
export interface GithubOptions {
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Address of the local cloud's GitHub, or undefined for GitHub itself. */
  readonly localUrl?: string | undefined;
  readonly clock: Clock;
}

/** Returns a client for one repository on GitHub. */
export function githubRepository({ token, repository, localUrl, clock }: GithubOptions): GithubRepository {
  const api = createApiClient({
    vendor,
    baseUrl: localUrl ?? 'https://api.github.com',
    hosts: localUrl === undefined ? ['api.github.com'] : 'loopback',
    headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    secrets: [token],
    clock,
  });
  const [owner = '', name = ''] = repository.split('/');
  const list = async <Item>(path: string, query: Readonly<Record<string, string>>, schema: z.ZodType<Item[]>, signal: AbortSignal) => {
    const items: Item[] = [];
    for (let page = 1; page <= maxPages; page += 1) {
      const asked = { ...query, per_page: `${pageSize}`, page: `${page}` };
      // whether there is a next page is known from this one
      const part = await api.read({ method: 'GET', path, query: asked, signal }, schema);
      items.push(...part);
      if (part.length < pageSize) break;
    }
    return items;
  };
  return {
    openIssues: async (labels, signal) => {
      const lists = await Promise.all(
        labels.map(async (label) => {
          const found = await list(apiPath`/repos/${owner}/${name}/issues`, { state: 'open', labels: label }, issuesSchema, signal);
          return found
            .filter(({ pull_request: pull }) => pull === undefined || pull === null)
            .map(({ number, title }) => ({ number, title, label }));
        }),
      );
      const byNumber = new Map(lists.flat().map((issue) => [issue.number, issue]));
      return { repository, labels, open: [...byNumber.values()].toSorted((a, b) => a.number - b.number) };
    },
    reviews: async (pullRequest, signal) => {
      const [pull, reviews] = await Promise.all([
        api.read({ method: 'GET', path: apiPath`/repos/${owner}/${name}/pulls/${`${pullRequest}`}`, signal }, pullSchema),
        list(apiPath`/repos/${owner}/${name}/pulls/${`${pullRequest}`}/reviews`, {}, reviewsSchema, signal),
      ]);
      // Oldest first; a comment neither approves nor takes back, a dismissal takes back.
      const newest = new Map<string, string>();
      for (const { user, state } of reviews) if (state !== 'COMMENTED' && state !== 'PENDING') newest.set(user?.login ?? 'ghost', state);
      const of = (state: string) => [...newest].filter(([, is]) => is === state).map(([login]) => login);
      return { pullRequest, approvedBy: of('APPROVED'), changesRequestedBy: of('CHANGES_REQUESTED'), headSha: pull.head.sha };
    },
    close: api.close,
  };
}
