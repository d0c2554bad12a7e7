import { z } from 'zod';
import type { OpenIssues, ReviewState } from '../../core/gate/model.ts';
import type { IssueTracker } from '../../core/ports/tracker.ts';
import type { PullComments } from '../../core/ports/comments.ts';
import { apiPath } from '../http/api-path.ts';
import { githubClient, type GithubOptions } from './github-client.ts';
import { pullComments } from './github-comments.ts';
import { issueTracker } from './github-issues.ts';

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

/** What is asked of a repository on GitHub. Throws `GITHUB_…` errors (kinds `vendor`, `missing`). */
export interface GithubRepository {
  /** Returns the open issues that have one of these labels, each once, by number. */
  openIssues(labels: readonly string[], signal: AbortSignal): Promise<OpenIssues>;
  /** Returns how the reviews of a pull request stand: of each reviewer the newest that approves or asks for changes. */
  reviews(pullRequest: number, signal: AbortSignal): Promise<ReviewState>;
  readonly issues: IssueTracker;
  readonly comments: PullComments;
  close(): Promise<void>;
}

/** Returns a client for one repository on GitHub. */
export function githubRepository(options: GithubOptions): GithubRepository {
  const { repository } = options;
  const client = githubClient(options);
  const { api, owner, name, list } = client;
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
    issues: issueTracker(client),
    comments: pullComments(client),
    close: api.close,
  };
}
