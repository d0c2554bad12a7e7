import { gunzipSync } from 'node:zlib';
import { Hono, type Context } from 'hono';
import { isLoopbackHost } from '../loopback.ts';
import { fieldsOf, isFields, textIn, tokenOf } from '../requests.ts';
import { sameSecret } from '../same-secret.ts';
import { eventAnswer, issueAnswer, projectAnswer, ruleAnswer, tagAnswers } from './answers.ts';
import { readEnvelope } from './envelope.ts';
import type { SentryProject, StoredIssue, StoredRule } from './project.ts';

/** An answer other than success: `{"detail": …}`. */
class SentryError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 413 | 421;

  constructor(status: SentryError['status'], detail: string) {
    super(detail);
    this.status = status;
  }
}

/** The largest envelope, compressed or not, in bytes (develop.sentry.dev/sdk/data-model/envelopes, size limits, read 2026-11-22). */
const maxEnvelopeBytes = 20 * 1024 * 1024;

/**
 * Returns Sentry's ingestion (envelopes by DSN key) and the part of its API v0 (docs.sentry.io/api, read 2026-11-22) that reads events
 * back: events, issues, tags, alert rules. Other routes answer 404 and say so.
 */
export function sentryApi(project: SentryProject, dsn: () => string, log: (line: string) => void): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof SentryError) return c.json({ detail: error.message }, error.status);
    log(`${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.json({ detail: 'Internal Error' }, 500);
  });
  app.use(async (c, next) => {
    if (!isLoopbackHost(c.req.header('host'))) throw new SentryError(421, 'Host is not served here');
    await next();
  });
  app.use('/api/0/*', async (c, next) => {
    const token = tokenOf(c);
    if (token === '') throw new SentryError(401, 'Authentication credentials were not provided.');
    if (!sameSecret(token, project.issued.authToken)) throw new SentryError(401, 'Invalid token');
    await next();
  });
  app.post('/api/:project/envelope/', async (c) => ingest(project, c));
  addEvents(app, project, dsn);
  addIssues(app, project);
  addRules(app, project);
  app.notFound((c) =>
    c.json({ detail: `The requested resource does not exist: ${c.req.method} ${c.req.path} is not emulated by the local cloud` }, 404),
  );
  return app;
}

async function ingest(project: SentryProject, c: Context): Promise<Response> {
  const bytes = await bodyOf(c);
  const envelope = readEnvelope(bytes);
  if (envelope === undefined) throw new SentryError(400, 'bad envelope');
  if (c.req.param('project') !== project.id) throw new SentryError(403, 'event submission rejected with_reason: ProjectId');
  const key = keyOf(c) ?? keyOfDsn(envelope.header['dsn']);
  if (key === undefined) throw new SentryError(401, 'missing authorization information');
  if (!sameSecret(key, project.issued.publicKey)) throw new SentryError(403, 'event submission rejected with_reason: ProjectId');
  const receivedAt = new Date().toISOString();
  for (const event of envelope.events) await project.take({ event_id: envelope.header['event_id'], ...event }, receivedAt);
  return c.json({ id: textIn(envelope.header, 'event_id') ?? null });
}

async function bodyOf(c: Context): Promise<Buffer> {
  const bytes = Buffer.from(await c.req.arrayBuffer());
  if (bytes.length > maxEnvelopeBytes) throw new SentryError(413, 'envelope exceeded size limits');
  if (c.req.header('content-encoding') !== 'gzip') return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxEnvelopeBytes });
  } catch {
    throw new SentryError(400, 'bad envelope');
  }
}

/** The DSN's public key, of the header `X-Sentry-Auth` or of the query. */
function keyOf(c: Context): string | undefined {
  return /sentry_key=([^,\s]+)/.exec(c.req.header('x-sentry-auth') ?? '')?.[1] ?? c.req.query('sentry_key');
}

function keyOfDsn(dsn: unknown): string | undefined {
  return typeof dsn === 'string' && URL.canParse(dsn) ? new URL(dsn).username : undefined;
}

function addEvents(app: Hono, project: SentryProject, dsn: () => string): void {
  const missing = () => new SentryError(404, 'The requested resource does not exist');
  app.use('/api/0/projects/:org/:project/*', async (c, next) => {
    if (c.req.param('org') !== project.organization || ![project.slug, project.id].includes(c.req.param('project'))) throw missing();
    await next();
  });
  app.get('/api/0/projects/:org/:project/', (c) => c.json(projectAnswer(project)));
  app.get('/api/0/projects/:org/:project/keys/', (c) =>
    c.json([{ id: project.issued.publicKey, name: 'Default', public: project.issued.publicKey, isActive: true, dsn: { public: dsn() } }]),
  );
  app.get('/api/0/projects/:org/:project/events/', (c) =>
    c.json(
      project.events
        .all()
        .toReversed()
        .slice(0, 100)
        .map((event) => eventAnswer(project, event)),
    ),
  );
  app.get('/api/0/projects/:org/:project/events/:id/', (c) => {
    const event = project.events.get(c.req.param('id').replaceAll('-', ''));
    if (event === undefined) throw new SentryError(404, 'Event not found');
    return c.json(eventAnswer(project, event));
  });
}

function addIssues(app: Hono, project: SentryProject): void {
  const issueOf = (c: Context): StoredIssue => {
    const issue = project.issues.get(c.req.param('id') ?? '');
    if (issue === undefined) throw new SentryError(404, 'The requested resource does not exist');
    return issue;
  };
  const eventsOf = ({ id }: StoredIssue) => project.events.all().filter(({ issueId }) => issueId === id);
  const list = (c: Context) => {
    const query = c.req.query('query') ?? 'is:unresolved';
    const found = project.issues.all().filter((issue) => matches(query, issue, eventsOf(issue)));
    return c.json(found.toReversed().map((issue) => issueAnswer(project, issue, eventsOf(issue))));
  };
  app.get('/api/0/projects/:org/:project/issues/', list);
  for (const prefix of ['/api/0', '/api/0/organizations/:org']) {
    app.get(`${prefix}/issues/`, list);
    app.get(`${prefix}/issues/:id/`, (c) => c.json(issueAnswer(project, issueOf(c), eventsOf(issueOf(c)))));
    app.get(`${prefix}/issues/:id/events/`, (c) => c.json(eventsOf(issueOf(c)).map((event) => eventAnswer(project, event))));
    app.get(`${prefix}/issues/:id/tags/`, (c) => c.json(tagAnswers(eventsOf(issueOf(c)))));
    app.put(`${prefix}/issues/:id/`, async (c) => {
      const status = textIn((await fieldsOf(c)) ?? {}, 'status');
      if (status !== 'resolved' && status !== 'unresolved' && status !== 'ignored') throw new SentryError(400, 'Invalid status');
      const changed: StoredIssue = { ...issueOf(c), status };
      await project.issues.put(changed.id, changed);
      return c.json(issueAnswer(project, changed, eventsOf(changed)));
    });
  }
}

/** Words of a search: `is:unresolved`, `tag:value`, and others that the title must contain. */
function matches(query: string, issue: StoredIssue, events: ReturnType<SentryProject['events']['all']>): boolean {
  const words = query.split(/\s+/).filter((word) => word !== '');
  return words.every((word) => {
    const [, key, value] = /^([\w.-]+):"?([^"]*)"?$/.exec(word) ?? [];
    if (key === 'is') return value === issue.status;
    if (key === undefined) return events.some(({ title }) => title.toLowerCase().includes(word.toLowerCase()));
    return events.some(({ tags }) => tags.some((tag) => tag.key === key && tag.value === value));
  });
}

function addRules(app: Hono, project: SentryProject): void {
  const path = '/api/0/projects/:org/:project/rules/';
  const ruleOf = (c: Context): StoredRule => {
    const rule = project.rules.get(c.req.param('id') ?? '');
    if (rule === undefined) throw new SentryError(404, 'The requested resource does not exist');
    return rule;
  };
  const wanted = async (c: Context) => {
    const fields = await fieldsOf(c);
    if (!isFields(fields) || textIn(fields, 'name') === undefined || !Array.isArray(fields['actions'])) {
      throw new SentryError(400, 'name and actions are required');
    }
    return fields;
  };
  app.get(path, (c) => c.json(project.rules.all().map((rule) => ruleAnswer(project, rule))));
  app.post(path, async (c) => {
    const fields = await wanted(c);
    const id = `${Math.max(0, ...project.rules.all().map((rule) => Number(rule.id))) + 1}`;
    const rule = { id, fields, createdAt: new Date().toISOString() };
    await project.rules.put(id, rule);
    return c.json(ruleAnswer(project, rule), 201);
  });
  app.get(`${path}:id/`, (c) => c.json(ruleAnswer(project, ruleOf(c))));
  app.put(`${path}:id/`, async (c) => {
    const changed = { ...ruleOf(c), fields: await wanted(c) };
    await project.rules.put(changed.id, changed);
    return c.json(ruleAnswer(project, changed));
  });
  app.delete(`${path}:id/`, async (c) => {
    await project.rules.delete(ruleOf(c).id);
    return c.body(null, 202);
  });
}
