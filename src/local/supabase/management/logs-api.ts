import type { Context, Hono } from 'hono';
import type { LogRow } from '../service-logs.ts';
import { activeProjectOf, type ManagementOptions } from './context.ts';
import { ManagementError } from './management-error.ts';
import { runQuery } from './run-query.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/**
 * Adds queries over the project's logs: one table `logs`, as on the platform since June 2026, with what Postgres and Auth wrote. The query is run
 * by Postgres, which reads it as ClickHouse would where it is plain SQL; a query of the older tables is refused.
 */
export function addLogs(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/analytics/endpoints/logs.all', async (c) => {
    const project = activeProjectOf(options, c);
    const sql = c.req.query('sql');
    if (sql === undefined) throw new ManagementError(400, 'sql: the local cloud has no edge_logs, which are queried without it');
    const [from, to] = windowOf(c);
    const rows = (await options.logs.rows(project.ref)).filter(({ timestamp }) => timestamp >= from && timestamp < to);
    return c.json({ result: await runQuery(options.cluster, project, { sql: over(sql), parameters: [rows], readOnly: true }) });
  });
}

const columns = ['id', 'timestamp', 'event_message', 'severity_text', 'source'] as const satisfies readonly (keyof LogRow)[];

function over(sql: string): string {
  const types = columns.map((column) => `"${column}" text`).join(', ');
  return `with logs as (select * from jsonb_to_recordset($1::text::jsonb) as log (${types})) ${sql}`;
}

/** The platform rounds to the minute; without a span it is the last one. */
function windowOf(c: Context): readonly [string, string] {
  const nowMs = Date.now();
  const [start, end] = [c.req.query('iso_timestamp_start'), c.req.query('iso_timestamp_end')].map((text) =>
    text === undefined ? undefined : Date.parse(text),
  );
  const toMs = end ?? nowMs;
  const fromMs = start ?? toMs - minuteMs;
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) throw new ManagementError(400, 'iso_timestamp_start: Invalid datetime');
  if (toMs - fromMs > dayMs) throw new ManagementError(400, 'The timestamp range must be no more than 24 hours');
  const text = (ms: number) => new Date(ms).toISOString().slice(0, -1);
  return [text(Math.floor(fromMs / minuteMs) * minuteMs), text(Math.ceil(toMs / minuteMs) * minuteMs)];
}
