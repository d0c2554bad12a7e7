import { z } from 'zod';
import { jsonOrUndefined } from '../../core/json.ts';
import type { LogEntry, LogWindow } from '../../core/logs/logs.ts';
import type { DatabaseLogs } from '../../core/ports/logs.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';

// OpenAPI file of 2026-06-01: AnalyticsResponse. A timestamp is text in UTC without a zone, or microseconds since 1970
// (supabase.com/docs/guides/observability/advanced-log-filtering, read 2026-11-27: ClickHouse since June 2026, BigQuery before).
const rowSchema = z.looseObject({
  timestamp: z.union([z.string(), z.number()]),
  event_message: z.string(),
  severity_text: z.string().nullish(),
});
const answerSchema = z.object({ result: z.array(rowSchema).nullish(), error: z.unknown().optional() });

/** Rows that the platform gives at once. */
const rowsAtMost = 1000;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

type Dialect = 'clickhouse' | 'bigquery';
type Source = 'postgres' | 'auth';

const queries: Readonly<Record<Dialect, (source: Source) => string>> = {
  clickhouse: (source) =>
    `select timestamp, event_message, severity_text from logs where source = '${source}_logs' order by timestamp desc limit ${rowsAtMost}`,
  bigquery: (source) => `select timestamp, event_message from ${source}_logs order by timestamp desc limit ${rowsAtMost}`,
};

/** Returns the port over Supabase's Management API. A project that is older than the one table `logs` is asked by the tables it has. */
export function supabaseLogs(api: ApiClient): DatabaseLogs {
  const dialects = new Map<string, Dialect>();
  return {
    read: async (ref, source, window, signal) => {
      const ask = (dialect: Dialect) => requestOf(ref, queries[dialect](source), window, signal);
      const dialect = dialects.get(ref) ?? 'clickhouse';
      let request = ask(dialect);
      let answer = await api.send(request);
      if (dialect === 'clickhouse' && isRefused(answer)) {
        const older = ask('bigquery');
        const second = await api.send(older);
        if (!isRefused(second)) {
          dialects.set(ref, 'bigquery');
          [request, answer] = [older, second];
        }
      }
      if (isRefused(answer)) throw api.refusal(request, answer);
      const rows = api.parse(request, answer, answerSchema).result ?? [];
      const entries = rows.map((row) => entryOf(row, source)).filter(({ at }) => isWithin(at, window));
      return { entries: entries.toReversed(), complete: rows.length < rowsAtMost };
    },
  };
}

/**
 * The platform rounds to the minute: the window is widened to whole ones, and what lies outside is left out afterwards. It takes no more than a
 * day: of a window that long the first minute may be lost.
 */
function requestOf(ref: string, sql: string, { fromMs, toMs }: LogWindow, signal: AbortSignal): ApiRequest {
  const endMs = Math.ceil(toMs / minuteMs) * minuteMs;
  const startMs = Math.max(Math.floor(fromMs / minuteMs) * minuteMs, endMs - dayMs);
  const query = { sql, iso_timestamp_start: new Date(startMs).toISOString(), iso_timestamp_end: new Date(endMs).toISOString() };
  return { method: 'GET', path: apiPath`/v1/projects/${ref}/analytics/endpoints/logs.all`, query, accept: [400], signal };
}

/** A query that is not understood is answered with 400, or with 200 and an error in the body. */
function isRefused({ status, text }: ApiAnswer): boolean {
  if (status >= 400) return true;
  const said = z.looseObject({ error: z.unknown().optional() }).safeParse(jsonOrUndefined(text)).data?.error;
  return said !== undefined && said !== null;
}

function isWithin(at: string, { fromMs, toMs }: LogWindow): boolean {
  const atMs = Date.parse(at);
  return atMs >= fromMs && atMs < toMs;
}

function entryOf({ timestamp, event_message: text, severity_text: severity }: z.infer<typeof rowSchema>, source: Source): LogEntry {
  const at = new Date(typeof timestamp === 'number' ? timestamp / 1000 : utcOf(timestamp)).toISOString();
  const told = source === 'auth' ? authLine(text) : undefined;
  const level = told?.level ?? (severity === undefined || severity === null || severity === '' ? null : severity.toLowerCase());
  return { at, source, level, message: told?.message ?? text, deploymentId: null };
}

function utcOf(timestamp: string): string {
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp) ? timestamp : `${timestamp.replace(' ', 'T')}Z`;
}

// A line of Supabase Auth is JSON (github.com/supabase/auth, internal/api/middleware.go); only what tells something is shown.
const authSchema = z.looseObject({
  level: z.string().optional(),
  msg: z.string().optional(),
  method: z.string().optional(),
  path: z.string().optional(),
  status: z.number().optional(),
  error: z.string().optional(),
});

function authLine(text: string): { readonly level: string | null; readonly message: string } | undefined {
  const parsed = authSchema.safeParse(jsonOrUndefined(text));
  if (!parsed.success || parsed.data.msg === undefined) return undefined;
  const { level, msg, method, path, status, error } = parsed.data;
  const said = error === undefined || error === msg ? msg : `${msg}: ${error}`;
  const parts = [method, path, status === undefined ? undefined : String(status), said];
  return { level: level?.toLowerCase() ?? null, message: parts.filter((part) => part !== undefined && part !== '').join(' ') };
}
