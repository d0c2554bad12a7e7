import type { Context } from 'hono';
import { textIn, textsIn } from '../requests.ts';
import { commentAnswer, issueAnswer } from './answers.ts';
import type { GithubRoutes } from './api.ts';
import { GithubError, invalidField } from './errors.ts';
import { nextId, type GithubComment, type GithubItem, type GithubRepository } from './repository.ts';

/** Adds issues, their labels and their comments. */
export function addIssues(routes: GithubRoutes): void {
  const { app, repository, path, baseOf, body, page } = routes;
  const { items } = repository;
  app.get(`${path}/issues`, (c) => page(c, listed(c, repository), (item) => issueAnswer(repository, baseOf(c), item)));
  app.post(`${path}/issues`, async (c) => {
    const fields = await body(c);
    const title = textIn(fields, 'title') ?? '';
    if (title === '') throw invalidField('Issue', 'title');
    const item = newItem(repository, { title, body: textIn(fields, 'body') ?? null, labels: textsIn(fields, 'labels'), pull: undefined });
    await items.put(`${item.number}`, item);
    return c.json(issueAnswer(repository, baseOf(c), item), 201);
  });
  app.get(`${path}/issues/:number{[0-9]+}`, (c) => c.json(issueAnswer(repository, baseOf(c), itemOf(c, repository))));
  app.patch(`${path}/issues/:number{[0-9]+}`, async (c) => {
    const changed = changedItem(itemOf(c, repository), await body(c));
    await items.put(`${changed.number}`, changed);
    return c.json(issueAnswer(repository, baseOf(c), changed));
  });
  const setLabels = async (c: Context, change: (before: readonly string[], given: readonly string[]) => readonly string[]) => {
    const item = itemOf(c, repository);
    const labels = [...new Set(change(item.labels, textsIn(await body(c), 'labels')))];
    const changed = { ...item, labels, updatedAt: new Date().toISOString() };
    await items.put(`${item.number}`, changed);
    return c.json(issueAnswer(repository, baseOf(c), changed).labels);
  };
  app.post(`${path}/issues/:number{[0-9]+}/labels`, (c) => setLabels(c, (before, given) => [...before, ...given]));
  app.put(`${path}/issues/:number{[0-9]+}/labels`, (c) => setLabels(c, (_before, given) => given));
  app.delete(`${path}/issues/:number{[0-9]+}/labels/:name`, async (c) => {
    const item = itemOf(c, repository);
    const name = c.req.param('name');
    if (!item.labels.includes(name)) throw new GithubError(404, 'Label does not exist');
    const changed = { ...item, labels: item.labels.filter((label) => label !== name), updatedAt: new Date().toISOString() };
    await items.put(`${item.number}`, changed);
    return c.json(issueAnswer(repository, baseOf(c), changed).labels);
  });
  addComments(routes);
}

function addComments({ app, repository, path, baseOf, body, page }: GithubRoutes): void {
  const { comments } = repository;
  const commentOf = (c: Context): GithubComment => {
    const comment = comments.get(c.req.param('id') ?? '');
    if (comment === undefined) throw new GithubError(404, 'Not Found');
    return comment;
  };
  const textOf = async (c: Context) => {
    const text = textIn(await body(c), 'body') ?? '';
    if (text === '') throw invalidField('IssueComment', 'body');
    return text;
  };
  app.get(`${path}/issues/:number{[0-9]+}/comments`, (c) => {
    const { number } = itemOf(c, repository);
    const found = comments.all().filter((comment) => comment.number === number);
    return page(c, found, (comment) => commentAnswer(repository, baseOf(c), comment));
  });
  app.post(`${path}/issues/:number{[0-9]+}/comments`, async (c) => {
    const { number } = itemOf(c, repository);
    // Read first: between choosing the number and keeping the comment nothing may wait, or two would get the same.
    const text = await textOf(c);
    const now = new Date().toISOString();
    const id = nextId(comments.all().map((comment) => comment.id));
    const comment: GithubComment = { id, number, body: text, createdAt: now, updatedAt: now };
    await comments.put(`${id}`, comment);
    return c.json(commentAnswer(repository, baseOf(c), comment), 201);
  });
  app.get(`${path}/issues/comments/:id{[0-9]+}`, (c) => c.json(commentAnswer(repository, baseOf(c), commentOf(c))));
  app.patch(`${path}/issues/comments/:id{[0-9]+}`, async (c) => {
    const changed = { ...commentOf(c), body: await textOf(c), updatedAt: new Date().toISOString() };
    await comments.put(`${changed.id}`, changed);
    return c.json(commentAnswer(repository, baseOf(c), changed));
  });
  app.delete(`${path}/issues/comments/:id{[0-9]+}`, async (c) => {
    await comments.delete(`${commentOf(c).id}`);
    return c.body(null, 204);
  });
}

/** Makes an issue or pull request with the next number. */
export function newItem(repository: GithubRepository, wanted: Pick<GithubItem, 'title' | 'body' | 'labels' | 'pull'>): GithubItem {
  const now = new Date().toISOString();
  const number = nextId(repository.items.all().map((item) => item.number));
  return { ...wanted, number, state: 'open', stateReason: null, createdAt: now, updatedAt: now, closedAt: null };
}

/** Returns the issue or pull request of the path; throws 404. */
export function itemOf(c: Context, { items }: GithubRepository): GithubItem {
  const item = items.get(c.req.param('number') ?? '');
  if (item === undefined) throw new GithubError(404, 'Not Found');
  return item;
}

/** Returns what an update makes of an item. */
export function changedItem(item: GithubItem, fields: Readonly<Record<string, unknown>>): GithubItem {
  const state = textIn(fields, 'state') ?? item.state;
  if (state !== 'open' && state !== 'closed') throw invalidField('Issue', 'state', 'invalid');
  const now = new Date().toISOString();
  const reason = textIn(fields, 'state_reason') ?? (state === 'closed' ? 'completed' : 'reopened');
  return {
    ...item,
    title: textIn(fields, 'title') ?? item.title,
    body: textIn(fields, 'body') ?? item.body,
    labels: Array.isArray(fields['labels']) ? textsIn(fields, 'labels') : item.labels,
    state,
    stateReason: state === item.state ? item.stateReason : reason,
    closedAt: state === 'closed' ? (item.closedAt ?? now) : null,
    updatedAt: now,
  };
}

/** Open ones and newest first, unless the query says otherwise; with all of the labels that it names. */
function listed(c: Context, { items }: GithubRepository): readonly GithubItem[] {
  const state = c.req.query('state') ?? 'open';
  const labels = (c.req.query('labels') ?? '').split(',').filter((label) => label !== '');
  const since = c.req.query('since');
  const found = items
    .all()
    .filter(
      (item) =>
        (state === 'all' || item.state === state) &&
        labels.every((label) => item.labels.includes(label)) &&
        (since === undefined || item.updatedAt >= since),
    );
  return c.req.query('direction') === 'asc' ? found : found.toReversed();
}
