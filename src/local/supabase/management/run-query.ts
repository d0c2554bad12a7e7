import postgres from 'postgres';
import type { Cluster } from '../cluster.ts';
import { connectionUrl, openPool, ownerRole } from '../connections.ts';
import type { Project } from '../project.ts';
import { ManagementError } from './management-error.ts';

/** SQL for a project's database. */
export interface Query {
  readonly sql: string;
  readonly parameters?: readonly unknown[] | undefined;
  /** As `supabase_read_only_user`, who can read everything and write nothing. */
  readonly readOnly?: boolean | undefined;
}

/** Runs SQL as the project's owner and returns the rows of the last statement, as the platform does. Throws a `ManagementError`. */
export async function runQuery(cluster: Cluster, project: Project, query: Query): Promise<readonly unknown[]> {
  const url =
    query.readOnly === true
      ? cluster.serviceUrl('supabase_read_only_user', project.ref)
      : connectionUrl(ownerRole(project.ref), project.password, cluster.server.port, project.ref);
  const sql = openPool(url, 1, { connection: { application_name: 'supabase/dashboard' }, types });
  try {
    const bound = (query.parameters ?? []).map((value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value));
    const result: unknown = await sql.unsafe(query.sql, bound.map(toParameter));
    // Several statements answer with one result each.
    if (!Array.isArray(result)) return [];
    const last: unknown = Array.isArray(result[0]) ? result.at(-1) : result;
    return Array.isArray(last) ? last : [];
  } catch (error) {
    throw asManagementError(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Returns what the platform answers for an error of the server. */
export function asManagementError(error: unknown): ManagementError {
  if (error instanceof ManagementError) return error;
  if (!(error instanceof postgres.PostgresError)) return new ManagementError(503, 'Failed to connect to the database');
  const detail = error.detail === undefined ? '' : `\nDETAIL:  ${error.detail}`;
  const hint = error.hint === undefined ? '' : `\nHINT:  ${error.hint}`;
  return new ManagementError(400, `Failed to run sql query: ERROR:  ${error.code}: ${error.message}${detail}${hint}`);
}

/**
 * Values as postgres-meta gives them, which answers these requests on the platform: dates, times and intervals as Postgres writes
 * them, `bigint` as a number where it is one exactly (supabase/postgres-meta, src/lib/db.ts, read 2026-11-22).
 */
const types = {
  bigint: {
    to: 20,
    from: [20],
    serialize: String,
    parse: (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text),
  },
  dates: { to: 25, from: [1082, 1114, 1184, 1186], serialize: String, parse: (text: string) => text },
};

function toParameter(value: unknown): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
