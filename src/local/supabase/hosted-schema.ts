import { authFunctionsSql, authTablesSql } from './hosted-auth-schema.ts';

/**
 * The roles, schemas and grants that a hosted Supabase project has before its first migration, as far as this local cloud emulates
 * them. Shapes follow supabase/postgres and supabase/auth (auth.users with 35 columns, auth.uid() and its kin, default privileges
 * of public), read 2026-11-22. One Postgres serves all projects, so the roles are shared and each project is a database.
 */

/** The database that new projects are copied from; its number is raised whenever the SQL below changes. */
export const projectTemplate = 'jv_template_1';

/** Roles that log in for the local cloud's own services; their passwords are set at each start. */
export const serviceRoles = ['authenticator', 'supabase_auth_admin', 'supabase_realtime_admin', 'supabase_read_only_user'] as const;

/** Name of a role that one of our services logs in with. */
export type ServiceRole = (typeof serviceRoles)[number];

/** Creates the shared roles where they do not exist. Run as superuser in any database. */
export const clusterRolesSql = `
do $roles$
declare role_name text;
begin
  foreach role_name in array array['anon', 'authenticated', 'service_role', 'authenticator', 'postgres', 'dashboard_user',
    'supabase_auth_admin', 'supabase_storage_admin', 'supabase_realtime_admin', 'supabase_read_only_user'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      execute format('create role %I', role_name);
    end if;
  end loop;
end
$roles$;
alter role anon nologin noinherit;
alter role authenticated nologin noinherit;
alter role service_role nologin noinherit bypassrls;
alter role postgres nologin inherit bypassrls;
alter role authenticator login noinherit;
alter role supabase_auth_admin login noinherit;
alter role supabase_realtime_admin login noinherit replication bypassrls;
alter role supabase_read_only_user login inherit bypassrls;
alter role supabase_read_only_user set default_transaction_read_only = on;
grant pg_read_all_data to supabase_read_only_user;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres;
grant anon, authenticated, service_role to supabase_realtime_admin;
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';
`;

const schemasSql = `
create schema extensions;
grant usage on schema extensions to postgres, anon, authenticated, service_role, authenticator, dashboard_user, supabase_auth_admin;
grant create on schema extensions to postgres;
create extension pgcrypto schema extensions;
create extension "uuid-ossp" schema extensions;
create extension pg_stat_statements schema extensions;
grant all on all routines in schema extensions to postgres with grant option;
grant usage on schema public to postgres, anon, authenticated, service_role;
grant create on schema public to postgres;
create schema graphql_public;
grant usage on schema graphql_public to postgres, anon, authenticated, service_role;
create schema realtime authorization supabase_realtime_admin;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
`;

const storageSql = `
create schema storage authorization supabase_storage_admin;
grant usage on schema storage to postgres, anon, authenticated, service_role;
set role supabase_storage_admin;
create table storage.buckets (
  id text not null primary key,
  name text not null unique,
  owner uuid,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  public boolean default false,
  avif_autodetection boolean default false,
  file_size_limit bigint,
  allowed_mime_types text[],
  owner_id text
);
create table storage.objects (
  id uuid not null default gen_random_uuid() primary key,
  bucket_id text references storage.buckets (id),
  name text,
  owner uuid,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  last_accessed_at timestamptz default now(),
  metadata jsonb,
  path_tokens text[] generated always as (string_to_array(name, '/')) stored,
  version text,
  owner_id text,
  user_metadata jsonb
);
create unique index bucketid_objname on storage.objects (bucket_id, name);
create function storage.foldername(name text) returns text[] language sql immutable as $$
  select (string_to_array(name, '/'))[1 : array_length(string_to_array(name, '/'), 1) - 1]
$$;
alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
grant all on all tables in schema storage to postgres, anon, authenticated, service_role;
reset role;
`;

/** PostgREST's own event triggers: a committed change of the schema sends NOTIFY pgrst, and the gateway reads it again. */
const schemaReloadSql = `
create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
declare command record;
begin
  for command in select * from pg_event_trigger_ddl_commands() loop
    if command.schema_name is distinct from 'pg_temp' then
      notify pgrst, 'reload schema';
      return;
    end if;
  end loop;
end $$;
create function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $$
declare dropped record;
begin
  for dropped in select * from pg_event_trigger_dropped_objects() loop
    if not dropped.is_temporary then
      notify pgrst, 'reload schema';
      return;
    end if;
  end loop;
end $$;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();
`;

/** Fills the template database. Run as superuser in that database, once. */
export const templateSql = `${schemasSql}${authTablesSql}${authFunctionsSql}${storageSql}${schemaReloadSql}
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
`;

/** Returns the default privileges that a hosted project's owner has: what it creates in public is open to the API's roles. */
export function defaultPrivilegesSql(ownerRoles: readonly string[]): string {
  return ownerRoles
    .flatMap((role) =>
      ['public', 'graphql_public'].flatMap((schema) =>
        ['tables', 'sequences', 'functions'].map(
          (kind) =>
            `alter default privileges for role "${role}" in schema ${schema} grant all on ${kind} to postgres, anon, authenticated, service_role;`,
        ),
      ),
    )
    .join('\n');
}
