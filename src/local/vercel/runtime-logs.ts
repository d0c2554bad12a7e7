import { z } from 'zod';
import type { LogLine } from '../runtime/logs.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { badRequest, VercelError } from './errors.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { LogFields } from './log-query.ts';
import { LogQueryError, parseLogQuery } from './log-query.ts';
import type { DeploymentDoc } from './model.ts';
import type { World } from './world.ts';
import { deploymentOf, projectOf } from './world.ts';

const eventsQuery = z.looseObject({
  event: z.string(),
  scope: z.looseObject({ ownerId: z.string(), projectIds: z.array(z.string()).optional() }),
  timeRange: z.looseObject({ start: z.iso.datetime(), end: z.iso.datetime() }),
  select: z.array(z.string()).default([]),
  filter: z.string().optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
  limit: z.number().int().min(1).max(1000).default(100),
  cursor: z.string().optional(),
});
type EventsQuery = z.output<typeof eventsQuery>;

/** Adds what functions wrote: a deployment's stream, and the query behind `vercel logs`. */
export function addRuntimeLogRoutes(app: VercelApp, world: World, runtime: Runtime): void {
  // The vendor keeps this stream open for new lines; here it ends with the last line there is, so that every client comes to an end.
  app.get('/projects/:project/deployments/:deployment/runtime-logs', (c) => {
    const project = projectOf(world, c.req.param('project'));
    const deployment = deploymentOf(world, c.req.param('deployment'));
    const rows = deployment.projectId === project.id ? runtimeLines(runtime, deployment).map((line) => rowOf(deployment, line)) : [];
    return c.body(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), 200, { 'content-type': 'application/stream+json' });
  });

  app.post('/observability/events', async (c) => {
    const query = await readBody(c, eventsQuery);
    if (query.event !== 'vercel.log') {
      throw new VercelError(402, 'payment_required', `${query.event} needs Observability Plus, which the local cloud does not have.`);
    }
    return c.json(answerQuery(world, runtime, query));
  });
}

function runtimeLines(runtime: Runtime, deployment: DeploymentDoc): LogLine[] {
  return runtime.log(deployment.id).filter((line) => line.source === 'runtime');
}

function rowOf(deployment: DeploymentDoc, line: LogLine) {
  return {
    rowId: `${deployment.id}-${line.serial}`,
    timestampInMs: line.atMs,
    level: levelOf(line),
    message: line.text,
    source: 'serverless',
    domain: deployment.url,
    messageTruncated: false,
    requestMethod: '',
    requestPath: '',
    responseStatusCode: 0,
  };
}

function levelOf(line: LogLine): 'error' | 'info' {
  return line.stream === 'stderr' ? 'error' : 'info';
}

/** Returns a page of log entries. The cursor is the number of entries already shown. */
function answerQuery(world: World, runtime: Runtime, query: EventsQuery) {
  const offset = query.cursor === undefined ? 0 : Number(query.cursor);
  if (!Number.isSafeInteger(offset) || offset < 0) throw badRequest('The cursor is not one of this query.');
  const matches = filterOf(query.filter);
  const [fromMs, toMs] = [Date.parse(query.timeRange.start), Date.parse(query.timeRange.end)];
  const entries = world.deployments
    .all()
    .filter((deployment) => query.scope.projectIds === undefined || query.scope.projectIds.includes(deployment.projectId))
    .flatMap((deployment) => runtimeLines(runtime, deployment).map((line) => entryOf(world, deployment, line)))
    .filter((entry) => entry.atMs >= fromMs && entry.atMs < toMs)
    .filter((entry) => matches(entry.fields))
    .toSorted((left, right) => (query.order === 'asc' ? left.atMs - right.atMs : right.atMs - left.atMs));
  const shown = entries.slice(offset, offset + query.limit);
  const end = offset + shown.length;
  const more = end < entries.length;
  return {
    events: shown.map((entry) => selected(entry.fields, query.select)),
    pagination: { hasMore: more, nextCursor: more ? String(end) : null },
    meta: { excludedIntervals: [] },
  };
}

function filterOf(text: string | undefined): (fields: LogFields) => boolean {
  try {
    return parseLogQuery(text ?? '');
  } catch (error) {
    if (error instanceof LogQueryError) throw badRequest(error.message, { issues: [{ path: 'filter', message: error.message }] });
    throw error;
  }
}

function entryOf(world: World, deployment: DeploymentDoc, line: LogLine) {
  const environment = deployment.customEnvironmentId && world.environments.get(deployment.customEnvironmentId);
  const fields: LogFields = {
    timestamp: new Date(line.atMs).toISOString(),
    projectId: deployment.projectId,
    deploymentId: deployment.id,
    domain: deployment.url,
    environment: environment ? environment.slug : deployment.target,
    source: 'function',
    isSystemLog: false,
    region: 'iad1',
    runtime: 'nodejs',
    level: levelOf(line),
    message: line.text,
    stream: line.stream,
    truncated: false,
  };
  return { atMs: line.atMs, fields };
}

function selected(fields: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (names.length === 0) return fields;
  return { timestamp: fields['timestamp'], ...Object.fromEntries(names.map((name) => [name, fields[name] ?? null])) };
}
