import postgres from 'postgres';
import { startPostgres as startServer, superuser } from '../../src/local/engines/postgres.ts';
import { testContext } from './service-context.ts';

/** A real Postgres of its own, shaped like a hosted Supabase database, for one test file. */
export interface TestPostgres {
  /** Connection string of the role that hosted projects give out: `postgres`, no superuser, member of the API roles. */
  readonly url: string;
  readonly port: number;
  /** Ends the server; `start` brings it back with its data. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes its files. */
  remove(): Promise<void>;
}

/** The parts of a hosted project that migrations rely on: API roles, `auth` functions, default privileges. */
const hostedShape = `
  create role anon nologin noinherit;
  create role authenticated nologin noinherit;
  create role service_role nologin noinherit bypassrls;
  create role postgres login nosuperuser createdb createrole bypassrls password 'postgres';
  grant anon, authenticated, service_role to postgres;
  alter database app owner to postgres;
`;

const hostedSchema = `
  create schema extensions;
  create extension pg_stat_statements schema extensions;
  create schema auth;
  grant usage on schema public, auth, extensions to anon, authenticated, service_role, postgres;
  create function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(nullif(current_setting('request.jwt.claim', true), ''), nullif(current_setting('request.jwt.claims', true), ''))::jsonb
  $$;
  create function auth.uid() returns uuid language sql stable as $$ select (auth.jwt() ->> 'sub')::uuid $$;
  create function auth.role() returns text language sql stable as $$ select auth.jwt() ->> 'role' $$;
  alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
`;

/** Starts a Postgres on a free loopback port, as the local cloud does: also from a clone that its account cannot enter. */
export async function startPostgres(): Promise<TestPostgres> {
  const test = await testContext();
  let server = await startServer(test.context, { binDir: undefined });
  const { port } = server;
  const address = (database: string) => `postgres://${superuser}:${server.password}@127.0.0.1:${port}/${database}`;
  await asSuperuser(address('postgres'), 'create database app');
  await asSuperuser(address('app'), hostedShape);
  await asSuperuser(address('app'), hostedSchema);
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/app`,
    port,
    stop: () => server.stop(),
    start: async () => {
      server = await startServer(await test.again(), { binDir: undefined });
    },
    remove: async () => {
      await server.stop();
      await test.remove();
    },
  };
}

async function asSuperuser(url: string, statements: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statements);
  } finally {
    await sql.end();
  }
}
