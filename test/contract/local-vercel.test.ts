import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ensureCloud } from '../../src/local/lifecycle.ts';
import { moveAlias } from '../support/alias-moves.ts';
import type { TestCloud } from '../support/local-cloud.ts';
import { cloudOptions, startTestCloud } from '../support/local-cloud.ts';
import { answersFile, checkAnswers, readAnswers } from '../support/openapi/answer-check.ts';
import { tinyApp } from '../support/tiny-app.ts';
import { until } from '../support/until.ts';
import { sha1, vercelClient, visit } from '../support/vercel-client.ts';

let cloud: TestCloud;
let vercel: ReturnType<typeof vercelClient>;

beforeAll(async () => {
  cloud = await startTestCloud();
  vercel = vercelClient(cloud.endpoints);
}, 60_000);
afterAll(() => cloud.stop(), 30_000);

const domainOf = (project: string) => `${project}.jetvision-assistant.com`;

async function createProject(name: string) {
  await vercel.call('POST', '/v11/projects', { name });
  await vercel.call('POST', `/v10/projects/${name}/domains`, { name: domainOf(name) });
}

async function deployReady(project: string, marker: string, more?: Readonly<Record<string, unknown>>) {
  const created = await vercel.deploy(project, tinyApp(marker), more);
  expect(created.status).toBe(200);
  return (await vercel.settled(created.body['id'])).body;
}

const page = (host: unknown, path?: string, options?: Parameters<typeof visit>[3]) => visit(cloud.endpoints, String(host), path, options);

describe('who may ask', () => {
  it.each([
    ['no token', {}, 'missingToken'],
    ['a wrong token', { authorization: 'Bearer wrong' }, 'invalidToken'],
  ])("refuses %s in the vendor's shape", async (_what, headers, flag) => {
    const response = await fetch(`${cloud.endpoints.vercel.apiUrl}/v2/user`, { headers });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'forbidden', [flag]: true } });
  });

  it('refuses a Host header that is not loopback', async () => {
    const port = Number(new URL(cloud.endpoints.vercel.apiUrl).port);
    const answer = await visit({ ...cloud.endpoints, gateway: { ...cloud.endpoints.gateway, port } }, 'evil.example', '/v2/user');
    expect(answer.status).toBe(403);
  });

  it('answers the same with any version and with /now', async () => {
    for (const path of ['/v2/user', '/user', '/v9/now/user']) expect((await vercel.call('GET', path)).status).toBe(200);
  });

  it('names a route that it does not emulate', async () => {
    const answer = await vercel.call('GET', '/v1/edge-config');
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ error: { code: 'not_found', message: 'GET /v1/edge-config is not emulated by the local cloud.' } });
  });
});

describe('the record of answers', () => {
  it('has what was asked above: the end of this file holds it against the OpenAPI file', () => {
    const check = checkAnswers(readAnswers(join(cloud.stateDir, answersFile)));

    expect(check.operations).toContain('GET /v2/user');
    expect(check.answers).toBeGreaterThanOrEqual(6);
  });
});

describe('bad input changes nothing', () => {
  it('refuses malformed JSON', async () => {
    const url = `${cloud.endpoints.vercel.apiUrl}/v11/projects`;
    const headers = { authorization: `Bearer ${cloud.endpoints.vercel.token}`, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: '{"name":' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'bad_request', message: 'Invalid JSON.' } });
  });

  it('refuses a file whose digest or size is wrong', async () => {
    const { apiUrl, token } = cloud.endpoints.vercel;
    const send = (headers: Readonly<Record<string, string>>) =>
      fetch(`${apiUrl}/v2/files`, { method: 'POST', body: 'content', headers: { authorization: `Bearer ${token}`, ...headers } });
    expect((await send({ 'x-now-digest': sha1('other'), 'x-now-size': '7' })).status).toBe(400);
    expect((await send({ 'x-now-digest': sha1('content'), 'x-now-size': '8' })).status).toBe(400);
    expect((await send({ 'x-now-digest': '../../etc/passwd' })).status).toBe(400);
    await createProject('digests');
    const refused = await vercel.call('POST', '/v13/deployments', {
      project: 'digests',
      files: [{ file: 'a', sha: sha1('content'), size: 7 }],
    });
    expect(refused.body).toMatchObject({ error: { code: 'missing_files', missing: [sha1('content')] } });
  });

  it.each(['../outside', '/etc/passwd', 'a/../../b', 'a\\b', ''])('refuses the file name %j', async (file) => {
    await vercel.upload('content');
    await createProject('names');
    const refused = await vercel.call('POST', '/v13/deployments', { project: 'names', files: [{ file, sha: sha1('content'), size: 7 }] });
    expect(refused.status).toBe(400);
    expect((await vercel.call('GET', '/v6/deployments?app=names')).body['deployments']).toEqual([]);
  });

  it('refuses a body over the limit, also where its length is not announced', async () => {
    const { apiUrl, token } = cloud.endpoints.vercel;
    const piece = new TextEncoder().encode(' '.repeat(1024 * 1024));
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(piece) });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

    const answer = await fetch(`${apiUrl}/v11/projects`, { method: 'POST', headers, body: endless, duplex: 'half' });

    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: 'request_entity_too_large' } });
  });

  it('refuses a project name that is taken', async () => {
    await createProject('taken');
    expect((await vercel.call('POST', '/v11/projects', { name: 'taken' })).status).toBe(409);
  });
});

describe('environment variables', () => {
  it('creates, refuses a second, upserts, and never tells a sensitive value', async () => {
    await createProject('vars');
    const variable = { key: 'A', value: '1', type: 'encrypted', target: ['production'] };
    expect((await vercel.call('POST', '/v10/projects/vars/env', variable)).status).toBe(201);
    expect((await vercel.call('POST', '/v10/projects/vars/env', variable)).body).toMatchObject({ error: { code: 'ENV_CONFLICT' } });
    const many = [
      { ...variable, value: '2' },
      { ...variable, key: 'S', type: 'sensitive', value: 'hidden' },
    ];
    expect((await vercel.call('POST', '/v10/projects/vars/env?upsert=true', many)).body).toMatchObject({ failed: [] });
    const listed = await vercel.call('GET', '/v10/projects/vars/env');
    expect(listed.body['envs']).toMatchObject([
      { key: 'A', value: '2' },
      { key: 'S', value: '' },
    ]);
    const pulled = await vercel.call('GET', '/v3/env/pull/vars/production');
    expect(pulled.body['env']).toEqual({ A: '2', S: '' });
  });
});

describe('deployments', () => {
  it('runs what is uploaded: static files, functions, routes, error page', async () => {
    await createProject('runs');
    const deployment = await deployReady('runs', 'first');
    expect(deployment).toMatchObject({ readyState: 'READY', aliasAssigned: true, readySubstate: 'PROMOTED' });

    const home = await page(deployment['url']);
    expect(home).toMatchObject({ status: 200, text: '<h1>first</h1>' });
    expect(home.headers).toMatchObject({
      'x-marker': 'first',
      'content-type': 'text/html; charset=utf-8',
      etag: `"${sha1('<h1>first</h1>')}"`,
    });
    expect((await page(deployment['url'], '/', { headers: { 'if-none-match': String(home.headers['etag']) } })).status).toBe(304);
    expect(await page(deployment['url'], '/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect((await page(deployment['url'], '/about')).text).toBe('about first');
    expect(await page(deployment['url'], '/old')).toMatchObject({ status: 308, headers: { location: '/' } });
    expect(await page(deployment['url'], '/nowhere')).toMatchObject({ status: 404, text: 'nothing in first' });
    expect(JSON.parse((await page(deployment['url'], '/requests/42')).text)).toMatchObject({ url: '/requests/42?id=42' });
    const echoed = await page(deployment['url'], '/api/echo', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(echoed).toMatchObject({ status: 201, headers: { 'x-method': 'POST' } });
    expect(echoed.text).toHaveLength(100_000);
    expect((await page(domainOf('runs'))).text).toBe('<h1>first</h1>');
  });

  it('streams both ways, and follows the link of a function to another', async () => {
    await createProject('streams');
    const { url } = await deployReady('streams', 'flow');
    const { host, port } = cloud.endpoints.gateway;
    const seen: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const asked = request({ host, port, path: '/api/stream', method: 'POST', headers: { host: String(url) } }, (answer) => {
        answer.once('end', resolve);
        answer.on('data', (chunk: Buffer) => {
          // The second half is sent only once the first half has come back.
          if (seen.push(chunk.toString()) === 1) asked.write('one');
          else if (chunk.toString().includes('one')) asked.end('two');
        });
      });
      asked.once('error', reject);
      asked.flushHeaders();
    });
    expect(seen.join('')).toBe('firstonetwolast');
    expect(JSON.parse((await page(url, '/api/linked')).text)).toMatchObject({ marker: 'flow', url: '/api/linked' });
  });

  it('refuses a link that leads out of the deployment', async () => {
    await createProject('escapes');
    const created = await vercel.deploy('escapes', { ...tinyApp('out'), '.vercel/output/functions/x.func': '../../../../../etc' });
    expect((await vercel.settled(created.body['id'])).body).toMatchObject({
      readyState: 'ERROR',
      errorMessage: expect.stringContaining('points out'),
    });
  });

  it('shows a function its own variables and nothing of ours', async () => {
    await createProject('sees');
    await vercel.call('POST', '/v10/projects/sees/env', [
      { key: 'MINE', value: 'yes', type: 'sensitive', target: ['production'] },
      { key: 'OTHER', value: 'no', type: 'plain', target: ['preview'] },
    ]);
    const deployment = await deployReady('sees', 'env', { target: 'production', gitMetadata: { commitSha: 'abc123' } });
    await vercel.call('POST', '/v10/projects/sees/env?upsert=true', { key: 'MINE', value: 'later', type: 'plain', target: ['production'] });
    const seen: { env: Record<string, string>; uid: number; host: string } = JSON.parse((await page(domainOf('sees'), '/api/env')).text);
    expect(seen.env).toMatchObject({
      MINE: 'yes',
      VERCEL: '1',
      VERCEL_ENV: 'production',
      VERCEL_URL: deployment['url'],
      VERCEL_DEPLOYMENT_ID: deployment['id'],
      VERCEL_GIT_COMMIT_SHA: 'abc123',
      NODE_ENV: 'production',
    });
    expect(seen.host).toBe(domainOf('sees'));
    const system = ['PATH', 'HOME', 'TZ', 'LANG', 'NODE_ENV', 'MINE'];
    expect(Object.keys(seen.env).filter((name) => !name.startsWith('VERCEL') && !system.includes(name))).toEqual([]);
    expect(seen.uid === 0, 'runs as root').toBe(false);
  });

  it('keeps two deployments alive, each at its own address', async () => {
    await createProject('two');
    const first = await deployReady('two', 'one');
    const second = await deployReady('two', 'two');
    expect((await page(first['url'])).text).toBe('<h1>one</h1>');
    expect(JSON.parse((await page(first['url'], '/api/env')).text)).toMatchObject({ marker: 'one' });
    expect(JSON.parse((await page(second['url'], '/api/env')).text)).toMatchObject({ marker: 'two' });
    expect((await page(domainOf('two'))).text).toBe('<h1>two</h1>');
  });

  it('ends in ERROR, with the reason, when it cannot run', async () => {
    await createProject('broken');
    const files = { ...tinyApp('broken'), '.vercel/output/config.json': '{"version":2}' };
    const created = await vercel.deploy('broken', files);
    const { body } = await vercel.settled(created.body['id']);
    expect(body).toMatchObject({ readyState: 'ERROR', errorMessage: expect.stringContaining('.vercel/output/config.json: version') });
    expect(await page(body['url'])).toMatchObject({ status: 503 });
  });

  it("restarts a process that crashed, and answers in the vendor's shape meanwhile", async () => {
    await createProject('crash');
    const { url } = await deployReady('crash', 'up');
    expect(await page(url, '/api/env?crash')).toMatchObject({ status: 502, headers: { 'x-vercel-error': 'FUNCTION_INVOCATION_FAILED' } });
    expect(await page(url, '/api/env?throw')).toMatchObject({ status: 500, headers: { 'x-vercel-error': 'FUNCTION_INVOCATION_FAILED' } });
    expect((await page(url, '/api/env')).status).toBe(200);
  });

  it('lists by meta, target and page', async () => {
    await createProject('lists');
    for (const release of ['r1', 'r2', 'r3']) await deployReady('lists', release, { target: 'production', meta: { release } });
    const byMeta = await vercel.call('GET', '/v6/deployments?app=lists&meta-release=r2');
    expect(byMeta.body['deployments']).toMatchObject([{ meta: { release: 'r2' } }]);
    const firstPage = await vercel.call('GET', '/v7/deployments?app=lists&limit=2&target=production');
    expect(firstPage.body).toMatchObject({
      deployments: [{ meta: { release: 'r3' } }, { meta: { release: 'r2' } }],
      pagination: { count: 2 },
    });
    const next = String(Object(firstPage.body['pagination'])['next']);
    const lastPage = await vercel.call('GET', `/v7/deployments?app=lists&limit=2&until=${next}`);
    expect(lastPage.body).toMatchObject({ deployments: [{ meta: { release: 'r1' } }], pagination: { count: 1, next: null } });
  });

  it('answers for unknown hosts as the vendor does', async () => {
    expect(await page('nobody.vercel.app')).toMatchObject({ status: 404, headers: { 'x-vercel-error': 'DEPLOYMENT_NOT_FOUND' } });
  });

  it('hands a WebSocket to the function', async () => {
    await createProject('sockets');
    await deployReady('sockets', 'ws');
    const { host, port } = cloud.endpoints.gateway;
    const socket = new WebSocket(`ws://${host}:${port}/ws`, { headers: { host: domainOf('sockets') } });
    const echoed = await new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('message', (message: Buffer) => resolve(message.toString()));
      socket.once('open', () => socket.send('hello'));
    });
    socket.close();
    expect(echoed).toBe('hello');
    expect(
      (
        await page(domainOf('sockets'), '/api/env', { headers: { connection: 'Upgrade', upgrade: 'websocket' } }).catch(() => ({
          status: 426,
        }))
      ).status,
    ).toBe(426);
  });

  it('serves a domain on a port of its own, whatever the Host header', async () => {
    await createProject('doors');
    await deployReady('doors', 'door');
    const status = await fetch(`${cloud.endpoints.control.url}/_local/status`, {
      headers: { authorization: `Bearer ${cloud.endpoints.control.token}` },
    });
    const { endpoints }: { endpoints: { domains: Record<string, number> } } = JSON.parse(await status.text());
    const response = await fetch(`http://127.0.0.1:${endpoints.domains[domainOf('doors')]}/`);
    expect(await response.text()).toBe('<h1>door</h1>');
  });
});

describe('aliases, promote and rollback', () => {
  it('does not take the domains when told so, and takes them by promote', async () => {
    await createProject('staged');
    await deployReady('staged', 'a');
    const staged = await deployReady('staged', 'b', { target: 'production', autoAssignCustomDomains: false });
    expect(staged['readySubstate']).toBe('STAGED');
    expect((await page(domainOf('staged'))).text).toBe('<h1>a</h1>');
    expect((await vercel.call('POST', `/v10/projects/staged/promote/${String(staged['id'])}`)).status).toBe(201);
    expect((await vercel.moved('staged')).body['lastAliasRequest']).toMatchObject({
      jobStatus: 'succeeded',
      type: 'promote',
      toDeploymentId: staged['id'],
    });
    expect((await page(domainOf('staged'))).text).toBe('<h1>b</h1>');
    expect((await vercel.call('POST', `/v10/projects/staged/promote/${String(staged['id'])}`)).status).toBe(409);
  });

  it('rolls back, pins the domains, and assigns again after a promote', async () => {
    await createProject('pinned');
    const first = await deployReady('pinned', 'a');
    await deployReady('pinned', 'b');
    expect((await vercel.call('POST', `/v9/projects/pinned/rollback/${String(first['id'])}`, {})).status).toBe(201);
    const { body } = await vercel.moved('pinned');
    expect(body).toMatchObject({ autoAssignCustomDomains: false, lastAliasRequest: { type: 'rollback', jobStatus: 'succeeded' } });
    expect((await page(domainOf('pinned'))).text).toBe('<h1>a</h1>');
    const third = await deployReady('pinned', 'c');
    expect((await page(domainOf('pinned'))).text).toBe('<h1>a</h1>');
    await vercel.call('POST', `/v10/projects/pinned/promote/${String(third['id'])}`);
    expect((await vercel.moved('pinned')).body).toMatchObject({ autoAssignCustomDomains: true });
    expect((await page(domainOf('pinned'))).text).toBe('<h1>c</h1>');
  });

  it('loses no request while an alias moves, and every move counts at once', async () => {
    const { asked, lost, late } = await moveAlias(cloud.endpoints, 100);

    expect({ lost, late }).toEqual({ lost: [], late: 0 });
    expect(asked).toBeGreaterThan(10);
  });
});

describe('after kill -9', () => {
  it('has everything that was acknowledged', async () => {
    await createProject('survives');
    const deployment = await deployReady('survives', 'alive', { target: 'production', meta: { release: 'r9' } });
    expect((await page(deployment['url'], '/api/env?throw')).status).toBe(500);
    const logsPath = `/v1/projects/survives/deployments/${String(deployment['id'])}/runtime-logs`;
    const logsOf = async () => {
      const { apiUrl, token } = cloud.endpoints.vercel;
      return await (await fetch(`${apiUrl}${logsPath}`, { headers: { authorization: `Bearer ${token}` } })).text();
    };
    const logged = await until('the line that the function wrote', async () =>
      (await logsOf()).includes('planned') ? await logsOf() : undefined,
    );
    process.kill(cloud.endpoints.pid, 'SIGKILL');
    const endpoints = await ensureCloud(cloudOptions(cloud.stateDir));
    expect(endpoints).toMatchObject({ vercel: cloud.endpoints.vercel, gateway: cloud.endpoints.gateway });
    expect(endpoints.pid).not.toBe(cloud.endpoints.pid);
    expect((await vercel.call('GET', `/v13/deployments/${String(deployment['id'])}`)).body).toMatchObject({
      readyState: 'READY',
      meta: { release: 'r9' },
    });
    expect(JSON.parse((await page(domainOf('survives'), '/api/env')).text)).toMatchObject({ marker: 'alive' });
    expect((await logsOf()).startsWith(logged), 'the functions’ log').toBe(true);
  }, 30_000);
});
