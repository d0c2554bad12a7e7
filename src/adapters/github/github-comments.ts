import { z } from 'zod';
import type { PullComments } from '../../core/ports/comments.ts';
import { apiPath } from '../http/api-path.ts';
import { authorSchema, type GithubClient, isOfTeam } from './github-client.ts';

// https://docs.github.com/rest/issues/comments, version 2022-11-28, read 2026-11-22: those of a pull request are those of its issue.
const commentSchema = z.object({ id: z.number(), body: z.string().nullish() });
const commentsSchema = z.array(commentSchema.extend(authorSchema.shape));

/** Returns the comments on the pull requests of one repository. Throws `GITHUB_…` errors. */
export function pullComments({ api, owner, name, list }: GithubClient): PullComments {
  const ofPull = (number: number) => apiPath`/repos/${owner}/${name}/issues/${`${number}`}/comments`;
  const pathOf = (id: number) => apiPath`/repos/${owner}/${name}/issues/comments/${`${id}`}`;
  return {
    holding: async (pullRequest, mark, signal) => {
      const found = await list(ofPull(pullRequest), {}, commentsSchema, signal);
      return found
        .filter((comment) => (comment.body ?? '').includes(mark) && isOfTeam(comment))
        .toSorted((a, b) => a.id - b.id)
        .map(({ id, body }) => ({ id, body: body ?? '' }));
    },
    create: async (pullRequest, body, signal) => {
      const { id } = await api.read({ method: 'POST', path: ofPull(pullRequest), json: { body }, signal }, commentSchema);
      return { id, body };
    },
    replace: async (id, body, signal) => {
      // Sent again it changes nothing more.
      await api.send({ method: 'PATCH', path: pathOf(id), json: { body }, repeatable: true, signal });
    },
    remove: async (id, signal) => {
      await api.send({ method: 'DELETE', path: pathOf(id), accept: [404], signal });
    },
  };
}
