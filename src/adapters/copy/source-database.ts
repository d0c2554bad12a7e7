import { parseCopyLine } from '../../core/seed/copy-text.ts';
import type { SourceColumn, SourceDatabase, SourceFacts, SourceTable, TextRow } from '../../core/ports/source-database.ts';
import { type CopyConnection, copyConnection } from './connection.ts';
import { columnList, quotedName } from './names.ts';

/**
 * Returns the port over a database that is only read; `url` is secret. The session itself is read-only, and row security that would hide rows is
 * an error instead of a copy that lacks them.
 */
export function sourceDatabase(url: string): SourceDatabase {
  const connection = copyConnection(url, 'jv-staging read', ['default_transaction_read_only=on', 'row_security=off', 'lock_timeout=10s']);
  return {
    inspect: async (signal) => ({
      identity: await identity(connection, signal),
      writable: await writable(connection, signal),
      tables: await tables(connection, signal),
    }),
    snapshot: (work, signal) => connection.transaction('begin isolation level repeatable read read only', work, signal),
    rows: (table, columns, signal) => rows(connection, table, columns, signal),
    close: connection.close,
  };
}

async function identity(connection: CopyConnection, signal: AbortSignal): Promise<string> {
  const [row] = await connection.query<{ identity: string }>(
    `select concat_ws('/', pg_postmaster_start_time(), inet_server_port(), current_database()) as identity`,
    [],
    signal,
  );
  return row?.identity ?? '';
}

/** Looks at every role that this one is a member of: it could become any of them. */
async function writable(connection: CopyConnection, signal: AbortSignal): Promise<SourceFacts['writable']> {
  const found = await connection.query<{ what: string }>(
    `with mine as (select oid, rolname, rolsuper, rolcreaterole from pg_roles where pg_has_role(current_user, oid, 'member')),
       open as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
     select 'role ' || rolname || ' is a superuser' as what from mine where rolsuper
     union all select 'role ' || rolname || ' can make roles' from mine where rolcreaterole and not rolsuper
     union all (select distinct 'create in schema ' || open.nspname from open, mine where has_schema_privilege(mine.oid, open.oid, 'CREATE') limit 3)
     union all (select distinct 'write to ' || open.nspname || '.' || c.relname from pg_class c join open on open.oid = c.relnamespace, mine
       where c.relkind in ('r', 'p', 'v', 'f') and (has_table_privilege(mine.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
         or has_any_column_privilege(mine.oid, c.oid, 'INSERT, UPDATE')) limit 3)
     union all (select distinct 'advance the sequence ' || open.nspname || '.' || c.relname from pg_class c join open on open.oid = c.relnamespace, mine
       where c.relkind = 'S' and has_sequence_privilege(mine.oid, c.oid, 'USAGE, UPDATE') limit 3)`,
    [],
    signal,
  );
  return found.map(({ what }) => what);
}

interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly plain: boolean;
  readonly inKey: boolean;
  readonly references: readonly string[];
}

async function tables(connection: CopyConnection, signal: AbortSignal): Promise<readonly SourceTable[]> {
  // Plain: numbers (N), times (D, T), truth values (B), closed sets (E), and UUIDs. Generated columns cannot be written.
  const found = await connection.query<ColumnRow>(
    `with recursive base as (
       select a.attrelid, a.attnum, a.attname, a.atttypid as typid, a.atttypmod as typmod from pg_attribute a
         where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       union all select base.attrelid, base.attnum, base.attname, t.typbasetype, t.typtypmod from base join pg_type t on t.oid = base.typid
         where t.typtype = 'd')
     select c.relname as table, base.attname as name, format_type(base.typid, base.typmod) as type,
       t.typcategory in ('N', 'D', 'T', 'B', 'E') or t.oid = 'uuid'::regtype as plain,
       coalesce(base.attnum = any (k.conkey), false) as "inKey",
       array(select distinct r.confrelid::regclass::text from pg_constraint r
         where r.conrelid = c.oid and r.contype = 'f' and r.confrelid <> c.oid) as references
     from base join pg_class c on c.oid = base.attrelid join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = base.typid
       left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
     where n.nspname = 'public' and c.relkind in ('r', 'p') and t.typtype <> 'd'
     order by c.relname, base.attnum`,
    [],
    signal,
  );
  const byTable = new Map<string, { columns: SourceColumn[]; key: string[]; references: readonly string[] }>();
  for (const { table, name, type, plain, inKey, references } of found) {
    const entry = byTable.get(table) ?? { columns: [], key: [], references: references.map((each) => each.replace(/^public\./, '')) };
    byTable.set(table, entry);
    entry.columns.push({ name, type, isPlain: plain });
    if (inKey) entry.key.push(name);
  }
  return [...byTable].map(([table, entry]) => ({ table, ...entry }));
}

async function* rows(
  connection: CopyConnection,
  table: string,
  columns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly TextRow[]> {
  const decoder = new TextDecoder();
  let rest = '';
  const text = `copy (select ${columnList(columns)} from public.${quotedName(table)}) to stdout`;
  for await (const bytes of connection.copyOut(text, signal)) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines.map(parseCopyLine);
  }
  if (rest !== '') yield [parseCopyLine(rest)];
}
