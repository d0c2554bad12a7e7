import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect } from 'vitest';
import { WebSocket } from 'ws';
import type { AppServer } from '../support/app-server.ts';
import {
  appTest as test,
  hasAppPrograms,
  accessToken,
  type AppWorld,
  call,
  day,
  gitSha,
  postForm,
  read,
  startAppWorld,
  until,
} from '../support/app-world.ts';

const newRequest = { departure_airport: 'KTEB', arrival_airport: 'KVNY', passengers: 6, departure_date: day(30) };

let world: AppWorld;
let app: AppServer;
let agent1: string;
let agent2: string;
let admin: string;

beforeAll(async () => {
  if (!hasAppPrograms) return;
  world = await startAppWorld();
  app = await world.startApp();
  agent1 = await accessToken(app, world, 'agent1@staging.test');
  agent2 = await accessToken(app, world, 'agent2@staging.test');
  admin = await accessToken(app, world, 'admin@staging.test');
}, 60_000);

afterAll(async () => {
  if (hasAppPrograms) await world.close();
});

test('the home page is the right one, kept out of search engines, and its files load', async () => {
  const response = await call(app, undefined, 'GET', '/');
  const text = await response.text();

  expect(response.status).toBe(200);
  expect(text).toMatch(/<h1>JetVision Assistant<\/h1>/);
  expect(response.headers.get('x-robots-tag')).toBe('noindex, nofollow');
  expect(response.headers.get('strict-transport-security')).toBe('max-age=63072000');
  expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
  const files = [...text.matchAll(/(?:href|src)="(\/[^"]+\.(?:css|js|svg))"/g)].map((match) => match[1] ?? '');
  expect(files.length).toBe(2);
  for (const file of files) expect((await call(app, undefined, 'GET', file)).status).toBe(200);
});

test('health names environment, commit and deployment, and says that both services answer', async () => {
  const response = await call(app, undefined, 'GET', '/api/health');

  expect(response.status).toBe(200);
  expect(response.headers.get('x-robots-tag')).toBe('noindex, nofollow');
  expect(await response.json()).toEqual({
    status: 'ok',
    environment: 'staging',
    version: gitSha,
    deployment: 'dpl_test1',
    database: 'connected',
    redis: 'connected',
    sentry: { environment: 'staging' },
    memory: {
      rssBytes: expect.any(Number),
      heapUsedBytes: expect.any(Number),
      collected: false,
      process: expect.stringMatching(/^\d+-\d+$/),
    },
  });
});

test('signs in by JSON with a token, its end, the user and an HttpOnly cookie that works', async () => {
  const response = await call(app, undefined, 'POST', '/api/auth/sign-in', { email: 'agent1@staging.test', password: world.password });
  const body = await read<{ accessToken: string; expiresAt: string }>(response);
  const cookie = response.headers.get('set-cookie') ?? '';

  expect(response.status).toBe(200);
  expect(body).toMatchObject({ user: { email: 'agent1@staging.test', full_name: 'Test Agent 1', role: 'iso_agent' } });
  expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.now() + 3_000_000);
  expect(cookie).toMatch(/^jv_session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/);
  const withCookie = await fetch(`${app.url}/api/auth/test`, { method: 'POST', headers: { cookie: cookie.split(';')[0] ?? '' } });
  expect([withCookie.status, await withCookie.json()]).toEqual([200, { user: expect.objectContaining({ email: 'agent1@staging.test' }) }]);
});

test('marks the cookie Secure when the visitor came by https', async () => {
  const response = await postForm(
    app,
    '/api/auth/sign-in',
    { email: 'agent1@staging.test', password: world.password },
    { 'x-forwarded-proto': 'https' },
  );

  expect(response.headers.get('set-cookie')).toMatch(/; Secure$/);
});

test.each([
  ['a wrong password', { email: 'agent1@staging.test', password: 'password123' }, 401],
  ['an unknown address', { email: 'nobody@staging.test', password: 'x' }, 401],
  ['no password', { email: 'agent1@staging.test' }, 400],
  ['a password that is no text', { email: 'agent1@staging.test', password: { $ne: '' } }, 400],
])('refuses to sign in with %s', async (_, body, status) => {
  const response = await call(app, undefined, 'POST', '/api/auth/sign-in', body);

  expect([response.status, await response.json()]).toEqual([status, { error: expect.any(String) }]);
  expect(response.headers.get('set-cookie')).toBeNull();
});

test.each([
  ['nobody', undefined],
  ['a made-up token', 'eyJhbGciOiJIUzI1NiJ9.e30.x'],
])('answers %s with 401 where a session is needed', async (_, token) => {
  for (const [method, path] of [
    ['POST', '/api/auth/test'],
    ['GET', '/api/requests'],
    ['POST', '/api/requests'],
    ['DELETE', '/api/requests/x'],
    ['GET', '/api/auth/realtime'],
  ] as const) {
    const response = await call(app, token, method, path, method === 'POST' ? newRequest : undefined);
    expect([path, response.status, await response.json()]).toEqual([path, 401, { error: 'Sign in first.' }]);
  }
});

test('the dashboard leads to sign-in and back, without a script', async () => {
  const away = await call(app, undefined, 'GET', '/dashboard');
  expect([away.status, away.headers.get('location')]).toEqual([307, '/sign-in?next=/dashboard']);

  const form = await (await call(app, undefined, 'GET', '/sign-in?next=/dashboard')).text();
  expect(form).toMatch(/<input type="hidden" name="next" value="\/dashboard"/);

  const back = await postForm(app, '/api/auth/sign-in', {
    email: 'agent1@staging.test',
    password: world.password,
    next: '/dashboard',
  });
  expect([back.status, back.headers.get('location')]).toEqual([303, '/dashboard']);

  const cookie = back.headers.get('set-cookie')?.split(';')[0] ?? '';
  const dashboard = await fetch(`${app.url}/dashboard`, { headers: { cookie } });
  const text = await dashboard.text();
  expect(dashboard.status).toBe(200);
  expect(text).toContain('<h1>Dashboard</h1>');
  expect(text).toContain('agent1@staging.test');
  expect(text).toContain('KSNA → KLAS');
  expect(text).not.toContain('KMIA');

  const out = await postForm(app, '/api/auth/sign-out', {}, { cookie });
  expect([out.status, out.headers.get('location'), out.headers.get('set-cookie')]).toEqual([
    303,
    '/',
    expect.stringContaining('jv_session=; '),
  ]);
});

test.each(['//evil.example', '/\\evil.example', '/\t/evil.example', 'https://evil.example', 'javascript:alert(1)', '/..//evil.example'])(
  'never leads to another site after sign-in (%s)',
  async (next) => {
    const response = await postForm(app, '/api/auth/sign-in', { email: 'agent1@staging.test', password: world.password, next });

    expect(response.headers.get('location')).toBe('/dashboard');
  },
);

test('an agent creates, sees and removes a request; another agent does neither, an admin sees all', async () => {
  const created = await call(app, agent1, 'POST', '/api/requests', newRequest);
  const body = await read<{ request: { id: string }; job: { id: string } }>(created);

  expect(created.status).toBe(201);
  expect(body).toEqual({
    request: { ...newRequest, id: expect.any(String), status: 'CREATED', created_at: expect.stringMatching(/^20.*Z$/) },
    job: { id: expect.any(String), queue: 'flight-requests' },
  });
  const idsSeenBy = async (token: string) => {
    const answer = await read<{ requests: { id: string }[] }>(await call(app, token, 'GET', '/api/requests'));
    return answer.requests.map(({ id }) => id);
  };
  expect(await idsSeenBy(agent1)).toContain(body.request.id);
  expect(await idsSeenBy(agent2)).toEqual(['f1000000-0000-4000-8000-000000000003']);
  expect((await idsSeenBy(admin)).length).toBeGreaterThanOrEqual(4);
  expect((await call(app, agent2, 'DELETE', `/api/requests/${body.request.id}`)).status).toBe(404);
  expect((await call(app, agent1, 'DELETE', `/api/requests/${body.request.id}`)).status).toBe(204);
  expect((await call(app, agent1, 'DELETE', `/api/requests?id=${body.request.id}`)).status).toBe(404);
  expect(await idsSeenBy(agent1)).not.toContain(body.request.id);
});

test.each([
  ['nothing', {}, ['departure_airport', 'arrival_airport', 'passengers', 'departure_date']],
  ['a flight to where it began', { ...newRequest, arrival_airport: 'kteb' }, ['arrival_airport']],
  ['too many passengers', { ...newRequest, passengers: 101 }, ['passengers']],
  ['half a passenger', { ...newRequest, passengers: 1.5 }, ['passengers']],
  ['yesterday', { ...newRequest, departure_date: day(-1) }, ['departure_date']],
  ['a day that does not exist', { ...newRequest, departure_date: '2030-02-30' }, ['departure_date']],
])('refuses a request for %s and names the fields', async (_, body, fields) => {
  const response = await call(app, agent1, 'POST', '/api/requests', body);
  const answer = await read<{ fields: object }>(response);

  expect([response.status, Object.keys(answer.fields)]).toEqual([400, fields]);
});

test("works a request off by itself, in the background, under the environment's prefix", async () => {
  const created = await call(app, agent1, 'POST', '/api/requests', newRequest);
  const { request, job } = await read<{ request: { id: string }; job: { id: string } }>(created);

  await until(
    async () => (await world.sql`select status from flight_requests where id = ${request.id}`)[0]?.['status'],
    (status) => status === 'AWAITING_QUOTES',
  );

  await withQueue(async (queue) => {
    const done = await until(
      async () => queue.getJob(job.id),
      (seen) => seen?.finishedOn !== undefined,
    );
    expect(done?.returnvalue).toEqual({ requestId: request.id, deployment: 'dpl_test1' });
  });
  const redis = new Redis(world.redis.url);
  const keys = await redis.keys('*');
  await redis.quit();
  expect(keys.filter((key) => !key.startsWith('jetvision-staging:'))).toEqual([]);
  expect(keys.length).toBeGreaterThan(0);
});

test('the worker does a probe job and tells which deployment did it', async () => {
  await withQueue(async (queue) => {
    const probe = await queue.add('jv-probe', {});

    const response = await call(app, undefined, 'POST', '/api/worker?queue=flight-requests');

    expect([response.status, await response.json()]).toEqual([200, { processed: 1, failed: 0, remaining: 0, deployment: 'dpl_test1' }]);
    expect((await queue.getJob(probe.id ?? ''))?.returnvalue).toEqual({
      probe: true,
      deployment: 'dpl_test1',
      environment: 'staging',
      version: gitSha,
    });
  });
});

test('the worker drains many jobs at once, and fails a job that nobody can do for good', async () => {
  await withQueue(async (queue) => {
    await queue.addBulk(Array.from({ length: 50 }, () => ({ name: 'jv-probe', data: {} })));
    const impossible = await queue.add('no-such-job', {}, { attempts: 3 });

    const answer = await read<{ processed: number }>(await call(app, undefined, 'GET', '/api/worker'));

    expect(answer).toMatchObject({ processed: 50, failed: 1, remaining: 0 });
    expect(await impossible.getState()).toBe('failed');
    await impossible.remove();
  });
});

test('health collects garbage before it reads memory for who has CRON_SECRET, and for nobody else', async () => {
  const guarded = await world.startApp({ CRON_SECRET: 'a-cron-secret' });
  const collected = async (of: AppServer, token: string) => {
    const response = await call(of, token, 'GET', '/api/health?gc=1');
    return (await read<{ memory: { collected: boolean } }>(response)).memory.collected;
  };

  expect(await collected(guarded, 'a-cron-secret')).toBe(true);
  expect(await collected(guarded, 'another')).toBe(false);
  expect(await collected(app, 'a-cron-secret')).toBe(false);
});

test('the worker knows its own queue alone, and wants CRON_SECRET once it is set', async () => {
  expect((await call(app, undefined, 'POST', '/api/worker?queue=other')).status).toBe(404);

  const guarded = await world.startApp({ CRON_SECRET: 'a-cron-secret' });
  expect((await call(guarded, undefined, 'POST', '/api/worker')).status).toBe(401);
  expect((await call(guarded, 'wrong', 'POST', '/api/worker')).status).toBe(401);
  expect((await call(guarded, 'a-cron-secret', 'GET', '/api/worker')).status).toBe(200);
});

test('keeps its connections: requests do not open more of them', async () => {
  const clients = async () => {
    const redis = new Redis(world.redis.url);
    const list = String(await redis.client('LIST'));
    await redis.quit();
    const [row] = await world.sql`select count(*)::int as open from pg_stat_activity where datname = 'app' and pid <> pg_backend_pid()`;
    const open: number = row?.['open'];
    return { redis: list.trim().split('\n').length, postgresAtMost: open <= 12 };
  };
  const before = await clients();

  await Promise.all(Array.from({ length: 30 }, () => call(app, agent1, 'POST', '/api/requests', newRequest)));
  await Promise.all(Array.from({ length: 10 }, () => call(app, undefined, 'POST', '/api/worker')));

  expect(await clients()).toEqual({ ...before, postgresAtMost: true });
});

test('a session that was ended is believed for half a minute at most, and not at all by a process that never saw it', async () => {
  const token = await accessToken(app, world, 'agent1@staging.test');
  await fetch(`${world.supabase.url}/auth/v1/logout?scope=local`, {
    method: 'POST',
    headers: { apikey: world.supabase.anonKey, authorization: `Bearer ${token}` },
  });

  expect((await call(app, token, 'GET', '/api/requests')).status).toBe(200);
  const other = await world.startApp();
  expect((await call(other, token, 'GET', '/api/requests')).status).toBe(401);
});

test("refuses what another site's page sends with our cookie", async () => {
  const cookie = `jv_session=${agent1}`;
  const from = (headers: Record<string, string>) => postForm(app, '/api/auth/test', {}, { cookie, ...headers });

  expect((await from({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await from({ origin: 'null' })).status).toBe(403);
  expect((await from({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await from({ origin: app.url, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  expect((await from({})).status).toBe(200);
});

test('shows what was entered as text, never as markup', async () => {
  await world.sql`update users set full_name = '<img src=x onerror=alert(1)>' where email = 'agent2@staging.test'`;
  const fresh = await accessToken(app, world, 'agent2@staging.test');
  const headers = { cookie: `jv_session=${fresh}` };
  const fields = { ...newRequest, passengers: '6', departure_airport: '"><script>alert(1)</script>' };

  const response = await postForm(app, '/api/requests', fields, headers);
  const text = await response.text();

  expect(response.status).toBe(400);
  expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  expect(text).not.toMatch(/<script>|<img/);
  expect(text).toContain('Enter a four-letter ICAO code');
  expect((await call(app, undefined, 'GET', '/sign-in?next=/%22%3E%3Cscript%3E')).status).toBe(200);
});

test.each([
  ['a page that does not exist', 'GET', '/nowhere', undefined, 404],
  ['an address that does not exist', 'GET', '/api/nowhere', undefined, 404],
  ['a name of every object', 'GET', '/constructor', undefined, 404],
  ['a method that is not allowed', 'DELETE', '/api/health', undefined, 405],
  ['a plain request to /ws', 'GET', '/ws', undefined, 426],
])('answers %s', async (_, method, path, body, status) => {
  const response = await call(app, undefined, method, path, body);

  expect(response.status).toBe(status);
  expect(await response.text()).not.toBe('');
});

test.each([
  ['that is no JSON', '{', 'application/json', 400],
  ['that is a list', '[]', 'application/json', 400],
  ['of another type', 'email=x', 'text/plain', 415],
  ['that is too large', JSON.stringify({ email: 'x'.repeat(70_000) }), 'application/json', 413],
])('refuses a body %s', async (_, body, type, status) => {
  const response = await fetch(`${app.url}/api/auth/sign-in`, { method: 'POST', headers: { 'content-type': type }, body });

  expect([response.status, await response.json()]).toEqual([status, { error: expect.any(String) }]);
});

test('/ws sends back what it is sent, text and bytes; other addresses do not upgrade', async () => {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/ws`);
  const echoes: string[] = [];
  await new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.send('ping');
      socket.send(Buffer.from([1, 2]));
    });
    socket.on('message', (message, binary) => {
      echoes.push(`${binary ? 'bytes' : 'text'} ${Buffer.isBuffer(message) ? message.toString('hex') : ''}`);
      if (echoes.length === 2) resolve(undefined);
    });
    socket.on('error', reject);
  });
  socket.close();

  expect(echoes).toEqual([`text ${Buffer.from('ping').toString('hex')}`, 'bytes 0102']);
  const refused = new WebSocket(`${app.url.replace('http', 'ws')}/api/health`);
  await expect(new Promise((_, reject) => refused.on('error', reject))).rejects.toThrow('404');
});

test('writes no token, password or connection string to its log', async () => {
  expect(app.log()).toContain('"message":"request"');
  for (const secret of [agent1, world.password, world.supabase.serviceRoleKey, world.environment['DATABASE_URL'] ?? '', world.redis.url]) {
    expect(app.log()).not.toContain(secret);
  }
});

async function withQueue(work: (queue: Queue) => Promise<void>): Promise<void> {
  const connection = new Redis(world.redis.url, { maxRetriesPerRequest: null });
  const queue = new Queue('flight-requests', { connection, prefix: 'jetvision-staging' });
  try {
    await work(queue);
  } finally {
    await queue.close();
    await connection.quit();
  }
}
