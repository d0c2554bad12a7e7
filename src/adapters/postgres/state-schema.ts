import type { Session } from './session.ts';

/** Roles of the project's own API, which must see nothing of ours (they need not exist on other servers). */
const apiRoles = ['anon', 'authenticated', 'service_role'];

/** Our tables, in the order in which they came to be. */
const tables = ['releases', 'migration_checksums', 'leases', 'migrations_dirty', 'migration_proofs', 'notices'];

/** SQL that is true when all of our tables are there. */
export const stateIsReady = `(select count(*) from pg_catalog.pg_class where relnamespace = to_regnamespace('jv_staging')
  and relname in (${tables.map((table) => `'${table}'`).join(', ')})) = ${tables.length}`;

/**
 * Creates the schema `jv_staging` with its tables unless they are there: the release history, the checksums of applied
 * migrations, the leases, the files that broke half way, the proofs that migrations can be
 * taken back, what people were last told. Nobody but their owner has rights on them, and PostgREST does not expose the schema.
 */
export async function ensureStateSchema(session: Session): Promise<void> {
  const [found] = await session.query(
    (sql) =>
      sql<
        { tables: number }[]
      >`select count(*)::int as tables from pg_tables where schemaname = 'jv_staging' and tablename in ${sql(tables)}`,
  );
  if (found?.tables === tables.length) return;
  const roles = await session.query((sql) => sql<{ rolname: string }[]>`select rolname from pg_roles where rolname in ${sql(apiRoles)}`);
  const everybody = ['public', ...roles.map((role) => role.rolname)].join(', ');
  await session.query((sql) => sql.unsafe(statements(everybody)).simple());
}

function statements(everybody: string): string {
  return `create schema if not exists jv_staging;
    create table if not exists jv_staging.releases (
      id text primary key,
      environment text not null,
      seq bigint generated always as identity unique,
      record jsonb not null,
      created_at timestamptz not null default now()
    );
    create table if not exists jv_staging.migration_checksums (
      version text primary key,
      file text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    );
    create table if not exists jv_staging.leases (
      environment text primary key,
      id text not null,
      holder jsonb not null,
      expires_at timestamptz not null
    );
    create table if not exists jv_staging.migrations_dirty (
      version text primary key,
      file text not null,
      checksum text not null,
      done int not null,
      of int not null,
      error text,
      since timestamptz not null default now()
    );
    create table if not exists jv_staging.migration_proofs (
      up_checksum text not null,
      down_checksum text not null,
      proof jsonb not null,
      proved_at timestamptz not null default now(),
      primary key (up_checksum, down_checksum)
    );
    create table if not exists jv_staging.notices (
      environment text primary key,
      state jsonb not null
    );
    create index if not exists releases_by_environment on jv_staging.releases (environment, seq);
    ${tables.map((table) => `alter table jv_staging.${table} enable row level security;`).join('\n    ')}
    revoke all on schema jv_staging from ${everybody};
    revoke all on all tables in schema jv_staging from ${everybody};
    revoke all on all sequences in schema jv_staging from ${everybody}`;
}

/** Returns true when our tables are there: after a first transaction that was lost they are not. */
export async function hasStateSchema(session: Session): Promise<boolean> {
  const [found] = await session.query(
    (sql) =>
      sql<
        { both: boolean }[]
      >`select to_regclass('jv_staging.releases') is not null and to_regclass('jv_staging.migration_checksums') is not null as both`,
  );
  return found?.both === true;
}
