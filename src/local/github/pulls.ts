import type { Context } from 'hono';
import { textIn } from '../requests.ts';
import { pullAnswer, reviewAnswer } from './answers.ts';
import type { GithubRoutes } from './api.ts';
import { GithubError, invalidField } from './errors.ts';
import { changedItem, itemOf, newItem } from './issues.ts';
import { nextId, type GithubItem, type GithubRepository, type GithubReview } from './repository.ts';

const states = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const;

/** Adds pull requests and their reviews. There are no commits behind them: a pull request's head is the `head_sha` it was made with. */
export function addPulls({ app, repository, path, baseOf, body, page }: GithubRoutes): void {
  const { items, reviews } = repository;
  app.get(`${path}/pulls`, (c) => page(c, listed(c, repository), (item) => pullAnswer(repository, baseOf(c), item)));
  app.post(`${path}/pulls`, async (c) => {
    const fields = await body(c);
    const [title = '', head = '', base = ''] = ['title', 'head', 'base'].map((name) => textIn(fields, name));
    for (const [name, value] of Object.entries({ title, head, base })) if (value === '') throw invalidField('PullRequest', name);
    const headSha = textIn(fields, 'head_sha') ?? '0'.repeat(40);
    const pull = { head: head.split(':').at(-1) ?? head, headSha, base, draft: fields['draft'] === true };
    const item = newItem(repository, { title, body: textIn(fields, 'body') ?? null, labels: [], pull });
    await items.put(`${item.number}`, item);
    return c.json(pullAnswer(repository, baseOf(c), item), 201);
  });
  app.get(`${path}/pulls/:number{[0-9]+}`, (c) => c.json(pullAnswer(repository, baseOf(c), pullOf(c, repository))));
  app.patch(`${path}/pulls/:number{[0-9]+}`, async (c) => {
    const changed = changedItem(pullOf(c, repository), await body(c));
    await items.put(`${changed.number}`, changed);
    return c.json(pullAnswer(repository, baseOf(c), changed));
  });
  app.get(`${path}/pulls/:number{[0-9]+}/reviews`, (c) => {
    const { number } = pullOf(c, repository);
    const found = reviews.all().filter((review) => review.number === number);
    return page(c, found, (review) => reviewAnswer(repository, review));
  });
  app.post(`${path}/pulls/:number{[0-9]+}/reviews`, async (c) => {
    const item = pullOf(c, repository);
    const fields = await body(c);
    const event = textIn(fields, 'event') ?? '';
    if (event !== 'APPROVE' && event !== 'REQUEST_CHANGES' && event !== 'COMMENT')
      throw invalidField('PullRequestReview', 'event', 'invalid');
    const review: GithubReview = {
      id: nextId(reviews.all().map(({ id }) => id)),
      number: item.number,
      state: states[event],
      body: textIn(fields, 'body') ?? '',
      commitId: textIn(fields, 'commit_id') ?? item.pull?.headSha ?? '',
      submittedAt: new Date().toISOString(),
    };
    await reviews.put(`${review.id}`, review);
    return c.json(reviewAnswer(repository, review));
  });
}

function pullOf(c: Context, repository: GithubRepository): GithubItem {
  const item = itemOf(c, repository);
  if (item.pull === undefined) throw new GithubError(404, 'Not Found');
  return item;
}

function listed(c: Context, { items }: GithubRepository): readonly GithubItem[] {
  const [state = 'open', head, base] = ['state', 'head', 'base'].map((name) => c.req.query(name));
  return items
    .all()
    .filter(
      (item) =>
        item.pull !== undefined &&
        (state === 'all' || item.state === state) &&
        (head === undefined || item.pull.head === head.split(':').at(-1)) &&
        (base === undefined || item.pull.base === base),
    )
    .toReversed();
}
