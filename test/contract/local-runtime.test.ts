import { setTimeout as pause } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edgeApp } from '../support/edge-app.ts';
import type { TestCloud } from '../support/local-cloud.ts';
import { startTestCloud } from '../support/local-cloud.ts';
import { until } from '../support/until.ts';
import { vercelClient, visit } from '../support/vercel-client.ts';

let cloud: TestCloud;
let host: string;

beforeAll(async () => {
  cloud = await startTestCloud();
  const vercel = vercelClient(cloud.endpoints);
  await vercel.call('POST', '/v11/projects', { name: 'edge' });
  await vercel.call('POST', '/v10/projects/edge/env', { key: 'PROJECT', value: 'of the project', type: 'plain', target: ['production'] });
  const created = await vercel.deploy('edge', edgeApp());
  const { body } = await vercel.settled(created.body['id']);
  expect(body).toMatchObject({ readyState: 'READY' });
  host = String(body['url']);
}, 90_000);
afterAll(() => cloud.stop(), 30_000);

const page = (path: string, options?: Parameters<typeof visit>[3]) => visit(cloud.endpoints, host, path, options);

describe('an edge function', () => {
  it("finds the edge runtime's globals, its own files and variables, and nothing of Node", async () => {
    const answer = await page('/api/edge?x=1');

    expect(JSON.parse(answer.text)).toEqual({
      runtime: 'edge-runtime',
      note: 'a note',
      stored: 'kept',
      wasm: true,
      own: 'edge',
      project: 'of the project',
      path: null,
      node: 'undefined',
      contextUrl: `http://${host}/api/edge?x=1`,
      waits: 'function',
      url: `http://${host}/api/edge?x=1`,
    });
  });

  it('reads a body, refuses a method that it has not, and may listen for fetch events instead', async () => {
    const body = 'x'.repeat(200_000);

    expect(await page('/api/edge', { method: 'POST', body })).toMatchObject({ status: 201, text: body });
    expect(await page('/api/edge', { method: 'DELETE' })).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
    expect(await page('/api/worker', { method: 'PUT' })).toMatchObject({ status: 200, text: 'worker PUT' });
  });
});

describe('middleware', () => {
  it('lets a request pass, adding headers', async () => {
    expect(await page('/guarded/page.txt')).toMatchObject({
      status: 200,
      text: 'page',
      headers: { 'x-guard': 'passed', 'x-rules': 'yes' },
    });
    expect(await page('/guarded/silent.txt')).toMatchObject({ status: 404 });
  });

  it('answers by itself, redirects and rewrites', async () => {
    expect(await page('/guarded/no')).toMatchObject({
      status: 401,
      text: 'no entry for guard',
      headers: { 'set-cookie': ['a=1', 'b=2'], 'x-rules': 'yes' },
    });
    expect(await page('/guarded/away')).toMatchObject({ status: 307, headers: { location: `http://${host}/guarded/page.txt` } });
    expect(await page('/guarded/else')).toMatchObject({ status: 200, text: 'other' });
  });

  it('may run on Node, and says which headers the function sees', async () => {
    const seen = JSON.parse(
      (await page('/node-guarded/x', { headers: { 'x-user': 'forged', 'x-gone': '1', 'x-matched-path': '/y' } })).text,
    );

    expect(seen).toMatchObject({ 'x-user': 'node', 'x-forwarded-host': host, 'x-matched-path': '/headers' });
    expect(seen).not.toHaveProperty('x-gone');
  });

  it("fails in the vendor's shape", async () => {
    expect(await page('/guarded/throw')).toMatchObject({ status: 500, headers: { 'x-vercel-error': 'MIDDLEWARE_INVOCATION_FAILED' } });
  });
});

describe('an image', () => {
  it('is served as it is, in the sizes and qualities that are allowed', async () => {
    expect(await page('/_vercel/image?url=%2Fdot.png&w=640&q=75')).toMatchObject({
      status: 200,
      text: 'a picture',
      headers: { 'content-type': 'image/png', 'content-security-policy': "script-src 'none'", 'content-disposition': 'attachment' },
    });
    for (const wrong of [
      'url=%2Fdot.png&w=641&q=75',
      'url=%2Fdot.png&w=640&q=80',
      'url=%2Fdot.svg&w=640&q=75',
      'url=https%3A%2F%2Fother.example%2Fx.png&w=640&q=75',
      'w=640&q=75',
    ]) {
      expect(await page(`/_next/image?${wrong}`)).toMatchObject({
        status: 400,
        headers: { 'x-vercel-error': 'INVALID_IMAGE_OPTIMIZE_REQUEST' },
      });
    }
  });
});

describe('a prerendered function', () => {
  it('shows what the build made, then what it made behind the visitor, who is not told apart', async () => {
    const cookie = { headers: { cookie: 'session=mine' } };
    const kept = async () => {
      const answer = await page('/counter?kind=a&other=1', cookie);
      return answer.text.startsWith('{') ? answer : undefined;
    };
    expect(await page('/counter?kind=a', cookie)).toMatchObject({ text: 'made while building', headers: { 'x-initial': 'yes' } });

    const made = await until('the page made anew', kept);
    await pause(1_100);
    const stale = await page('/counter?kind=a', cookie);

    expect(JSON.parse(made.text)).toMatchObject({ url: '/counter?kind=a', cookie: null, matched: '/counter' });
    expect(made.headers['set-cookie']).toBeUndefined();
    expect(stale).toMatchObject({ text: made.text, headers: { 'x-vercel-cache': 'STALE' } });
    await until('a later page', async () => ((await kept())?.text === made.text ? undefined : true));
  });

  it('keeps a page without a fallback for ever, asks once however many come, and passes by what changes something', async () => {
    const together = await Promise.all(Array.from({ length: 8 }, () => page('/fresh?n=1')));

    expect(new Set(together.map(({ text }) => text)).size).toBe(1);
    expect(await page('/fresh?n=1')).toMatchObject({ text: together[0]?.text, headers: { 'x-vercel-cache': 'HIT' } });
    const known = { headers: { 'if-none-match': String(together[0]?.headers['etag']) } };
    expect(await page('/fresh?n=1', known)).toMatchObject({ status: 304, text: '' });
    expect((await page('/fresh?n=2')).text).not.toBe(together[0]?.text);
    expect((await page('/fresh?n=1', { method: 'POST' })).text).not.toBe(together[0]?.text);
    expect(await page('/fresh?n=fail')).toMatchObject({ status: 503 });
    expect((await page('/fresh?n=fail')).headers['x-vercel-cache']).toBe('MISS');
  });

  it('is made anew for whoever shows its secret', async () => {
    const revalidate = { 'x-prerender-revalidate': 'secret-token' };
    expect(await page('/counter', { headers: revalidate })).toMatchObject({ status: 200, headers: { 'x-vercel-cache': 'REVALIDATED' } });
    expect((await page('/counter', { headers: { 'x-prerender-revalidate': 'wrong' } })).headers['x-vercel-cache']).not.toBe('REVALIDATED');

    const draft = await page('/counter', { headers: { cookie: '__prerender_bypass=secret-token' } });

    expect(JSON.parse(draft.text)).toMatchObject({ cookie: '__prerender_bypass=secret-token' });
  });
});

describe('a static file', () => {
  it.each([
    ['br', 'gzip, deflate, br;q=0.9', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip', 'br;q=0, gzip', gunzipSync],
  ])('goes out as %s to whoever takes %s', async (encoding, accepted, decompress) => {
    const sent = await page('/dot.svg', { headers: { 'accept-encoding': accepted } });
    const head = await page('/dot.svg', { method: 'HEAD', headers: { 'accept-encoding': accepted } });

    expect(sent).toMatchObject({ status: 200, headers: { 'content-encoding': encoding, 'content-length': String(sent.bytes.length) } });
    expect(decompress(sent.bytes).toString()).toBe('<svg xmlns="http://www.w3.org/2000/svg"/>');
    expect(head).toMatchObject({ text: '', headers: { 'content-encoding': encoding, 'content-length': String(sent.bytes.length) } });
  });

  it('goes out as it is to whoever takes nothing else, and when it is compressed already', async () => {
    const plain = await page('/dot.svg');
    const picture = await page('/dot.png', { headers: { 'accept-encoding': 'br' } });

    expect([plain.text, picture.text]).toEqual(['<svg xmlns="http://www.w3.org/2000/svg"/>', 'a picture']);
    for (const { headers } of [plain, picture]) expect(headers['content-encoding']).toBeUndefined();
  });
});
