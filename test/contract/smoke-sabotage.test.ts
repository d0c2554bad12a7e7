import { generateKeyPairSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { SmokeCheck } from '../../src/core/smoke/smoke.ts';
import type { StageResult } from '../../src/core/verdict.ts';
import { createClerkClient } from '../clients/vendors.ts';
import { appTest as test, hasAppPrograms } from '../support/app-world.ts';
import type { Sabotage } from '../support/sabotage-proxy.ts';
import { type SmokeWorld, startSmokeWorld, type Wrong } from '../support/smoke-world.ts';

let world: SmokeWorld;
const matrix: { readonly sabotage: string; readonly red: string }[] = [];

beforeAll(async () => {
  if (hasAppPrograms) world = await startSmokeWorld();
});

afterEach(() => {
  if (!hasAppPrograms) return;
  world.proxy.sabotage = {};
  world.switches.app = world.main;
  world.switches.restDatabase = 0;
});

afterAll(async () => {
  if (!hasAppPrograms) return;
  await world.close();
  const width = Math.max(...matrix.map(({ sabotage }) => sabotage.length));
  const lines = matrix.map(({ sabotage, red }) => `  ${sabotage.padEnd(width)}  ${red}`);
  console.log(`Sabotage matrix: ${matrix.length} sabotages, each told by exactly the checks that see it\n${lines.join('\n')}`);
});

/** Returns the ids that are red; a check that was left out because of them is no finding of its own. */
function redIn(result: StageResult): readonly string[] {
  return result.findings.filter(({ verdict }) => verdict === 'red').map(({ id }) => id);
}

function messageOf(result: StageResult, id: string): string {
  const found = result.findings.find((finding) => finding.id === id);
  return `${found?.message} ${found?.fix}`;
}

/** One row of the matrix: what is done, which checks alone turn red, and what the first of them says. */
interface Row {
  readonly name: string;
  readonly red: readonly string[];
  readonly says: RegExp;
  /** Paths that the proxy answers instead of the app. */
  readonly proxy?: Readonly<Record<string, Sabotage>>;
  /** Environment of the app that answers. */
  readonly app?: Readonly<Record<string, string>>;
  readonly sql?: readonly [sabotage: string, undo: string];
  readonly act?: () => Promise<() => Promise<unknown>>;
  readonly wrong?: Wrong;
  /** Smoke runs twice: what the app wrote in the first run shows in the second. */
  readonly twice?: boolean;
}

function html(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Sabotage {
  return { answer: (_request, response) => response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body) };
}

function json(status: number, body: unknown): Sabotage {
  return { answer: (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)) };
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' });
  const timer = setInterval(() => response.write('x'), 50);
  response.on('close', () => clearInterval(timer));
}

function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' });
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  const write = () => {
    while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', write);
  };
  write();
}

const wallPage = '<title>Authentication Required</title><a href="https://vercel.com/sso-api?url=x">Continue</a>';

/** Somebody else answers: each impostor on one page, so that this page's check alone may see it. */
const impostors: readonly Row[] = [
  {
    name: 'a login wall',
    red: ['sign-in-page'],
    says: /login wall \(Vercel Deployment Protection\).*BYPASS/,
    proxy: { '/sign-in': html(401, wallPage) },
  },
  {
    name: 'a parked domain',
    red: ['sign-in-page'],
    says: /parked domain.*DNS/,
    proxy: { '/sign-in': html(200, '<h1>This domain is for sale</h1>') },
  },
  {
    name: 'an error page with status 200',
    red: ['sign-in-page'],
    says: /An error page.*status 200/,
    proxy: { '/sign-in': html(200, '<title>500: Internal Server Error</title><p>Sign in') },
  },
  { name: 'an empty body', red: ['sign-in-page'], says: /an empty body/, proxy: { '/sign-in': html(200, '') } },
  {
    name: 'a redirect to another address',
    red: ['sign-in-page'],
    says: /redirects to another address, https:\/\/elsewhere\.example/,
    proxy: { '/sign-in': html(302, '', { location: 'https://elsewhere.example/' }) },
  },
  {
    name: 'a placeholder',
    red: ['sign-in-page'],
    says: /A placeholder answered/,
    proxy: { '/sign-in': html(200, '<title>Welcome to nginx!</title>') },
  },
  {
    name: 'another page',
    red: ['sign-in-page'],
    says: /does not show "Sign in"/,
    proxy: { '/sign-in': html(200, '<title>Shop</title><p>Buy</p>') },
  },
  {
    name: 'a slow drip',
    wrong: { checks: within('sign-in-page', 1000) },
    red: ['sign-in-page'],
    says: /did not answer completely within 1000 ms/,
    proxy: { '/sign-in': { answer: (_, response) => drip(response) } },
  },
  {
    name: 'an endless answer',
    red: ['sign-in-page'],
    says: /far too much/,
    proxy: { '/sign-in': { answer: (_, response) => flood(response) } },
  },
  {
    name: 'a connection that is cut',
    red: ['sign-in-page'],
    says: /closed the connection/,
    proxy: { '/sign-in': { answer: (request) => request.socket.destroy() } },
  },
  { name: 'a server error', red: ['sign-in-page'], says: /status 500/, proxy: { '/sign-in': html(500, '<title>Broken</title>') } },
];

/** The app is not what it should be. */
const wrongApps: readonly Row[] = [
  {
    name: 'the wrong commit',
    red: ['health', 'queue', 'sentry'],
    says: /Commit 0123456789ab answers, not ffff/,
    wrong: { gitSha: 'f'.repeat(40) },
  },
  {
    name: 'the wrong environment',
    red: ['health', 'executed'],
    says: /environment that answers is "production"/,
    app: { APP_ENVIRONMENT: 'production' },
  },
  {
    name: 'a stale SENTRY_ENVIRONMENT',
    red: ['health', 'sentry'],
    says: /tagged "production", not "staging"/,
    app: { SENTRY_ENVIRONMENT: 'production' },
  },
  {
    name: 'a stale LOG_LEVEL',
    wrong: { checks: within('logs', 2000) },
    red: ['logs'],
    says: /does not show in the runtime logs.*LOG_LEVEL/,
    app: { LOG_LEVEL: 'info' },
  },
  {
    name: 'a stale QUEUE_PREFIX',
    wrong: { checks: within('queue', 3000) },
    twice: true,
    red: ['redis', 'queue'],
    says: /do not begin with "jetvision-staging:" and are of no preview/,
    app: { QUEUE_PREFIX: 'another:' },
  },
  { name: 'a lost Sentry DSN', red: ['sentry'], says: /status 503.*no Sentry DSN/, app: { NEXT_PUBLIC_SENTRY_DSN: '' } },
  { name: 'another CRON_SECRET', red: ['queue', 'sentry'], says: /status 401.*CRON_SECRET/, wrong: { workerSecret: 'another' } },
  { name: 'an unprotected page', red: ['sign-in'], says: /it is not protected/, proxy: { '/dashboard': { change: unprotect } } },
  {
    name: "another user's page",
    red: ['sign-in'],
    says: /does not show/,
    proxy: { '/dashboard': { change: (answer) => void (answer.body = answer.body.replaceAll('agent1@', 'agent2@')) } },
  },
  {
    name: 'a wrong password',
    red: ['sign-in', 'create-request', 'list-requests', 'database', 'realtime'],
    says: /could not sign in.*seed/,
    wrong: { password: 'wrong' },
  },
  {
    name: 'HTML for JSON',
    red: ['list-requests'],
    says: /HTML where JSON was expected/,
    proxy: { 'GET /api/requests': html(200, '<p>hello') },
  },
  {
    name: 'an API that lets everybody write',
    red: ['create-request-signed-out'],
    says: /status 201, not 401/,
    proxy: { 'POST /api/requests': { change: (answer) => void (answer.status = 201) } },
  },
  {
    name: 'JSON that does not fit its schema',
    red: ['create-request'],
    says: /does not fit the check's schema: request\.passengers/,
    proxy: {
      'POST /api/requests': { change: (answer) => void (answer.body = answer.body.replace('"passengers":6', '"passengers":"six"')) },
    },
  },
  {
    name: 'an empty list',
    red: ['list-requests'],
    says: /nothing in `requests`/,
    proxy: { 'GET /api/requests': json(200, { requests: [] }) },
  },
  {
    name: 'a slow API',
    red: ['list-requests'],
    says: /took \d+ ms, more than 1 ms/,
    wrong: { checks: (checks) => checks.map((check) => (check.id === 'list-requests' ? { ...check, maxMs: 1 } : check)) },
  },
  {
    name: 'a stalled worker',
    red: ['queue'],
    says: /never begun/,
    wrong: { checks: within('queue', 3000) },
    act: () =>
      redis(
        ['hset', 'jetvision-staging:flight-requests:meta', 'paused', '1'],
        ['hdel', 'jetvision-staging:flight-requests:meta', 'paused'],
      ),
  },
  { name: 'a worker that throws', red: ['queue'], says: /status 500/, proxy: { '/api/worker': json(500, { error: 'no' }) } },
  {
    name: 'no WebSocket',
    red: ['websocket'],
    says: /did not open: Unexpected server response: 426/,
    proxy: { '/ws': { upgrade: (socket) => socket.end('HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n') } },
  },
  { name: 'a WebSocket that dies', red: ['websocket'], says: /did not open/, proxy: { '/ws': { upgrade: (socket) => socket.destroy() } } },
  {
    name: 'a page that may be indexed',
    red: ['headers'],
    says: /without the header x-robots-tag/,
    proxy: { '/': { change: (answer) => void delete answer.headers['x-robots-tag'] } },
  },
  {
    name: "production's host in the page",
    red: ['no-production'],
    says: /production host jetvision-assistant\.com/,
    proxy: { '/': { change: (answer) => void (answer.body += '<a href="https://jetvision-assistant.com/">') } },
  },
  { name: 'a service key in a bundle', red: ['no-production'], says: /a Supabase service key/, proxy: leakingBundle() },
];

/** What the app stands on is not as it should be. */
const wrongServices: readonly Row[] = [
  {
    name: 'RLS off on the table',
    red: ['database'],
    says: /agent2@staging\.test could read a row.*flight_requests is exposed without/s,
    sql: ['alter table public.flight_requests disable row level security', 'alter table public.flight_requests enable row level security'],
  },
  {
    name: 'RLS off on another table',
    red: ['database'],
    says: /public\.quotes is exposed without row level security/,
    sql: ['alter table public.quotes disable row level security', 'alter table public.quotes enable row level security'],
  },
  {
    name: 'anon may read',
    red: ['database'],
    says: /Anon could read a row/,
    sql: [
      'grant select on public.flight_requests to anon; create policy leak on public.flight_requests for select to anon using (true)',
      'drop policy leak on public.flight_requests; revoke select on public.flight_requests from anon',
    ],
  },
  {
    name: 'anon may write',
    red: ['database'],
    says: /Anon could write a row/,
    sql: [
      'grant insert on public.flight_requests to anon; create policy leak on public.flight_requests for insert to anon with check (true)',
      'drop policy leak on public.flight_requests; revoke insert on public.flight_requests from anon',
    ],
  },
  {
    name: 'a lost grant',
    red: ['create-request', 'database', 'realtime'],
    says: /status 500/,
    sql: ['revoke insert on public.flight_requests from authenticated', 'grant insert on public.flight_requests to authenticated'],
  },
  {
    name: 'a read-only database',
    red: ['create-request', 'database', 'realtime'],
    says: /status 50\d/,
    sql: [readOnly(), 'drop trigger read_only on public.flight_requests'],
  },
  {
    name: 'a table that Realtime does not follow',
    wrong: { checks: within('realtime', 5000) },
    red: ['realtime'],
    says: /no event of it arrived|did not accept the subscription/,
    sql: [
      'alter publication supabase_realtime drop table public.flight_requests',
      'alter publication supabase_realtime add table public.flight_requests',
    ],
  },
  {
    name: 'REST of another Redis',
    red: ['redis'],
    says: /two addresses lead to different databases/,
    act: async () => {
      world.switches.restDatabase = 1;
      return async () => undefined;
    },
  },
  { name: 'a wrong REST token', red: ['redis'], says: /refused the token/, wrong: { restToken: 'wrong' } },
  {
    name: "somebody else's key",
    red: ['redis'],
    says: /1 of \d+ keys do not begin.*"production:session"/,
    act: () => redis(['set', 'production:session', '1'], ['del', 'production:session']),
  },
  {
    name: 'eviction on',
    red: ['queue'],
    says: /evicts keys by the policy allkeys-lru/,
    act: () => redis(['config', 'set', 'maxmemory-policy', 'allkeys-lru'], ['config', 'set', 'maxmemory-policy', 'noeviction']),
  },
  {
    name: 'a full Redis',
    red: ['create-request', 'redis', 'queue'],
    says: /status 503/,
    act: () => redis(['config', 'set', 'maxmemory', '1'], ['config', 'set', 'maxmemory', '0']),
  },
  {
    name: 'a read-only Redis',
    red: ['create-request', 'redis', 'queue'],
    says: /status 503/,
    act: () => redis(['config', 'set', 'min-replicas-to-write', '1'], ['config', 'set', 'min-replicas-to-write', '0']),
  },
  {
    name: 'a Redis that does not answer in time',
    red: ['health', 'create-request', 'redis', 'queue'],
    says: /redis/i,
    wrong: {
      checks: (checks) => checks.map((check) => (check.kind === 'redis' || check.kind === 'queue' ? { ...check, timeoutMs: 3000 } : check)),
    },
    act: async () => {
      world.redis.pause();
      return async () => world.redis.resume();
    },
  },
  {
    name: 'a Redis that is gone',
    red: ['health', 'create-request', 'redis', 'queue'],
    says: /redis is "disconnected"/,
    act: async () => {
      await world.redis.kill();
      return () => world.redis.start();
    },
  },
  {
    name: 'a job without its worker',
    red: ['queue'],
    says: /1 stalled jobs/,
    act: () => redis(['lpush', 'jetvision-staging:flight-requests:active', 'orphan'], ['del', 'jetvision-staging:flight-requests:active']),
  },
  {
    name: 'too many failed jobs',
    red: ['queue'],
    says: /1 failed jobs, more than 0/,
    act: () =>
      redis(['zadd', 'jetvision-staging:flight-requests:failed', '1', 'broken'], ['del', 'jetvision-staging:flight-requests:failed']),
    wrong: { checks: (checks) => checks.map((check) => (check.kind === 'queue' ? { ...check, maxFailed: 0 } : check)) },
  },
  { name: "Sentry's token refused", red: ['sentry'], says: /Sentry did not allow.*SENTRY_AUTH_TOKEN/, wrong: { sentryToken: 'wrong' } },
  {
    name: "production shares staging's keys",
    red: ['production-refuses'],
    says: /is not known: no project of this name/,
    wrong: { productionProjects: ['nobody'] },
  },
  {
    name: 'no production to ask',
    red: ['production-refuses'],
    says: /names no Supabase project of production/,
    wrong: { productionProjects: [] },
  },
  {
    name: 'a route that nobody visits',
    red: ['routes'],
    says: /serves \/api\/secret, which no check visits/,
    wrong: { site: (site) => ({ ...site, rules: [], functions: ['api/secret', 'index'], crons: [] }) },
  },
  { name: 'too few checks', red: ['executed'], says: /Only 19 of at least 50 checks/, wrong: { minimum: 50 } },
];

function unprotect(answer: { status: number; headers: Record<string, string | string[] | undefined>; body: string }): void {
  if (answer.status !== 307) return;
  answer.status = 200;
  answer.headers['content-type'] = 'text/html';
  answer.body = '<h1>Dashboard</h1>';
}

function leakingBundle(): Readonly<Record<string, Sabotage>> {
  const claims = Buffer.from(JSON.stringify({ role: 'service_role', ref: 'abcdefghijklmnopqrst' })).toString('base64url');
  return {
    '/': { change: (answer) => void (answer.body += '<script src="/assets/leak.js"></script>') },
    '/assets/leak.js': { answer: (_request, response) => response.end(`const key = "eyJhbGciOiJIUzI1NiJ9.${claims}.signature";`) },
  };
}

function readOnly(): string {
  return `create or replace function public.refuse_writes() returns trigger language plpgsql as
    $$ begin raise exception 'cannot execute INSERT in a read-only transaction' using errcode = '25006'; end $$;
    revoke execute on function public.refuse_writes() from public, anon, authenticated;
    create trigger read_only before insert on public.flight_requests for each row execute function public.refuse_writes()`;
}

async function redis(sabotage: readonly [string, ...string[]], undo: readonly [string, ...string[]]): Promise<() => Promise<unknown>> {
  const [command, ...args] = sabotage;
  const [back, ...backArgs] = undo;
  await world.redisClient.call(command, ...args);
  return async () => await world.redisClient.call(back, ...backArgs);
}

/** Does what the row says, runs smoke, and takes it back. */
async function sabotaged(row: Row): Promise<StageResult> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    if (row.sql !== undefined) {
      const [sabotage, back] = row.sql;
      await world.sql.unsafe(sabotage);
      undo.push(async () => await world.sql.unsafe(back));
    }
    if (row.act !== undefined) undo.push(await row.act());
    if (row.app !== undefined) {
      const app = await world.startApp(row.app);
      world.switches.app = app;
      undo.push(() => app.close());
    }
    world.proxy.sabotage = row.proxy ?? {};
    if (row.twice === true) await world.smoke(row.wrong);
    return await world.smoke(row.wrong);
  } finally {
    for (const back of undo.toReversed()) await back();
    // Jobs and keys of this row must not be seen by the next one's.
    await world.redisClient.flushall().catch(() => undefined);
  }
}

describe('the sabotage matrix', () => {
  test('the control: without sabotage every check is green, in a real browser too, and nothing is left behind', async () => {
    const rows = async () => await world.sql`select count(*)::int as count from public.flight_requests`;
    const before = await rows();

    const result = await world.smoke({ checks: inBrowser });

    expect(result.findings.filter(({ verdict }) => verdict !== 'green')).toEqual([]);
    expect(result).toMatchObject({ verdict: 'green', summary: `${world.checks.length + 1} of ${world.checks.length + 1} checks green` });
    expect(await rows()).toEqual(before);
    expect((await world.redisClient.keys('*')).filter((key) => key.includes('jv-smoke'))).toEqual([]);
  });

  test.each([...impostors, ...wrongApps, ...wrongServices])('$name turns exactly its checks red', async (row) => {
    const result = await sabotaged(row);

    expect(redIn(result)).toEqual(row.red);
    expect(messageOf(result, row.red[0] ?? '')).toMatch(row.says);
    expect(result.verdict).toBe('red');
    matrix.push({ sabotage: row.name, red: row.red.join(', ') });
  });

  test.each<readonly [string, string, RegExp]>([
    ['a script that throws', 'null.length', /TypeError/],
    ['an error in the console', 'console.error("planned")', /"planned"/],
    ['a script that is not there', '', /\/assets\/broken\.js answered 404/],
  ])('%s turns the page’s check alone red, in a real browser', async (name, script, says) => {
    world.proxy.sabotage = {
      '/': { change: (answer) => void (answer.body += '<script src="/assets/broken.js"></script>') },
      ...(script === '' ? {} : { '/assets/broken.js': { answer: (_request, response) => response.end(script) } }),
    };

    const result = await world.smoke({ checks: (checks) => inBrowser(checks).filter(({ id }) => id !== 'no-production'), minimum: 1 });

    expect(redIn(result)).toEqual(['home']);
    expect(messageOf(result, 'home')).toMatch(says);
    matrix.push({ sabotage: name, red: 'home' });
  });

  test('another environment is asked for no password and gets no row', async () => {
    const other = await world.startApp({ APP_ENVIRONMENT: 'production' });
    world.switches.app = other;
    const rows = async () => await world.sql`select count(*)::int as count from public.flight_requests`;
    const before = await rows();

    await world.smoke();

    expect(other.log()).not.toMatch(/auth\/sign-in/);
    expect(await rows()).toEqual(before);
  });

  test('an app that is gone leaves no check of it green', async () => {
    const mortal = await world.startApp();
    await mortal.close();
    world.switches.app = mortal;

    const result = await world.smoke();

    expect(result.findings.filter(({ verdict }) => verdict === 'green').map(({ id }) => id)).toEqual(['routes']);
  });

  test('the control again: what was sabotaged was taken back', async () => {
    expect(redIn(await world.smoke())).toEqual([]);
    expect(matrix.length).toBeGreaterThan(40);
  });
});

describe('an app whose users sign in with Clerk', () => {
  const email = 'agent1@staging.test';
  let user: { readonly id: string };

  /** Everything that is asked as somebody is asked as a user of Clerk; what signs in at Supabase itself has no user there. */
  const withClerk = (checks: readonly SmokeCheck[]): readonly SmokeCheck[] =>
    checks.flatMap((check): readonly SmokeCheck[] => {
      if (check.kind === 'database' || check.kind === 'realtime') return [];
      if (check.kind === 'auth') return [{ ...check, provider: 'clerk' as const }];
      if (check.kind !== 'page' && check.kind !== 'api') return [check];
      return [check.as === 'nobody' ? check : { ...check, as: { ...check.as, provider: 'clerk' as const } }];
    });
  const onlySignIn = (checks: readonly SmokeCheck[]) => withClerk(checks).filter((check) => check.kind === 'auth' || !isSignedIn(check));
  const startClerkApp = (changes: Readonly<Record<string, string>> = {}) =>
    world.startApp({
      AUTH: 'clerk',
      CLERK_SECRET_KEY: world.clerk.service().issued.secretKey,
      NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: world.clerk.service().issued.publishableKey,
      CLERK_API_URL: world.clerk.url(),
      ...changes,
    });
  const knownAs = (id: string) => world.sql`update public.users set clerk_user_id = ${id} where email = ${email}`;

  beforeAll(async () => {
    if (!hasAppPrograms) return;
    const { secretKey } = world.clerk.service().issued;
    user = await createClerkClient({ secretKey, apiUrl: world.clerk.url() }).users.createUser({ emailAddress: [email] });
  });
  beforeEach(async () => {
    if (!hasAppPrograms) return;
    await knownAs(user.id);
    world.switches.app = await startClerkApp();
  });
  afterEach(async () => {
    if (hasAppPrograms && world.switches.app !== world.main) await world.switches.app.close();
  });
  afterAll(async () => {
    if (hasAppPrograms) await knownAs('test_user_1');
  });

  test('the control: the journey, a page and the API are green as that user', async () => {
    const result = await world.smoke({ checks: withClerk, minimum: 1 });

    expect(result.findings.filter(({ verdict }) => verdict !== 'green')).toEqual([]);
    expect(result.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['sign-in', 'dashboard', 'create-request', 'list-requests']),
    );
  });

  test.each<ClerkRow>([
    {
      name: 'whose instance has no such user',
      says: /no user with this address.*dashboard\.clerk\.com/,
      checks: (checks) =>
        onlySignIn(checks).map((check) => (check.kind === 'auth' ? { ...check, as: { user: 'agent9@staging.test' } } : check)),
    },
    { name: 'whose database does not know the user', says: /\/dashboard/, act: () => knownAs('user_unknown') },
    {
      name: 'that trusts another instance',
      says: /\/dashboard/,
      act: async () => {
        await world.switches.app.close();
        const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        world.switches.app = await startClerkApp({ CLERK_JWT_KEY: String(publicKey.export({ type: 'spki', format: 'pem' })) });
      },
    },
    {
      name: 'that asks for no session',
      says: /it is not protected/,
      act: async () => void (world.proxy.sabotage = { '/dashboard': { change: unprotect } }),
    },
  ])('an app $name turns exactly the journey red', async ({ name, says, act, checks = onlySignIn }) => {
    await act?.();

    const result = await world.smoke({ checks, minimum: 1 });

    expect(redIn(result)).toEqual(['sign-in']);
    expect(messageOf(result, 'sign-in')).toMatch(says);
    matrix.push({ sabotage: `Clerk: an app ${name}`, red: 'sign-in' });
  });
});

/** What is done to an app whose users sign in with Clerk. */
interface ClerkRow {
  readonly name: string;
  readonly says: RegExp;
  readonly act?: () => Promise<unknown>;
  readonly checks?: NonNullable<Wrong['checks']>;
}

function isSignedIn(check: SmokeCheck): boolean {
  return (check.kind === 'page' || check.kind === 'api') && check.as !== 'nobody';
}

/** Gives one check less time: for what waits until its time is over. */
function within(id: string, timeoutMs: number): NonNullable<Wrong['checks']> {
  return (checks) => checks.map((check) => (check.id === id ? { ...check, timeoutMs } : check));
}

function inBrowser(checks: readonly SmokeCheck[]): readonly SmokeCheck[] {
  return checks.map((check) => (check.id === 'home' ? { ...check, browser: true, timeoutMs: 30_000 } : check));
}
