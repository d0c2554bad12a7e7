import { Hono, type Context } from 'hono';
import { isLoopbackHost } from '../loopback.ts';
import { fieldsOf, numberIn, textIn, tokenOf } from '../requests.ts';
import { sameSecret } from '../same-secret.ts';
import { repositoryAnswer, statusAnswer } from './answers.ts';
import { GithubError, invalidField } from './errors.ts';
import { addIssues } from './issues.ts';
import { addPulls } from './pulls.ts';
import { nextId, type GithubRepository, type GithubStatus } from './repository.ts';

/** What the routes of one part need. */
export interface GithubRoutes {
  readonly app: Hono;
  readonly repository: GithubRepository;
  /** Path of the repository. */
  readonly path: string;
  /** Returns the repository's address, as the caller reaches it. */
  baseOf(c: Context): string;
  /** Returns the fields of the body; throws when it is no JSON object. */
  body(c: Context): Promise<Readonly<Record<string, unknown>>>;
  /** Answers with one page of a list, and with links to the others. */
  page<Item>(c: Context, items: readonly Item[], answer: (item: Item) => unknown): Response;
}

/**
 * Returns the part of GitHub's REST API (docs.github.com/rest, version 2022-11-28, read 2026-11-22) that reports and gates use: issues,
 * their labels and comments, pull requests and their reviews, commit statuses. Other routes answer 404 and say so.
 */
export function githubApi(repository: GithubRepository, log: (line: string) => void): Hono {
  const app = new Hono();
  const documentation = 'https://docs.github.com/rest';
  app.onError((error, c) => {
    if (error instanceof GithubError) {
      const problems = error.problems.length === 0 ? {} : { errors: error.problems };
      return c.json({ message: error.message, ...problems, documentation_url: documentation, status: `${error.status}` }, error.status);
    }
    log(`${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.json({ message: 'Server Error' }, 500);
  });
  app.use(async (c, next) => {
    if (!isLoopbackHost(c.req.header('host'))) throw new GithubError(421, 'Host is not served here');
    const token = tokenOf(c);
    if (token === '') throw new GithubError(401, 'Requires authentication');
    if (!sameSecret(token, repository.token)) throw new GithubError(401, 'Bad credentials');
    await next();
    c.res.headers.set('x-github-media-type', 'github.v3; format=json');
  });
  const path = `/repos/${repository.owner}/${repository.name}`;
  const routes: GithubRoutes = { app, repository, path, baseOf: (c) => `${new URL(c.req.url).origin}${path}`, body, page };
  app.get('/user', (c) => c.json({ login: repository.login, id: 1, type: 'Bot' }));
  app.get(path, (c) => c.json(repositoryAnswer(repository)));
  addIssues(routes);
  addPulls(routes);
  addStatuses(routes);
  app.notFound((c) => {
    const foreign = c.req.path.startsWith('/repos/') && !`${c.req.path}/`.startsWith(`${path}/`);
    const message = foreign ? 'Not Found' : `Not Found: ${c.req.method} ${c.req.path} is not emulated by the local cloud`;
    return c.json({ message, documentation_url: documentation, status: '404' }, 404);
  });
  return app;
}

async function body(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const fields = await fieldsOf(c);
  if (fields === undefined) throw new GithubError(400, 'Problems parsing JSON');
  return fields;
}

function page<Item>(c: Context, items: readonly Item[], answer: (item: Item) => unknown): Response {
  const size = numberIn(c, 'per_page', 30, { from: 1, to: 100 });
  const number = numberIn(c, 'page', 1, { from: 1, to: Number.MAX_SAFE_INTEGER });
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, relation: string) => {
    const url = new URL(c.req.url);
    url.searchParams.set('page', `${to}`);
    return `<${url.href}>; rel="${relation}"`;
  };
  const links = [
    ...(number > 1 ? [link(number - 1, 'prev'), link(1, 'first')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
  ];
  if (links.length > 0) c.header('link', links.join(', '));
  return c.json(items.slice((number - 1) * size, number * size).map(answer));
}

function addStatuses({ app, repository, path, baseOf, body: read, page: paged }: GithubRoutes): void {
  const { statuses } = repository;
  const of = (ref: string) =>
    statuses
      .all()
      .filter(({ sha }) => sha === ref || (ref.length >= 7 && sha.startsWith(ref)))
      .toReversed();
  app.post(`${path}/statuses/:sha`, async (c) => {
    const fields = await read(c);
    const state = textIn(fields, 'state');
    if (state !== 'error' && state !== 'failure' && state !== 'pending' && state !== 'success')
      throw invalidField('Status', 'state', 'custom');
    const status: GithubStatus = {
      id: nextId(statuses.all().map(({ id }) => id)),
      sha: c.req.param('sha'),
      state,
      targetUrl: textIn(fields, 'target_url') ?? null,
      description: textIn(fields, 'description') ?? null,
      context: textIn(fields, 'context') ?? 'default',
      createdAt: new Date().toISOString(),
    };
    if (!/^[0-9a-f]{40}$/.test(status.sha)) throw new GithubError(422, `No commit found for SHA: ${status.sha}`);
    await statuses.put(`${status.id}`, status);
    return c.json(statusAnswer(repository, baseOf(c), status), 201);
  });
  app.get(`${path}/commits/:ref/statuses`, (c) =>
    paged(c, of(c.req.param('ref')), (status) => statusAnswer(repository, baseOf(c), status)),
  );
  app.get(`${path}/commits/:ref/status`, (c) => {
    const all = of(c.req.param('ref'));
    // The newest of each context counts.
    const newest = all.filter((status, index) => all.findIndex(({ context }) => context === status.context) === index);
    return c.json({
      sha: newest[0]?.sha ?? c.req.param('ref'),
      state: combined(newest),
      total_count: newest.length,
      statuses: newest.map((status) => statusAnswer(repository, baseOf(c), status)),
    });
  });
}

function combined(statuses: readonly GithubStatus[]): 'failure' | 'pending' | 'success' {
  if (statuses.some(({ state }) => state === 'error' || state === 'failure')) return 'failure';
  return statuses.length === 0 || statuses.some(({ state }) => state === 'pending') ? 'pending' : 'success';
}
