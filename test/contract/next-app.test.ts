import { readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { appSource } from '../../src/adapters/source/app-source.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { listOutputFiles } from '../../src/adapters/vercel/output-files.ts';
import { vercelApi } from '../../src/adapters/vercel/vercel-api.ts';
import { vercelDeployments } from '../../src/adapters/vercel/vercel-deployments.ts';
import { buildVariables } from '../../src/core/build/variables.ts';
import type { TestCloud } from '../support/local-cloud.ts';
import { startTestCloud } from '../support/local-cloud.ts';
import { findComponent, requires } from '../support/requires.ts';
import { until } from '../support/until.ts';
import type { VercelCli } from '../support/vercel-cli.ts';
import { vercelCli } from '../support/vercel-cli.ts';
import { vercelClient, visit } from '../support/vercel-client.ts';

const app = join(import.meta.dirname, '../clients/next-app');
const output = join(app, '.vercel/output');
const it = requires('next', 'vercel-cli');
const isHere = findComponent('next') !== undefined && findComponent('vercel-cli') !== undefined;
let cloud: TestCloud;
let cli: VercelCli;
let host: string;

/** As the vendor documents it for CI: `pull`, `build`, `deploy --prebuilt` (vercel.com/docs/cli/deploying-from-cli). */
beforeAll(async () => {
  if (!isHere) return;
  await rm(join(app, '.vercel'), { recursive: true, force: true });
  cloud = await startTestCloud();
  cli = await vercelCli(cloud.endpoints, app);
  const vercel = vercelClient(cloud.endpoints);
  await vercel.call('POST', '/v11/projects', { name: 'next-app', framework: 'nextjs' });
  await vercel.call('POST', '/v10/projects/next-app/env', { key: 'GREETING', value: 'welcome', type: 'plain', target: ['production'] });
  await cli.ok('link', '--yes', '--project', 'next-app');
  await cli.ok('pull', '--yes', '--environment=production');
  await cli.ok('build', '--prod', '--yes');
  const said = await cli.ok('deploy', '--prebuilt', '--prod', '--yes');
  host = new URL(said.split('\n').at(-1) ?? '').host;
}, 300_000);
afterAll(async () => {
  await cli?.remove();
  await cloud?.stop();
}, 30_000);

const page = (path: string, options?: Parameters<typeof visit>[3]) => visit(cloud.endpoints, host, path, options);
const json = async (path: string, options?: Parameters<typeof visit>[3]) => JSON.parse((await page(path, options)).text);

describe('a Next.js app, built and deployed by the unchanged vercel command line', () => {
  it('shows a static page, its files, and its page for what is not there', async () => {
    const home = await page('/');
    expect(home).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'x-matched-path': '/' } });
    expect(home.text).toContain('Home of the Next app');
    const [script] = /\/_next\/static\/chunks\/[^"]+\.js/.exec(home.text) ?? [];
    expect(await page(script ?? '')).toMatchObject({ status: 200, headers: { 'cache-control': 'public,max-age=31536000,immutable' } });
    expect(await page('/plain.txt')).toMatchObject({ status: 200, text: 'plain file\n' });
    const lost = await page('/nowhere/at/all');
    expect(lost.status).toBe(404);
    expect(lost.text).toContain('Nothing lives here');
    expect(await page('/_next/static/chunks/gone.js')).toMatchObject({ status: 404, text: 'Not Found' });
  });

  it('renders dynamic pages, for browsers and for its own router, with the variables of the target', async () => {
    const post = await page('/blog/a%20post?page=3');
    expect(post.status).toBe(200);
    expect(post.text.replaceAll('<!-- -->', '')).toContain('Post a%20post, page 3, greeting welcome');
    const flight = await page('/blog/first', { headers: { rsc: '1' } });
    expect(flight).toMatchObject({ status: 200, headers: { 'content-type': 'text/x-component', 'x-matched-path': '/blog/[slug].rsc' } });
    expect(flight.text).toContain('first');
    const legacy = await page('/legacy/7?tag=x');
    expect(legacy.text.replaceAll('&quot;', '"').replaceAll('<!-- -->', '')).toContain('Legacy 7 {"tag":"x","id":"7"}');
  });

  it('answers API routes: JSON, a body, helpers of the pages router, the edge runtime', async () => {
    expect(await json('/api/time')).toMatchObject({ greeting: 'welcome', from: 'hello', region: 'iad1' });
    const big = 'x'.repeat(300_000);
    const echoed = await page('/api/echo', { method: 'POST', body: big, headers: { 'content-type': 'text/plain' } });
    expect(echoed.status).toBe(201);
    expect(JSON.parse(echoed.text)).toMatchObject({ body: big, from: 'hello' });
    const helped = { method: 'POST', body: '{"n":1}', headers: { 'content-type': 'application/json', cookie: 'c=2' } };
    expect(await json('/api/hello?a=1', helped)).toEqual({ query: { a: '1' }, cookies: { c: '2' }, body: { n: 1 } });
    expect(await json('/api/edge?x=1')).toMatchObject({
      edge: expect.any(String),
      greeting: 'welcome',
      url: `http://${host}/api/edge?x=1`,
    });
  });

  it('streams: each part arrives while the next is still being made', async () => {
    const parts = await timedParts('/api/stream');
    expect(parts.map(({ text }) => text).join('')).toBe('one\ntwo\nthree\n');
    expect((parts.at(-1)?.atMs ?? 0) - (parts[0]?.atMs ?? 0)).toBeGreaterThan(300);
  });

  it('asks its middleware: pass with other headers, rewrite, redirect, answer', async () => {
    expect(await page('/api/time')).toMatchObject({ headers: { 'x-saw': '/api/time', 'set-cookie': ['seen=1; Path=/'] } });
    expect(await page('/account')).toMatchObject({ status: 307, headers: { location: '/?signin=1' } });
    expect((await page('/account', { headers: { cookie: 'session=ann' } })).text.replaceAll('<!-- -->', '')).toContain('Account of ann');
    expect((await page('/mirror')).text.replaceAll('<!-- -->', '')).toContain('Post mirrored, page 9');
    expect(await page('/teapot')).toMatchObject({ status: 418, text: 'short and stout', headers: { 'x-tea': 'yes' } });
  });

  it('follows the rules of its configuration: redirects, rewrites, conditions, headers', async () => {
    expect(await page('/old/x?y=1')).toMatchObject({ status: 308, headers: { location: '/blog/x?y=1', 'x-powered-by-rules': 'yes' } });
    expect(await page('/blog/first/')).toMatchObject({ status: 308, headers: { location: '/blog/first' } });
    expect((await page('/posts/abc')).text.replaceAll('<!-- -->', '')).toContain('Post abc, page 2');
    expect((await page('/beta', { headers: { 'x-beta': 'zed' } })).text.replaceAll('<!-- -->', '')).toContain('Post zed, page 1');
    expect((await page('/beta')).status).toBe(404);
  });

  it('makes an ISR page anew behind the visitor once it is stale', async () => {
    const made = (text: string) => Number(/<b>(\d+)<\/b>/.exec(text)?.[1]);
    const first = made((await page('/news')).text);
    const second = await until('a later page', async () => {
      const answer = await page('/news');
      return made(answer.text) > first ? answer : undefined;
    });
    expect(['HIT', 'STALE']).toContain(second.headers['x-vercel-cache']);
    expect(second.headers).toMatchObject({ 'cache-control': 'public, max-age=0, must-revalidate', 'x-matched-path': '/news' });
  });

  it('is deployed by our own upload as well, links and files outside of the output included', async () => {
    const { vercel, gateway } = cloud.endpoints;
    const api = vercelApi({ token: vercel.token, team: vercel.teamId, localUrl: vercel.apiUrl, clock: systemClock });
    const deployments = vercelDeployments(api, (hostname) => `http://${hostname}:${gateway.port}`);
    const { signal } = new AbortController();
    const { body: project } = await vercelClient(cloud.endpoints).call('GET', '/v9/projects/next-app');
    const wanted = { projectId: String(project['id']), projectName: 'next-app', outputDir: output, meta: {} };
    try {
      const { id, url } = await deployments.create(wanted, () => undefined, signal);
      await until('the deployment', async () => ((await deployments.get(id, signal)).state === 'ready' ? true : undefined));
      const own = await visit(cloud.endpoints, new URL(url).hostname, '/blog/ours');
      expect(own.text.replaceAll('<!-- -->', '')).toContain('Post ours, page 1, greeting welcome');
      // The first deployment lives on beside it.
      expect((await page('/blog/theirs')).text.replaceAll('<!-- -->', '')).toContain('Post theirs');
    } finally {
      await api.close();
    }
  });
});

/** Values that a developer keeps beside the app: the tool that builds and `vercel pull` name theirs, too. */
const ofThisMachine = {
  '.env.local':
    'NEXT_PUBLIC_PLACE=jvleak-laptop\nNEXT_PUBLIC_MINE=jvleak-mine\nDATABASE_URL=postgres://jvleak-laptop\nVERCEL_TOKEN=jvleak-token\n',
  '.vercel/.env.production.local': 'NEXT_PUBLIC_PLACE=jvleak-production\nGREETING=jvleak-production\n',
};

describe('a Next.js app with the environment files of a developer beside it', () => {
  afterAll(() => rm(join(app, '.env.local'), { force: true }));

  it('is built with staging’s public variables and without any value of those files, and none goes up', { timeout: 240_000 }, async () => {
    for (const [name, text] of Object.entries(ofThisMachine)) await writeFile(join(app, name), text);
    const environment = { PATH: process.env['PATH'] ?? '', HOME: cli.home, VERCEL_TELEMETRY_DISABLED: '1', NEXT_TELEMETRY_DISABLED: '1' };
    const source = appSource({ dir: app, output, migrations: app, environment });
    const { signal } = new AbortController();

    const { variables, hidden } = buildVariables(await source.environmentFiles(signal), { NEXT_PUBLIC_PLACE: 'staging' });
    await source.build({ command: [findComponent('vercel-cli') ?? '', 'build', '--prod', '--yes'], variables }, () => undefined, signal);
    const { files, leftOut } = await listOutputFiles(output, signal);

    expect(hidden.map(({ file }) => file)).toEqual(['.vercel/.env.production.local', '.env.local']);
    expect(leftOut).toEqual(['.env.local']);
    const texts = await Promise.all(
      files.map(async ({ source: from, file }) => `${file}\n${from.kind === 'text' ? from.text : await readFile(from.path, 'latin1')}`),
    );
    expect(texts.length).toBeGreaterThan(50);
    expect(texts.filter((text) => text.includes('jvleak-'))).toEqual([]);
    expect(texts.some((text) => text.includes('Built for staging'))).toBe(true);
  });
});

function timedParts(path: string): Promise<readonly { readonly text: string; readonly atMs: number }[]> {
  const { host: address, port } = cloud.endpoints.gateway;
  return new Promise((resolve, reject) => {
    const parts: { text: string; atMs: number }[] = [];
    const asked = request({ host: address, port, path, headers: { host } }, (answer) => {
      answer.on('data', (chunk: Buffer) => parts.push({ text: chunk.toString(), atMs: performance.now() }));
      answer.once('end', () => resolve(parts));
      answer.once('error', reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}
