import postgres from 'postgres';
import type { AppliedMigration, Database, TableProtection } from '../../core/ports/database.ts';
import { applyMigration } from './apply-migration.ts';
import { databaseError } from './database-error.ts';
import { appendRelease, readReleases } from './releases.ts';
import { cancellable } from './session.ts';

/** Connections that the tool takes at most: the app needs the rest. */
const maxConnections = 2;

/** Seconds until a server that does not answer counts as unreachable. */
const connectTimeoutSeconds = 10;

/** Returns the port over a direct connection; `url` is secret and never stands in a message. Connects at the first call. */
export function postgresDatabase(url: string): Database {
  const { hostname, port } = new URL(url);
  const server = `${hostname}:${port === '' ? '5432' : port}`;
  const sql = postgres(url, {
    max: maxConnections,
    connect_timeout: connectTimeoutSeconds,
    idle_timeout: 20,
    prepare: false,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'jv-staging' },
  });
  const on = async <Value>(signal: AbortSignal, call: () => Promise<Value>): Promise<Value> => {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      throw databaseError(error, server);
    }
  };
  return {
    ping: (signal) => on(signal, () => serverVersion(sql, signal)),
    appliedMigrations: (signal) => on(signal, () => appliedMigrations(sql, signal)),
    applyMigration: (migration, signal) => on(signal, () => applyMigration(sql, migration, signal)),
    tableProtection: (signal) => on(signal, () => tableProtection(sql, signal)),
    releases: (environment, signal) => on(signal, () => readReleases(sql, environment, signal)),
    appendRelease: (record, signal) => on(signal, () => appendRelease(sql, record, signal)),
    close: () => sql.end({ timeout: 2 }),
  };
}

async function serverVersion(sql: postgres.Sql, signal: AbortSignal): Promise<string> {
  const [row] = await cancellable(sql<{ version: string }[]>`select version()`, signal);
  return row?.version ?? '';
}

async function appliedMigrations(sql: postgres.Sql, signal: AbortSignal): Promise<readonly AppliedMigration[]> {
  const [tables] = await cancellable(
    sql<{ ledger: boolean; named: boolean; checksums: boolean }[]>`select
      to_regclass('supabase_migrations.schema_migrations') is not null as ledger,
      exists (select from pg_attribute where attrelid = to_regclass('supabase_migrations.schema_migrations') and attname = 'name') as named,
      to_regclass('jv_staging.migration_checksums') is not null as checksums`,
    signal,
  );
  if (tables?.ledger !== true) return [];
  // Older versions of the Supabase CLI kept the version alone.
  const name = tables.named ? sql`m.name` : sql`null`;
  const checksum = tables.checksums
    ? sql`(select c.checksum from jv_staging.migration_checksums c where c.version = m.version)`
    : sql`null`;
  const query = sql<
    AppliedMigration[]
  >`select m.version, ${name} as name, ${checksum} as checksum from supabase_migrations.schema_migrations m order by m.version`;
  return [...(await cancellable(query, signal))];
}

async function tableProtection(sql: postgres.Sql, signal: AbortSignal): Promise<readonly TableProtection[]> {
  const rows = await cancellable(
    sql<TableProtection[]>`select n.nspname as schema, c.relname as table, c.relrowsecurity as "rowSecurity",
        (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p')
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by n.nspname, c.relname`,
    signal,
  );
  return [...rows];
}
