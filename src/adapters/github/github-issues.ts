import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { IssueTracker, TrackedIssue } from '../../core/ports/tracker.ts';
import { apiPath } from '../http/api-path.ts';
import { authorSchema, type GithubClient, isOfTeam } from './github-client.ts';

// https://docs.github.com/rest/issues/issues, version 2022-11-28, read 2026-11-22.
const issueSchema = z.object({
  number: z.number(),
  title: z.string(),
  body: z.string().nullable(),
  state: z.enum(['open', 'closed']),
  html_url: z.string(),
  pull_request: z.unknown().optional(),
});
const issuesSchema = z.array(issueSchema.extend(authorSchema.shape));

/** A list that ends here may hide the issue that is looked for, and a second one would be opened. */
const mostIssues = 10_000;

/** Returns the issues of one repository. Throws `GITHUB_…` errors; `GITHUB_TOO_MANY_ISSUES` (kind `vendor`) where not all can be listed. */
export function issueTracker({ api, owner, name, list }: GithubClient): IssueTracker {
  const path = apiPath`/repos/${owner}/${name}/issues`;
  const pathOf = (number: number) => apiPath`/repos/${owner}/${name}/issues/${`${number}`}`;
  return {
    holding: async (mark, signal) => {
      const found = await list(path, { state: 'all', sort: 'created', direction: 'asc' }, issuesSchema, signal);
      if (found.length >= mostIssues) throw tooMany(`${owner}/${name}`);
      return found
        .filter((issue) => (issue.pull_request ?? null) === null && (issue.body ?? '').includes(mark) && isOfTeam(issue))
        .toSorted((a, b) => a.number - b.number)
        .map(trackedIssue);
    },
    open: async ({ title, body, labels }, signal) =>
      trackedIssue(await api.read({ method: 'POST', path, json: { title, body, labels }, signal }, issueSchema)),
    change: async (number, { body, isOpen }, signal) => {
      const state = isOpen ? { state: 'open' } : { state: 'closed', state_reason: 'completed' };
      // Sent again it changes nothing more.
      const request = { method: 'PATCH', path: pathOf(number), json: { body, ...state }, repeatable: true, signal } as const;
      return trackedIssue(await api.read(request, issueSchema));
    },
  };
}

function trackedIssue({ number, title, body, state, html_url: url }: z.infer<typeof issueSchema>): TrackedIssue {
  return { number, title, body: body ?? '', isOpen: state === 'open', url };
}

function tooMany(repository: string): StagingError {
  return new StagingError(
    'vendor',
    'GITHUB_TOO_MANY_ISSUES',
    `${repository} has ${mostIssues} issues and pull requests or more, expected fewer: whether a check has an issue cannot be told.`,
    { fix: 'Name a repository of its own for these issues with `gate.repository`.' },
  );
}
