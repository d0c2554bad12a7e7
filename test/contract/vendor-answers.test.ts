import { afterEach, describe, expect, test } from 'vitest';
import { connectionString, hostedAddresses, hostedKnownAddresses } from '../../src/adapters/supabase/supabase-addresses.ts';
import { managementApi } from '../../src/adapters/supabase/supabase-api.ts';
import { supabaseDatabasePlatform } from '../../src/adapters/supabase/supabase-database-platform.ts';
import { keyFilter } from '../../src/adapters/supabase/supabase-data-api.ts';
import { upstashApi } from '../../src/adapters/upstash/upstash-api.ts';
import { hostedCacheAddresses, upstashCachePlatform } from '../../src/adapters/upstash/upstash-cache-platform.ts';
import { vercelApi } from '../../src/adapters/vercel/vercel-api.ts';
import { vercelDeployments } from '../../src/adapters/vercel/vercel-deployments.ts';
import { vercelDomainMoves } from '../../src/adapters/vercel/vercel-domain-moves.ts';
import { vercelHostingProjects } from '../../src/adapters/vercel/vercel-hosting-projects.ts';
import { markerIn } from '../../src/adapters/vercel/vercel-marker.ts';
import { newMarker } from '../../src/core/plan/marker.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { type Answer, type LoopbackServer, type SeenRequest, sendJson, startLoopbackServer } from '../support/loopback-server.ts';

const { signal } = new AbortController();
let server: LoopbackServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Starts a server and returns clients of all three vendors for it. */
async function vendors(answer: Answer, team = 'team_1') {
  const started = await startLoopbackServer(answer);
  server = started;
  const clock = steppingClock();
  const localUrl = started.url;
  const vercel = vercelApi({ token: 'jvlocal_v', team, localUrl, clock });
  const management = managementApi({ accessToken: 'sbp_s', localUrl, clock });
  const developer = upstashApi({ email: 'a@b.c', apiKey: 'jvlocal_u', localUrl, clock });
  return {
    clock,
    seen: started.seen,
    projects: vercelHostingProjects(vercel),
    deployments: vercelDeployments(vercel),
    moves: vercelDomainMoves(vercel, clock),
    management,
    databases: supabaseDatabasePlatform(management, {
      organization: 'org',
      addresses: hostedAddresses,
      knownAddresses: hostedKnownAddresses,
      clock,
    }),
    developer,
    caches: upstashCachePlatform(developer, { addresses: hostedCacheAddresses, clock }),
  };
}

const paths = (seen: readonly SeenRequest[]) => seen.map(({ method, path }) => `${method} ${path}`);

describe('Vercel', () => {
  test('every call names the team, by id or by slug', async () => {
    const byId = await vendors((_request, response) => sendJson(response, 404, {}));
    await byId.projects.find('a', signal);
    const idQuery = byId.seen[0]?.query;
    await server?.close();
    const bySlug = await vendors((_request, response) => sendJson(response, 404, {}), 'jetvision');
    await bySlug.projects.find('a', signal);

    expect([idQuery, bySlug.seen[0]?.query]).toEqual([{ teamId: 'team_1' }, { slug: 'jetvision' }]);
  });

  test('when some variables are refused (fault 28), each is named with its reason, and no value is', async () => {
    const { projects } = await vendors((_request, response) =>
      sendJson(response, 201, {
        created: [{ key: 'A' }],
        failed: [{ error: { code: 'ENV_CONFLICT', message: 'exists as sensitive', key: 'B' } }, { error: { code: 'BAD', envVarKey: 'C' } }],
      }),
    );
    const variables = ['A', 'B', 'C'].map((name) => ({
      name,
      value: 'canary-value',
      class: 'secret' as const,
      fingerprint: 'a'.repeat(64),
    }));

    const error = await projects.setVariables('prj_1', variables, signal).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      kind: 'vendor',
      code: 'VERCEL_VARIABLES_REFUSED',
      message: 'Vercel refused 2 of 3 variables: B (exists as sensitive), C (BAD).',
      data: { written: ['A'] },
    });
    expect(JSON.stringify(error) + String(error)).not.toContain('canary-value');
  });

  test('secrets are written as sensitive, public values readable, each with its fingerprint beside it', async () => {
    const { projects, seen } = await vendors((_request, response) => sendJson(response, 201, { created: { key: 'A' }, failed: [] }));

    await projects.setVariables(
      'prj_1',
      [
        { name: 'A', value: '1', class: 'secret', fingerprint: 'a'.repeat(64) },
        { name: 'B', value: '2', class: 'public', fingerprint: 'b'.repeat(64) },
      ],
      signal,
    );

    expect(seen[0]?.query).toMatchObject({ upsert: 'true' });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual([
      { key: 'A', value: '1', type: 'sensitive', target: ['production'], comment: expect.stringMatching(/^jv:a{64} \d+$/) },
      { key: 'B', value: '2', type: 'encrypted', target: ['production'], comment: expect.stringMatching(/^jv:b{64} \d+$/) },
    ]);
  });

  test('variables of other targets and of branches are not ours, nor are comments that are no fingerprint', async () => {
    const { projects } = await vendors((_request, response) =>
      sendJson(response, 200, {
        envs: [
          { key: 'A', target: ['production', 'preview'], comment: `jv:${'a'.repeat(64)}` },
          { key: 'B', target: 'production', comment: 'jv:short' },
          { key: 'C', target: ['preview'] },
          { key: 'D', target: ['production'], gitBranch: 'x' },
          { key: 'E' },
        ],
      }),
    );

    await expect(projects.variables('prj_1', signal)).resolves.toEqual([
      { name: 'A', fingerprint: 'a'.repeat(64), updatedAtMs: null },
      { name: 'B', fingerprint: null, updatedAtMs: null },
    ]);
  });

  test('a project that does not say whether it assigns its domains counts as pinned', async () => {
    const { projects } = await vendors((_request, response) => sendJson(response, 200, { id: 'prj_1', name: 'a' }));

    await expect(projects.find('a', signal)).resolves.toEqual({ id: 'prj_1', name: 'a', autoAssignDomains: false });
  });

  test('a domain that is not verified comes with the record to add', async () => {
    const { projects } = await vendors((_request, response) =>
      sendJson(response, 200, {
        name: 'a.example.com',
        verified: false,
        verification: [{ type: 'TXT', domain: '_vercel.example.com', value: 'vc-domain-verify=a' }],
      }),
    );

    await expect(projects.addDomain('prj_1', 'a.example.com', signal)).resolves.toEqual({
      name: 'a.example.com',
      verified: false,
      record: { type: 'TXT', name: '_vercel.example.com', value: 'vc-domain-verify=a' },
    });
  });

  test('a project that was created although the answer was lost is found, not created again', async () => {
    const { projects, seen } = await vendors((request, response) => {
      if (request.method === 'POST') response.destroy();
      else sendJson(response, 200, { id: 'prj_1', name: 'a', autoAssignCustomDomains: true });
    });

    await expect(projects.create({ name: 'a', region: 'iad1', nodeVersion: '24.x' }, signal)).resolves.toMatchObject({ id: 'prj_1' });
    expect(paths(seen)).toEqual(['POST /v11/projects', 'GET /v9/projects/a']);
  });

  test('a project name that somebody else has (fault 23) is 6 with the choices, and is not asked for twice', async () => {
    const { projects, seen } = await vendors((_request, response) =>
      sendJson(response, 409, { error: { code: 'conflict', message: 'Project "a" already exists, please use a new name.' } }),
    );

    await expect(projects.create({ name: 'a', region: 'iad1', nodeVersion: '24.x' }, signal)).rejects.toMatchObject({
      code: 'VERCEL_NAME_TAKEN',
      exitCode: 6,
      fix: expect.stringMatching(/^Choose another `name`.*or use a token that sees that project/),
    });
    expect(paths(seen)).toEqual(['POST /v11/projects']);
  });

  test('a domain of another project (fault 29) is 4, says where to remove it, and is not taken away', async () => {
    const { projects, seen } = await vendors((_request, response) =>
      sendJson(response, 409, { error: { code: 'domain_already_in_use', message: 'It is assigned to another project.' } }),
    );

    await expect(projects.addDomain('prj_1', 'a.example.com', signal)).rejects.toMatchObject({
      code: 'VERCEL_DOMAIN_TAKEN',
      exitCode: 4,
      message: expect.stringContaining('a.example.com'),
      fix: expect.stringContaining('Settings, Domains'),
    });
    expect(paths(seen)).toEqual(['POST /v10/projects/prj_1/domains']);
  });

  test.each([
    ['of our own', JSON.stringify(newMarker({ name: 'a', environment: 'staging' }, '2026-11-22T00:00:00.000Z')), { version: 1, name: 'a' }],
    ['of a later version (fault 61)', '{"version":2,"owner":{"name":"a"}}', 'newer'],
    ['of no version', '{"name":"a"}', 'damaged'],
    ['that is no JSON', '<<<<<<< HEAD', 'damaged'],
  ])('a marker %s is known for what it is', (_what, value, marker) => {
    const read = markerIn([{ key: 'JV_STAGING_MARKER', value }]);

    if (typeof marker === 'string') expect(read).toBe(marker);
    else expect(read).toMatchObject(marker);
  });

  test('a failed deployment tells its message and the end of its log, line by line, printable', async () => {
    const events = [
      { text: '\u001B[31mlast\u001B[39m\u001B[2K' },
      { payload: { text: 'one\ntwo' } },
      { type: 'delimiter' },
      ...Array.from({ length: 40 }, (_, index) => ({ text: `early ${index}` })),
    ];
    const { deployments } = await vendors((request, response) =>
      request.path.endsWith('/events')
        ? sendJson(response, 200, events)
        : sendJson(response, 200, { id: 'dpl_1', url: 'a.vercel.app', readyState: 'ERROR', createdAt: 1, errorMessage: 'Command failed' }),
    );

    const { state, failure } = await deployments.get('dpl_1', signal);

    expect(state).toBe('error');
    const lines = failure?.split('\n') ?? [];
    expect([lines[0], ...lines.slice(-3)]).toEqual(['Command failed', 'one', 'two', 'last\\u{1b}[2K']);
    expect(lines).toHaveLength(21);
  });

  test.each([
    ['QUEUED', 'queued'],
    ['INITIALIZING', 'building'],
    ['BUILDING', 'building'],
    ['READY', 'ready'],
    ['CANCELED', 'canceled'],
    ['DELETED', 'canceled'],
    ['SOMETHING_NEW', 'queued'],
  ])('the state %s is %s', async (readyState, state) => {
    const { deployments } = await vendors((_request, response) =>
      sendJson(response, 200, { id: 'dpl_1', url: 'a.vercel.app', readyState, createdAt: 1 }),
    );

    await expect(deployments.get('dpl_1', signal)).resolves.toMatchObject({ state });
  });

  test('a list whose cursor repeats, or never ends (fault 27), is not followed for ever', async () => {
    let page = 0;
    const { deployments, seen } = await vendors((_request, response) => {
      page += 1;
      sendJson(response, 200, {
        deployments: [{ uid: `dpl_${page}`, url: 'a', state: 'READY', created: page, meta: { a: '1' } }],
        pagination: { next: page < 3 ? page : 2 },
      });
    });

    await expect(deployments.findByMeta('prj_1', { a: '1' }, signal)).resolves.toHaveLength(3);
    expect(seen).toHaveLength(3);
  });

  const project = (toDeploymentId: string, jobStatus: string) => ({
    id: 'prj_1',
    lastAliasRequest: { toDeploymentId, jobStatus, type: 'promote' },
  });

  test('a move is waited for until its own job has succeeded', async () => {
    const jobs = [
      project('dpl_0', 'succeeded'),
      project('dpl_1', 'pending'),
      project('dpl_1', 'in-progress'),
      project('dpl_1', 'succeeded'),
    ];
    const { moves, seen } = await vendors((request, response) =>
      request.method === 'POST' ? response.writeHead(201).end() : sendJson(response, 200, jobs.shift()),
    );

    await moves.promote('prj_1', 'dpl_1', signal);

    expect(paths(seen)).toEqual(['POST /v10/projects/prj_1/promote/dpl_1', ...Array.from({ length: 4 }, () => 'GET /v9/projects/prj_1')]);
    expect(seen[1]?.query).toMatchObject({ rollbackInfo: 'true' });
  });

  test.each(['failed', 'skipped'])('a move whose job is %s is an error', async (jobStatus) => {
    const { moves } = await vendors((request, response) =>
      request.method === 'POST' ? response.writeHead(201).end() : sendJson(response, 200, project('dpl_1', jobStatus)),
    );

    await expect(moves.rollback('prj_1', 'dpl_1', signal)).rejects.toMatchObject({
      kind: 'vendor',
      code: 'VERCEL_DOMAIN_MOVE_FAILED',
      message: expect.stringContaining(jobStatus),
    });
  });

  test('a move that never ends is given up after its deadline', async () => {
    const { moves, clock } = await vendors((request, response) =>
      request.method === 'POST' ? response.writeHead(202).end() : sendJson(response, 200, project('dpl_1', 'pending')),
    );

    await expect(moves.promote('prj_1', 'dpl_1', signal)).rejects.toMatchObject({ kind: 'vendor', code: 'VERCEL_DOMAIN_MOVE_TIMEOUT' });
    expect(clock.waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(180_000);
  });

  test('a 409 because it is current already is success', async () => {
    const { moves, seen } = await vendors((request, response) =>
      request.method === 'POST' ? sendJson(response, 409, {}) : sendJson(response, 200, project('dpl_1', 'succeeded')),
    );

    await moves.promote('prj_1', 'dpl_1', signal);
    expect(seen).toHaveLength(2);
  });

  test('a 409 because another move is under way waits for that one, then asks again', async () => {
    const jobs = [project('dpl_0', 'in-progress'), project('dpl_0', 'succeeded'), project('dpl_1', 'succeeded')];
    let posts = 0;
    const { moves, seen } = await vendors((request, response) => {
      if (request.method !== 'POST') return sendJson(response, 200, jobs.shift());
      posts += 1;
      return posts === 1 ? sendJson(response, 409, {}) : response.writeHead(201).end();
    });

    await moves.promote('prj_1', 'dpl_1', signal);
    expect(paths(seen).map((path) => path.split(' ')[0])).toEqual(['POST', 'GET', 'GET', 'POST', 'GET']);
  });
});

describe('Supabase', () => {
  const body = (overrides: Readonly<Record<string, unknown>> = {}) => ({
    ref: 'a'.repeat(20),
    name: 'a',
    region: 'us-east-1',
    status: 'COMING_UP',
    created_at: new Date(Date.UTC(2026, 10, 22)).toISOString(),
    ...overrides,
  });

  test.each([
    ['ACTIVE_HEALTHY', 'healthy'],
    ['COMING_UP', 'starting'],
    ['RESTORING', 'starting'],
    ['INACTIVE', 'paused'],
    ['PAUSING', 'going-down'],
    ['INIT_FAILED', 'failed'],
    ['RESTORE_FAILED', 'failed'],
    ['SOMETHING_NEW', 'unhealthy'],
  ])('the status %s is %s', async (status, state) => {
    const { databases } = await vendors((_request, response) => sendJson(response, 200, body({ status })));

    await expect(databases.get('a'.repeat(20), signal)).resolves.toMatchObject({ state });
  });

  test('a part that the platform says nothing about is not healthy', async () => {
    const { databases } = await vendors((_request, response) =>
      sendJson(response, 200, [
        { name: 'db', status: 'ACTIVE_HEALTHY', healthy: true },
        { name: 'rest', status: 'UNHEALTHY', healthy: false },
        { name: 'auth', healthy: true },
      ]),
    );

    await expect(databases.unhealthy('a'.repeat(20), signal)).resolves.toEqual(['pooler', 'realtime', 'rest']);
  });

  test('after a lost answer only a project made since the call began is taken for ours', async () => {
    const old = body({ created_at: '2020-01-01T00:00:00Z' });
    const made: unknown[] = [];
    const { databases, seen } = await vendors((request, response) => {
      if (request.method === 'GET') sendJson(response, 200, [old, ...made]);
      else if (request.body.includes('"keep"')) {
        made.push(body({ ref: 'b'.repeat(20), name: 'keep' }));
        sendJson(response, 500, {});
      } else sendJson(response, 500, {});
    });

    await expect(databases.create({ name: 'keep', region: 'us-east-1', password: 'p' }, signal)).resolves.toMatchObject({
      ref: 'b'.repeat(20),
    });
    await expect(databases.create({ name: 'a', region: 'us-east-1', password: 'canary-pw' }, signal)).rejects.toMatchObject({
      code: 'SUPABASE_REQUEST_FAILED',
      outcomeUnknown: true,
    });
    expect(seen.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('hosted addresses: gateway and server by the ref, the pooler in transaction mode, with TLS demanded', async () => {
    const pooler = {
      database_type: 'PRIMARY',
      db_user: 'postgres.abc',
      db_host: 'aws-0-us-east-1.pooler.supabase.com',
      db_port: 5432,
      db_name: 'postgres',
      pool_mode: 'session',
    };
    const { management } = await vendors((_request, response) =>
      sendJson(response, 200, [{ ...pooler, database_type: 'READ_REPLICA', db_host: 'replica' }, pooler]),
    );

    const addresses = await hostedAddresses(management, 'a'.repeat(20), signal);

    expect(addresses.url).toBe(`https://${'a'.repeat(20)}.supabase.co`);
    expect(connectionString(addresses.direct, 'p@:/?#% ü')).toBe(
      `postgresql://postgres:p%40%3A%2F%3F%23%25%20%C3%BC@db.${'a'.repeat(20)}.supabase.co:5432/postgres?sslmode=require`,
    );
    expect(connectionString(addresses.pooler, 'pw')).toBe(
      'postgresql://postgres.abc:pw@aws-0-us-east-1.pooler.supabase.com:6543/postgres?sslmode=require',
    );
  });

  test('new-style keys are taken where there are no legacy ones, and a project without keys is an error', async () => {
    const keys = [
      [
        { name: 'default', type: 'publishable', api_key: 'sb_publishable_x' },
        { name: 'default', type: 'secret', api_key: 'sb_secret_x' },
      ],
      [
        { name: 'anon', type: 'legacy', api_key: null },
        { name: 'default', type: 'secret', api_key: '' },
      ],
    ];
    const { databases } = await vendors((request, response) =>
      sendJson(response, 200, request.path.endsWith('/api-keys') ? keys.shift() : []),
    );

    await expect(databases.access('a'.repeat(20), 'pw', signal)).resolves.toMatchObject({
      anonKey: 'sb_publishable_x',
      serviceRoleKey: 'sb_secret_x',
    });
    await expect(databases.access('a'.repeat(20), 'pw', signal)).rejects.toMatchObject({ code: 'SUPABASE_KEY_NOT_FOUND' });
  });

  test('filters quote every value, so that none can say anything of its own', () => {
    expect(keyFilter(['id'], [{ id: 'a' }, { id: '1),or(x.eq."y\\"' }])).toEqual({ id: String.raw`in.("a","1),or(x.eq.\"y\\\"")` });
    expect(
      keyFilter(
        ['a', 'b'],
        [
          { a: 'x', b: 1 },
          { a: null, b: true },
        ],
      ),
    ).toEqual({ or: '(and(a.eq."x",b.eq."1"),and(a.is.null,b.eq."true"))' });
    expect(keyFilter(['id'], [{ id: null }])).toEqual({ or: '(and(id.is.null))' });
    expect(() => keyFilter([], [{ id: 1 }])).toThrow(TypeError);
  });
});

describe('Upstash', () => {
  test.each([
    ['a slug', 'eu1-fine-1'],
    ['a whole host name', 'eu1-fine-1.upstash.io'],
  ])('hosted addresses use TLS, whether the endpoint is %s', async (_name, endpoint) => {
    const { caches } = await vendors((_request, response) =>
      sendJson(response, 200, { endpoint, port: 6379, password: 'p@ss', rest_token: 'token' }),
    );

    await expect(caches.access('id', signal)).resolves.toEqual({
      url: 'rediss://default:p%40ss@eu1-fine-1.upstash.io:6379',
      restUrl: 'https://eu1-fine-1.upstash.io',
      restToken: 'token',
    });
  });

  test('the commands of a month are those that the statistics of the database tell', async () => {
    const { caches, seen } = await vendors((_request, response) => sendJson(response, 200, { total_monthly_requests: 490_123, hits: [] }));

    await expect(caches.monthlyCommands('id', signal)).resolves.toBe(490_123);
    expect(paths(seen)).toEqual(['GET /v2/redis/stats/id']);
  });

  test('credentials go as Basic, and stand in no message', async () => {
    const { caches, seen } = await vendors((request, response) => sendJson(response, 400, `bad: ${String(request.headers.authorization)}`));

    const error = await caches.findByName('a', signal).catch((thrown: unknown) => thrown);

    expect(Buffer.from(String(seen[0]?.headers.authorization).replace('Basic ', ''), 'base64').toString()).toBe('a@b.c:jvlocal_u');
    expect(error).toMatchObject({ message: expect.stringContaining('bad: Basic [redacted]') });
  });

  test.each([
    ['us-east-1', 'aws'],
    ['us-central1', 'gcp'],
  ])('a database in %s is made on %s, without eviction and with TLS', async (region, platform) => {
    const { caches, seen } = await vendors((_request, response) =>
      sendJson(response, 200, { database_id: 'id', database_name: 'a', primary_region: region, state: 'active', eviction: false }),
    );

    await caches.create({ name: 'a', region }, signal);

    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ database_name: 'a', platform, primary_region: region, tls: true, eviction: false });
  });

  test('after a lost answer the database that was made is found, not made again', async () => {
    const { caches, seen } = await vendors((request, response) => {
      if (request.method === 'POST') response.destroy();
      else
        sendJson(response, 200, [
          { database_id: 'old', database_name: 'a', creation_time: 1 },
          { database_id: 'new', database_name: 'a', creation_time: Date.UTC(2026, 10, 22) / 1000 },
        ]);
    });

    await expect(caches.create({ name: 'a', region: 'us-east-1' }, signal)).resolves.toMatchObject({ id: 'new' });
    expect(seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });
});
