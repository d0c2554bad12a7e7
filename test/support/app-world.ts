import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { buildApp } from '../../fixtures/app/build.ts';
import { type AppServer, startApp } from './app-server.ts';
import { migrateUp } from './migrations.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { findComponent, requires } from './requires.ts';
import { seedDatabase, seedUsers } from './seed.ts';
import { startTestSupabase, type TestSupabase } from './supabase.ts';

/** What the sample app stands on: a migrated and seeded project of the emulated Supabase, Redis, and the built app itself. */
export interface AppWorld {
  readonly supabase: TestSupabase;
  readonly redis: TestRedis;
  /** The built app, as Build Output. */
  readonly outputDir: string;
  /** The database straight, without row level security. */
  readonly sql: Sql;
  /** Password of the seeded users. */
  readonly password: string;
  /** Auth user ids by e-mail address. */
  readonly userIds: Readonly<Record<string, string>>;
  /** Environment that the tool would give the app. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts one more process of the app. */
  startApp(changes?: Readonly<Record<string, string>>): Promise<AppServer>;
  close(): Promise<void>;
}

/** The app's tests need these programs; they are skipped, and counted as skipped, without them. */
export const appTest = requires('redis-server', 'pgbouncer');

/** True when `appTest` runs its tests, so that there is a world to start. */
export const hasAppPrograms = findComponent('redis-server') !== undefined && findComponent('pgbouncer') !== undefined;

export const gitSha = '0123456789abcdef0123456789abcdef01234567';

const password = 'correct horse battery staple';

/** Builds the app and starts everything it needs. */
export async function startAppWorld(): Promise<AppWorld> {
  const [supabase, redis] = await Promise.all([startTestSupabase(), startRedis()]);
  const dir = await mkdtemp(join(tmpdir(), 'jv-test-app-'));
  const outputDir = join(dir, 'output');
  await buildApp(outputDir, { indexable: false });
  const sql = postgres(supabase.directUrl, { max: 2, onnotice: () => undefined });
  await migrateUp(sql);
  const userIds = await createUsers(supabase, Object.keys(seedUsers));
  await seedDatabase(sql, { authUserIds: userIds });
  const environment = {
    DATABASE_URL: supabase.poolerUrl,
    REDIS_URL: redis.url,
    NEXT_PUBLIC_SUPABASE_URL: supabase.url,
    NEXT_PUBLIC_SUPABASE_ANON_KEY: supabase.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: supabase.serviceRoleKey,
    SENTRY_ENVIRONMENT: 'staging',
    APP_ENVIRONMENT: 'staging',
    LOG_LEVEL: 'debug',
    QUEUE_PREFIX: 'jetvision-staging:',
    VERCEL: '1',
    VERCEL_ENV: 'production',
    VERCEL_DEPLOYMENT_ID: 'dpl_test1',
    VERCEL_GIT_COMMIT_SHA: gitSha,
  };
  const apps: AppServer[] = [];
  return {
    supabase,
    redis,
    outputDir,
    sql,
    password,
    userIds,
    environment,
    startApp: async (changes = {}) => {
      const app = await startApp(outputDir, { ...environment, ...changes });
      apps.push(app);
      return app;
    },
    close: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await sql.end({ timeout: 1 });
      await Promise.all([supabase.remove(), redis.remove()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function createUsers(supabase: TestSupabase, emails: readonly string[]): Promise<Record<string, string>> {
  const users = await Promise.all(
    emails.map(async (email) => {
      const response = await fetch(`${supabase.url}/auth/v1/admin/users`, {
        method: 'POST',
        headers: {
          apikey: supabase.serviceRoleKey,
          authorization: `Bearer ${supabase.serviceRoleKey}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ email, password, email_confirm: true }),
      });
      const { id } = await read<{ id: string }>(response);
      return [email, id] as const;
    }),
  );
  return Object.fromEntries(users);
}

/** Signs in through the API; returns the access token. */
export async function accessToken(app: AppServer, world: AppWorld, email: string): Promise<string> {
  const response = await fetch(`${app.url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: world.password }),
  });
  return (await read<{ accessToken: string }>(response)).accessToken;
}

/** Calls the app as the holder of a token. */
export function call(app: AppServer, token: string | undefined, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${app.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Returns an answer's JSON body; the test knows its shape. */
export async function read<Shape>(response: Response): Promise<Shape> {
  return JSON.parse(await response.text());
}

/** Posts a browser's form. */
export function postForm(
  app: AppServer,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${app.url}${path}`, { method: 'POST', redirect: 'manual', headers: { ...headers }, body: new URLSearchParams(fields) });
}

/** Returns a date so many days from today, YYYY-MM-DD in UTC. */
export function day(fromNow: number): string {
  return new Date(Date.now() + fromNow * 86_400_000).toISOString().slice(0, 10);
}

/** Waits until `look` gives something that `wanted` accepts; returns it. Throws after ten seconds with the last thing seen. */
export async function until<Seen>(look: () => Promise<Seen>, wanted: (seen: Seen) => boolean): Promise<Seen> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
    if (performance.now() > endMs) throw new Error(`Still ${JSON.stringify(seen)} after 10 s.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
