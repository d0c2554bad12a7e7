import { createClient } from '@supabase/supabase-js';
import { Redis } from '@upstash/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { faultOf, type FaultChoice } from '../../src/core/local/faults.ts';
import { type Remote, remoteOf } from '../../src/local/remote.ts';
import { startTestCloud, type TestCloud } from '../support/local-cloud.ts';
import { checkAnswers } from '../support/openapi/answer-check.ts';
import type { Vendor } from '../support/openapi/specification.ts';
import { until } from '../support/until.ts';
import { vercelClient } from '../support/vercel-client.ts';

const nothing: FaultChoice = {
  service: 'vercel',
  match: undefined,
  nth: undefined,
  times: undefined,
  status: undefined,
  retryAfterS: undefined,
  body: undefined,
  stale: undefined,
  delayMs: undefined,
  latencyMs: undefined,
  effects: [],
};

let cloud: TestCloud;
let remote: Remote;
let vercel: ReturnType<typeof vercelClient>;
let project: Readonly<Record<string, string>>;

beforeAll(async () => {
  cloud = await startTestCloud();
  remote = remoteOf(cloud.endpoints);
  vercel = vercelClient(cloud.endpoints);
  project = await until('the production world', async () => {
    const { variables } = await remote.project('jetvision-production');
    return 'UPSTASH_REDIS_REST_URL' in variables ? variables : undefined;
  });
}, 60_000);
afterEach(() => remote.clearFaults());
afterAll(() => cloud.stop(), 30_000);

const add = (choice: Partial<FaultChoice>) => remote.addFault(faultOf({ ...nothing, ...choice }));

const user = () => vercel.call('GET', '/v2/user');

/** Asks a vendor's API as its own clients do. */
function ask(vendor: Vendor, path: string): Promise<Response> {
  const { supabase, upstash, vercel: own } = cloud.endpoints;
  const basic = Buffer.from(`${upstash.email}:${upstash.apiKey}`).toString('base64');
  const [url, authorization] = {
    vercel: [own.apiUrl, `Bearer ${own.token}`],
    supabase: [supabase.apiUrl, `Bearer ${supabase.accessToken}`],
    upstash: [upstash.apiUrl, `Basic ${basic}`],
  }[vendor];
  return fetch(`${url}${path}`, { headers: { authorization: authorization ?? '' }, redirect: 'manual' });
}

describe('a fault', () => {
  it('meets the requests that it names, from the nth on, as often as it says', async () => {
    const fault = await add({ match: 'POST /v2/files', nth: 3, times: 2, status: 429, retryAfterS: 1 });

    const statuses: number[] = [];
    for (let count = 1; count <= 6; count += 1) statuses.push((await vercel.upload(`file ${count}`)).status);
    const other = await user();

    expect(statuses).toEqual([200, 200, 429, 429, 200, 200]);
    expect(other.status).toBe(200);
    expect(await remote.faults()).toMatchObject([{ id: fault.id, matched: 6, applied: 2 }]);
  });

  it('tells when to come again', async () => {
    await add({ status: 429, retryAfterS: 7 });

    const refused = await user();

    expect(refused.headers.get('retry-after')).toBe('7');
    expect(refused.body).toMatchObject({ error: { code: 'rate_limited', limit: { remaining: 0 } } });
  });

  it('answers what a file holds', async () => {
    await add({ body: '<html>502 of a proxy</html>', status: 502 });

    const answer = await ask('vercel', '/v2/user');

    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      502,
      'text/html; charset=utf-8',
      '<html>502 of a proxy</html>',
    ]);
  });

  it('cuts the connection before anything happened', async () => {
    await add({ effects: ['reset-before'], match: 'POST /v11/projects' });

    const lost = await vercel.call('POST', '/v11/projects', { name: 'never-made' }).catch(causeOf);

    expect(lost).toMatchObject({ code: 'ECONNRESET' });
    expect((await vercel.call('GET', '/v9/projects/never-made')).status).toBe(404);
  });

  it('loses the answer to what took effect', async () => {
    await add({ effects: ['reset-after-commit'], match: 'POST /v11/projects' });

    const lost = await vercel.call('POST', '/v11/projects', { name: 'made-unheard' }).catch(causeOf);

    expect(lost).toMatchObject({ code: 'ECONNRESET' });
    expect((await vercel.call('GET', '/v9/projects/made-unheard')).status).toBe(200);
  });

  it('never answers', async () => {
    await add({ effects: ['hang'] });
    const { apiUrl, token } = cloud.endpoints.vercel;

    const answered = await fetch(`${apiUrl}/v2/user`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(300),
    }).catch((error: unknown) => error);

    expect(answered).toMatchObject({ name: 'TimeoutError' });
    expect((await user()).status).toBe(200);
  });

  it('answers byte by byte', async () => {
    await add({ effects: ['drip'] });

    const answer = await ask('vercel', '/v2/user');
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();

    expect(answer.status).toBe(200);
    expect(first?.value?.length).toBeLessThan(20);
  });

  it('answers later, one request or every one', async () => {
    await add({ delayMs: 200 });
    await add({ service: undefined, latencyMs: 50 });

    const took = [await timed(user), await timed(user), await timed(() => ask('upstash', '/v2/redis/databases'))];

    expect(took[0]).toBeGreaterThanOrEqual(245);
    expect(took[1]).toBeGreaterThanOrEqual(45);
    expect(took[2]).toBeGreaterThanOrEqual(45);
  });

  it('redirects without end', async () => {
    await add({ effects: ['redirect-loop'], times: 100 });

    const answer = await ask('vercel', '/v2/user?teamId=x');
    const followed = await user().catch(causeOf);

    expect([answer.status, answer.headers.get('location')]).toEqual([307, '/v2/user?teamId=x']);
    expect(followed).toMatchObject({ message: expect.stringContaining('redirect') });
  });

  it('hides what was just written from the next reads', async () => {
    await add({ stale: '404x2', match: 'GET /v9/projects/*' });
    await vercel.call('POST', '/v11/projects', { name: 'just-written' });

    const read = async () => (await vercel.call('GET', '/v9/projects/just-written')).status;

    expect([await read(), await read(), await read()]).toEqual([404, 404, 200]);
  });

  it('says ready before it is', async () => {
    const { supabase } = cloud.endpoints;
    const call = async (method: string, path: string, body?: unknown): Promise<{ readonly ref?: string; readonly status?: string }> => {
      const headers = { authorization: `Bearer ${supabase.accessToken}`, 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      return JSON.parse(await (await fetch(`${supabase.apiUrl}/v1/projects${path}`, { method, headers, ...sent })).text());
    };
    await add({ service: 'supabase', match: '* /v1/projects*', effects: ['early-ready'] });

    const wanted = { name: 'early', db_pass: 'the-password', organization_slug: supabase.organization, region: 'us-east-1' };
    const created = await call('POST', '', wanted);
    await remote.clearFaults();
    const told = await call('GET', `/${created.ref}`);

    expect([created.status, told.status]).toEqual(['ACTIVE_HEALTHY', 'COMING_UP']);
  });

  it('is refused for a service that is not there', async () => {
    await expect(add({ service: 'aws', status: 500 })).rejects.toMatchObject({
      code: 'FAULT_INVALID',
      message: expect.stringContaining('vercel'),
    });
    await expect(remote.clearFaults('fault-none')).rejects.toMatchObject({ code: 'FAULT_NOT_FOUND' });
  });
});

describe('what a fault answers has the vendor’s own shape', () => {
  const paths = { vercel: '/v2/user', supabase: '/v1/projects', upstash: '/v2/redis/databases' } as const;
  const troubles = [{ effects: ['expire-token'] }, { effects: ['quota'] }, { status: 500 }, { status: 429 }] as const;
  const cases = (['vercel', 'supabase', 'upstash'] as const).flatMap((vendor) => troubles.map((trouble) => [vendor, trouble] as const));

  it.each(cases)('%s %j', async (vendor, trouble) => {
    await add({ service: vendor, ...trouble });

    const answer = await ask(vendor, paths[vendor]);

    expect(answer.status).toBeGreaterThanOrEqual(400);
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const judged = { vendor, method: 'GET', path: paths[vendor], status: answer.status, type, body: await answer.text() };
    expect(checkAnswers([judged])).toMatchObject({ answers: 1, violations: [] });
  });

  it.each([
    ['expire-token', { code: 'PGRST303', message: 'JWT expired' }],
    ['quota', { message: expect.stringContaining('restricted') }],
  ] as const)('of a project’s REST: %s', async (effect, error) => {
    await add({ service: 'supabase', match: '/rest/v1/*', effects: [effect] });
    const client = createClient(project['SUPABASE_URL'] ?? '', project['SUPABASE_SERVICE_ROLE_KEY'] ?? '', {
      auth: { persistSession: false, autoRefreshToken: false },
    });

    const answer = await client.from('flight_requests').select();

    expect(answer.error).toMatchObject(error);
  });

  it.each([
    ['expire-token', /WRONGPASS/],
    ['quota', /max daily request limit exceeded/],
  ] as const)('of Redis over REST: %s', async (effect, message) => {
    await add({ service: 'upstash', match: 'POST /pipeline', effects: [effect] });
    const redis = new Redis({ url: project['UPSTASH_REDIS_REST_URL'] ?? '', token: project['UPSTASH_REDIS_REST_TOKEN'] ?? '' });

    await expect(redis.get('key')).rejects.toThrow(message);
  });
});

describe('the ledger', () => {
  it('has every request with its bytes and faults, and no secret', async () => {
    const before = (await remote.log('vercel')).requests['vercel'] ?? 0;
    const fault = await add({ match: 'GET /v2/user', status: 500 });
    await user();
    await vercel.upload('twelve bytes');
    const rest = project['UPSTASH_REDIS_REST_URL'] ?? '';
    const answered = await fetch(`${rest}/set/a-key/a-secret-value?_token=${project['UPSTASH_REDIS_REST_TOKEN']}`);
    expect(answered.status).toBe(200);

    const { requests, lines } = await remote.log();

    expect(requests['vercel']).toBe(before + 2);
    expect(lines.at(-3)).toMatchObject({
      service: 'vercel',
      resource: null,
      method: 'GET',
      path: '/v2/user',
      status: 500,
      faults: [fault.id],
    });
    expect(lines.at(-2)).toMatchObject({ method: 'POST', path: '/v2/files', status: 200, bytesIn: 12, faults: [] });
    expect(lines.at(-2)?.bytesOut).toBeGreaterThan(100);
    expect(lines.at(-1)).toMatchObject({ service: 'upstash', resource: expect.any(String), path: '/set/…', status: 200 });
    expect(JSON.stringify(lines)).not.toMatch(/a-secret-value|a-key/);
    expect(JSON.stringify(lines)).not.toContain(project['UPSTASH_REDIS_REST_TOKEN']);
  });

  it('says when there was no answer', async () => {
    await add({ effects: ['reset-before'], match: 'GET /v2/user' });

    await user().catch(causeOf);

    const line = await until('the line', async () => {
      const last = (await remote.log('vercel')).lines.at(-1);
      return last?.status === null ? last : undefined;
    });
    expect(line).toMatchObject({ method: 'GET', path: '/v2/user', faults: [expect.any(String)] });
  });
});

describe('the control interface', () => {
  it.each([
    ['GET', 'faults'],
    ['POST', 'faults'],
    ['DELETE', 'faults'],
    ['GET', 'log'],
    ['GET', 'routes'],
    ['GET', 'projects/jetvision-production'],
  ])('wants its token: %s %s', async (method, path) => {
    const { control } = cloud.endpoints;

    const answers = await Promise.all(
      [{}, { authorization: 'Bearer wrong' }].map((headers) => fetch(`${control.url}/_local/${path}`, { method, headers })),
    );

    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  });

  it('lists the endpoints that the routers have, and everything else answers 404 and says so', async () => {
    const routes = await remote.routes();

    const named = routes.map(({ service, method, path }) => `${service} ${method} ${path}`);
    expect(named).toEqual(
      expect.arrayContaining([
        'vercel POST /files',
        'supabase GET /v1/projects/:ref/health',
        'supabase GET /realtime/v1/websocket',
        'upstash POST /v2/redis/database',
        'upstash POST /multi-exec',
      ]),
    );
    expect(new Set(named).size).toBe(named.length);
    for (const vendor of ['vercel', 'supabase', 'upstash'] as const) {
      const answer = await ask(vendor, '/v1/no/such/route');
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('GET /v1/no/such/route')]);
    }
  });

  it('gives the addresses and keys of a project, which open it', async () => {
    expect(Object.keys(project)).toEqual(
      expect.arrayContaining(['VERCEL_PROJECT_ID', 'JV_LOCAL_APP_URL', 'SUPABASE_URL', 'DATABASE_URL', 'DIRECT_URL', 'REDIS_URL']),
    );
    expect((await remote.project('no-such-project')).variables).toEqual({});
    expect((await remote.project('no-such-project')).known).toContain('jetvision-production');
  });
});

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : error;
}
