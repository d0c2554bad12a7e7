import type { Sql } from '../connections.ts';
import { isoTime } from '../iso-time.ts';
import type { Claims } from '../keys.ts';
import type { TableChange } from './change-stream.ts';

/** A change as one subscriber may see it, in the shape that clients know. */
export interface VisibleChange {
  readonly schema: string;
  readonly table: string;
  readonly commit_timestamp: string;
  readonly type: TableChange['type'];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly record?: Readonly<Record<string, unknown>>;
  readonly old_record?: Readonly<Record<string, unknown>>;
  readonly errors: readonly string[] | null;
}

const sent = { INSERT: ['record'], UPDATE: ['record', 'old_record'], DELETE: ['old_record'] } as const;

/**
 * Returns the change as somebody with these claims may see it, or undefined when the row is hidden from them. The row is asked for by its
 * primary key as that role, so the database's own policies decide. A deleted row cannot be asked for: its primary key is sent to all who
 * may read the table, as on the hosted platform.
 */
export async function visibleChange(sql: Sql, change: TableChange, claims: Claims): Promise<VisibleChange | undefined> {
  const { table, type } = change;
  const head = { schema: table.schema, table: table.name, commit_timestamp: change.committedAt, type };
  if (table.rowSecurity && table.primaryKey.length === 0) return refused(head, 'Error 400: Bad Request, no primary key');
  const seen = await look(sql, change, claims);
  if (seen === undefined) return undefined;
  if (seen.readable.length === 0) return refused(head, 'Error 401: Unauthorized');
  const readable = new Set(seen.readable);
  const columns = table.columns.filter((column) => readable.has(column.name));
  const keyOnly = new Set(table.primaryKey);
  const old = type === 'DELETE' && table.rowSecurity ? columns.filter((column) => keyOnly.has(column.name)) : columns;
  const parts = { record: recordOf(columns, change.row), old_record: recordOf(old, change.oldRow) };
  return {
    ...head,
    columns: columns.map(({ name, type: typeName }) => ({ name, type: typeName })),
    ...Object.fromEntries(sent[type].map((part) => [part, parts[part]])),
    errors: null,
  };
}

function refused(head: Pick<VisibleChange, 'schema' | 'table' | 'commit_timestamp' | 'type'>, problem: string): VisibleChange {
  return { ...head, columns: [], ...Object.fromEntries(sent[head.type].map((part) => [part, {}])), errors: [problem] };
}

/** Asks as the role: which columns it may read, and whether it sees the row. Undefined when it does not, or there is no such role. */
async function look(
  sql: Sql,
  { table, type, row }: TableChange,
  claims: Claims,
): Promise<{ readonly readable: readonly string[] } | undefined> {
  const role = typeof claims['role'] === 'string' ? claims['role'] : 'anon';
  const condition = table.primaryKey.map((name, index) => {
    const sqlType = table.columns.find((column) => column.name === name)?.sqlType ?? 'text';
    return `${quoted(name)} = ($${index + 1}::text)::${sqlType}`;
  });
  const values = table.primaryKey.map((name) => row[name] ?? null);
  const mustSee = type !== 'DELETE' && table.rowSecurity;
  try {
    return await sql.begin('read only', async (transaction) => {
      await transaction`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
      const columns = await transaction<{ attname: string }[]>`select attname from pg_attribute
        where attrelid = ${table.oid} and attnum > 0 and not attisdropped and has_column_privilege(attrelid, attnum, 'SELECT')`;
      const readable = columns.map(({ attname }) => attname);
      if (!mustSee || readable.length === 0) return { readable };
      const rows = await transaction.unsafe(
        `select 1 from ${quoted(table.schema)}.${quoted(table.name)} where ${condition.join(' and ')}`,
        values,
      );
      return rows.length > 0 ? { readable } : undefined;
    });
  } catch {
    // No such role, no right to the primary key, a policy that fails: what cannot be asked is not shown.
    return undefined;
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function recordOf(columns: readonly { readonly name: string; readonly type: string }[], row: Readonly<Record<string, string | null>>) {
  return Object.fromEntries(
    columns.flatMap(({ name, type }) => {
      const value = row[name];
      return value === undefined ? [] : [[name, jsonValue(value, type)]];
    }),
  );
}

/** Returns a value as the API has it in JSON. Numbers beyond 2^53 lose digits there as well. */
function jsonValue(text: string | null, type: string): unknown {
  if (text === null) return null;
  switch (type) {
    case 'bool':
      return text === 't';
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
    case 'float4':
    case 'float8':
    case 'numeric':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'json':
    case 'jsonb':
      return JSON.parse(text);
    case 'timestamp':
    case 'timestamptz':
      return isoTime(text);
    default:
      return text;
  }
}
