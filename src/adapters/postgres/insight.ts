import type postgres from 'postgres';
import type { DatabaseInsight, StatementTotals, TableRows, UnindexedKey } from '../../core/ports/database-insight.ts';
import { platformSchemas } from './catalog/platform.ts';
import { databaseError, serverOf } from './database-error.ts';
import { lazyClient } from './lazy-client.ts';
import { sessionOn } from './session.ts';

/** Bound on connecting. */
const connectTimeoutMs = 5000;

/** Statements that are remembered of each look: `pg_stat_statements` keeps 5000 by default. */
const mostStatements = 5000;

/** Sends one query. */
type Ask = <Rows extends readonly postgres.MaybeRow[]>(
  signal: AbortSignal,
  build: (sql: postgres.Sql) => postgres.PendingQuery<Rows>,
) => Promise<postgres.RowList<Rows>>;

/** Returns what looks into the database at this address, over one connection of its own; `directUrl` is secret. */
export function postgresInsight(directUrl: string): DatabaseInsight {
  const client = lazyClient(directUrl, 'jv-staging insight', connectTimeoutMs);
  const ask: Ask = async (signal, build) => {
    try {
      return await sessionOn(await client.open(), signal).query(build);
    } catch (error) {
      signal.throwIfAborted();
      throw databaseError(error, serverOf(directUrl));
    }
  };
  return {
    sessions: (signal) => sessions(ask, signal),
    statements: (signal) => statements(ask, signal),
    unindexedKeys: (signal) => unindexedKeys(ask, signal),
    tableRows: (signal) => tableRows(ask, signal),
    close: client.close,
  };
}

async function sessions(ask: Ask, signal: AbortSignal): Promise<number> {
  const [row] = await ask(
    signal,
    (sql) => sql<{ sessions: string }[]>`select sessions from pg_stat_database where datname = current_database()`,
  );
  return Number(row?.sessions ?? 0);
}

async function statements(ask: Ask, signal: AbortSignal): Promise<readonly StatementTotals[] | undefined> {
  const [found] = await ask(
    signal,
    (sql) => sql<{ schema: string }[]>`
      select quote_ident(n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'pg_stat_statements'`,
  );
  if (found === undefined) return undefined;
  const rows = await ask(
    signal,
    // Ours (the catalog's, and those of this look) are left out: they are not what is measured.
    (sql) => sql<{ id: string; text: string; calls: string; total: number }[]>`
      select userid || '-' || queryid as id, min(query) as text, sum(calls) as calls, sum(total_exec_time) as total
      from ${sql.unsafe(found.schema)}.pg_stat_statements
      where dbid = (select oid from pg_database where datname = current_database())
        and queryid is not null and query !~* 'pg_(catalog|stat|database|class|namespace|extension|constraint)|jv_staging'
      group by 1 order by 4 desc limit ${mostStatements}`,
  );
  return rows.map(({ id, text, calls, total }): StatementTotals => ({ id, text, calls: Number(calls), totalMs: total }));
}

async function unindexedKeys(ask: Ask, signal: AbortSignal): Promise<readonly UnindexedKey[]> {
  const rows = await ask(
    signal,
    (sql) => sql<{ table: string; name: string; columns: string[]; rows: number }[]>`
      select c.conrelid::regclass::text as "table", c.conname as name, greatest(t.reltuples, 0)::float8 as rows,
        to_json(array(select quote_ident(a.attname) from unnest(c.conkey) with ordinality k (num, at)
          join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num order by k.at)) as columns
      from pg_constraint c
      join pg_class t on t.oid = c.conrelid
      join pg_namespace n on n.oid = t.relnamespace
      where c.contype = 'f' and c.conparentid = 0 and ${ofTheUser(sql)}
        and not exists (
          select from pg_index i
          where i.indrelid = c.conrelid and i.indisvalid and i.indpred is null
            -- The key's columns in any order, as the first ones of the index.
            and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
        )
      order by t.reltuples desc, 1, 2`,
  );
  return rows.map((row): UnindexedKey => ({ table: row.table, name: row.name, columns: row.columns, rows: row.rows }));
}

async function tableRows(ask: Ask, signal: AbortSignal): Promise<readonly TableRows[]> {
  const rows = await ask(
    signal,
    (sql) => sql<{ table: string; live: string; dead: string; vacuumed: string | null }[]>`
      select s.relid::regclass::text as "table", s.n_live_tup as live, s.n_dead_tup as dead,
        to_char(greatest(s.last_vacuum, s.last_autovacuum) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as vacuumed
      from pg_stat_user_tables s join pg_namespace n on n.nspname = s.schemaname
      where ${ofTheUser(sql)} order by s.n_dead_tup desc, 1`,
  );
  return rows.map((row): TableRows => ({
    table: row.table,
    live: Number(row.live),
    dead: Number(row.dead),
    vacuumedAt: row.vacuumed,
  }));
}

/** Returns the condition that a namespace `n` is of the user's own, not Postgres's or the platform's. */
function ofTheUser(sql: postgres.Sql): postgres.Fragment {
  return sql`n.nspname not like 'pg\\_%' and n.nspname not in ${sql([...platformSchemas])}`;
}
