import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listOutputFiles } from '../../src/adapters/vercel/output-files.ts';
import { vercelApi } from '../../src/adapters/vercel/vercel-api.ts';
import { vercelDeployments } from '../../src/adapters/vercel/vercel-deployments.ts';
import type { UploadProgress } from '../../src/core/ports/hosting.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { type Answer, type LoopbackServer, sendJson, startLoopbackServer } from '../support/loopback-server.ts';

const { signal } = new AbortController();
const sha1 = (text: string | Buffer) => createHash('sha1').update(text).digest('hex');
let base: string;
let output: string;
let count = 0;
let server: LoopbackServer | undefined;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'jv-upload-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  output = join(base, String(count), '.vercel/output');
  await add('config.json', '{"version":3}');
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function add(path: string, content: string | Buffer): Promise<void> {
  await mkdir(join(output, path, '..'), { recursive: true });
  await writeFile(join(output, path), content);
}

const names = async () => (await listOutputFiles(output, signal)).map(({ file }) => file);

describe('what goes up', () => {
  test('every file with its path from the project’s root, sha1, size and mode', async () => {
    await add('static/a b/ü.txt', 'hello');
    await add('static/empty', '');
    await add('static/big.bin', Buffer.alloc(2_500_000, 7));

    const files = await listOutputFiles(output, signal);

    expect(files.map(({ file, sha, size }) => ({ file, sha, size }))).toEqual([
      { file: '.vercel/output/config.json', sha: sha1('{"version":3}'), size: 13 },
      { file: '.vercel/output/static/a b/ü.txt', sha: sha1('hello'), size: 5 },
      { file: '.vercel/output/static/big.bin', sha: sha1(Buffer.alloc(2_500_000, 7)), size: 2_500_000 },
      { file: '.vercel/output/static/empty', sha: sha1(''), size: 0 },
    ]);
    expect(files.every(({ mode }) => (mode & 0o170000) === 0o100000)).toBe(true);
  });

  test('a link goes up as a link, with the text of its target as content', async () => {
    await add('functions/a.func/index.js', 'x');
    await symlink('a.func', join(output, 'functions/b.func'));
    await symlink(join(output, 'functions/a.func'), join(output, 'functions/c.func'));

    const links = (await listOutputFiles(output, signal)).filter(({ source }) => source.kind === 'link');

    expect(links.map(({ file, sha, size, mode }) => ({ file, sha, size, type: mode & 0o170000 }))).toEqual([
      { file: '.vercel/output/functions/b.func', sha: sha1('a.func'), size: 6, type: 0o120000 },
      { file: '.vercel/output/functions/c.func', sha: sha1('a.func'), size: 6, type: 0o120000 },
    ]);
  });

  test('a loop of links is refused, not followed for ever', async () => {
    await symlink('two', join(output, 'one'));
    await symlink('one', join(output, 'two'));

    await expect(names()).rejects.toMatchObject({ kind: 'refused', code: 'DEPLOY_FILE_REFUSED' });
  });

  test.each([
    ['outside of the project', '/etc/passwd'],
    ['outside by a relative path', '../../../../outside'],
    ['nowhere', 'gone'],
  ])('a link that leads %s is refused by name', async (_name, target) => {
    await writeFile(join(base, 'outside'), 'x');
    await symlink(target, join(output, 'link'));

    await expect(names()).rejects.toMatchObject({
      kind: 'refused',
      code: 'DEPLOY_FILE_REFUSED',
      message: expect.stringContaining(join(output, 'link')),
    });
  });

  test('a pipe is refused instead of being waited for', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(output, 'pipe')]);

    await expect(names()).rejects.toMatchObject({ kind: 'refused', code: 'DEPLOY_FILE_REFUSED' });
  });

  test.each([
    '.env',
    '.env.local',
    '.env.production',
    'server.pem',
    'private.key',
    'id_rsa',
    'id_ed25519',
    '.npmrc',
    '.git/config',
    '.jv-staging/journal/a',
    '.ssh/config',
    '.aws/credentials',
  ])('%s never goes up', async (path) => {
    await add(`static/${path}`, 'secret');
    await add('static/environment.js', 'x');

    expect(await names()).toEqual(['.vercel/output/config.json', '.vercel/output/static/environment.js']);
  });

  test('files outside the output that a function names go up under their path from the root', async () => {
    const root = join(output, '../..');
    await mkdir(join(root, 'node_modules/pkg'), { recursive: true });
    await writeFile(join(root, 'node_modules/pkg/index.js'), 'module.exports = 1');
    await writeFile(join(root, 'node_modules/pkg/ca.pem'), 'a public certificate, but not sent');
    await add(
      'functions/a.func/.vc-config.json',
      JSON.stringify({
        filePathMap: { 'x/y.js': 'node_modules/pkg/index.js', ca: 'node_modules/pkg/ca.pem', self: '.vercel/output/config.json' },
      }),
    );

    expect(await names()).toEqual([
      '.vercel/output/config.json',
      '.vercel/output/functions/a.func/.vc-config.json',
      'node_modules/pkg/index.js',
    ]);
  });

  test.each([
    ['.env.local', 'DEPLOY_SECRET_LISTED'],
    ['../outside', 'DEPLOY_FILE_REFUSED'],
    ['/etc/passwd', 'DEPLOY_FILE_REFUSED'],
  ])('a function that names %s is refused', async (value, code) => {
    await writeFile(join(output, '../../.env.local'), 'SECRET=1');
    await writeFile(join(base, 'outside'), 'x');
    await add('functions/a.func/.vc-config.json', JSON.stringify({ filePathMap: { a: value } }));

    await expect(names()).rejects.toMatchObject({ kind: 'refused', code });
  });

  test('2,000 files are listed', async () => {
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => add(`static/${index % 50}/${index}.txt`, `${index}`)));

    expect(await names()).toHaveLength(2_001);
  });
});

/** A Vercel that misses everything it has not been sent; `upload` may misbehave first. */
async function vercelThat(upload: (number: number, ...rest: Parameters<Answer>) => boolean = () => false) {
  const stored = new Set<string>();
  const created: unknown[] = [];
  let uploads = 0;
  server = await startLoopbackServer((request, response, number, incoming) => {
    if (request.path === '/v2/files') {
      uploads += 1;
      if (upload(uploads, request, response, number, incoming)) return;
      const sha = String(request.headers['x-vercel-digest']);
      stored.add(sha);
      sendJson(response, 200, { urls: [] });
      return;
    }
    if (request.method === 'GET') {
      sendJson(response, 200, { deployments: created, pagination: { next: null } });
      return;
    }
    const body: { files: { sha: string }[]; meta: Record<string, string> } = JSON.parse(request.body);
    const missing = [...new Set(body.files.map(({ sha }) => sha).filter((sha) => !stored.has(sha)))];
    if (missing.length > 0) {
      sendJson(response, 400, { error: { code: 'missing_files', message: 'Missing files', missing } });
      return;
    }
    created.push({ uid: 'dpl_1', url: 'app-1.vercel.app', state: 'QUEUED', created: 1, meta: body.meta });
    if (body.meta['lose'] === 'reply') response.destroy();
    else if (body.meta['lose'] === 'status') sendJson(response, 500, {});
    else sendJson(response, 200, { id: 'dpl_1', url: 'app-1.vercel.app', readyState: 'QUEUED', createdAt: 1, meta: body.meta });
  });
  const clock = steppingClock();
  const api = vercelApi({ token: 'jvlocal_x', team: 'team_1', localUrl: server.url, clock });
  const progress: UploadProgress[] = [];
  const create = (meta: Record<string, string> = {}, from = signal) =>
    vercelDeployments(api).create({ projectId: 'prj_1', projectName: 'app', outputDir: output, meta }, (each) => progress.push(each), from);
  const seen = server.seen;
  return { create, progress, clock, created, seen, uploadsSeen: () => seen.filter(({ path }) => path === '/v2/files').length };
}

describe('the upload', () => {
  test('sends what is missing once, each content with its digest, and says how far it is', async () => {
    await add('static/a', 'same');
    await add('static/b', 'same');
    const { create, progress, seen, uploadsSeen } = await vercelThat();

    await expect(create({ jvRelease: 'rel_1' })).resolves.toMatchObject({ id: 'dpl_1', url: 'https://app-1.vercel.app', state: 'queued' });

    expect(uploadsSeen()).toBe(2);
    for (const request of seen.filter(({ path }) => path === '/v2/files')) {
      expect(request.headers['x-vercel-digest']).toBe(sha1(request.body));
      expect(request.headers['content-length']).toBe(String(request.body.length));
      expect(request.query['teamId']).toBe('team_1');
    }
    expect(progress.at(-1)).toEqual({ files: 3, filesToSend: 2, sent: 2, bytesToSend: 17 });
  });

  test('asks for a production deployment that does not take the domains, with the commit', async () => {
    const { create, seen } = await vercelThat();
    await create({ githubCommitSha: 'f'.repeat(40), githubCommitRef: 'develop', jvDirty: 'true' });

    expect(JSON.parse(seen.at(-1)?.body ?? '')).toMatchObject({
      target: 'production',
      project: 'prj_1',
      autoAssignCustomDomains: false,
      gitMetadata: { commitSha: 'f'.repeat(40), commitRef: 'develop', dirty: true },
    });
  });

  test('survives what stops the vendor’s own client: one 429, 500, 503 with HTML, and a cut connection', async () => {
    for (let index = 0; index < 20; index += 1) await add(`static/${index}`, `${index}`);
    const { create, uploadsSeen, clock } = await vercelThat((number, _request, response) => {
      if (number === 3) sendJson(response, 429, {}, { 'retry-after': '1' });
      else if (number === 5) sendJson(response, 500, {});
      else if (number === 7) response.writeHead(503, { 'content-type': 'text/html' }).end('<html>\u001B[31m');
      else if (number === 9) response.destroy();
      else return false;
      return true;
    });

    await expect(create()).resolves.toMatchObject({ id: 'dpl_1' });
    expect(uploadsSeen()).toBe(21 + 4);
    expect(clock.waits).toContain(1000);
  });

  test('a limit without end stops it, naming the reset, and what arrived is not sent again by the next run', async () => {
    for (let index = 0; index < 100; index += 1) await add(`static/${index}`, `${index}`);
    let limited = true;
    const { create, uploadsSeen } = await vercelThat((number, _request, response) => {
      if (!limited || number <= 40) return false;
      sendJson(response, 429, { error: { code: 'rate_limited', message: 'Too many uploads' } }, { 'retry-after': '86400' });
      return true;
    });

    await expect(create()).rejects.toMatchObject({
      kind: 'vendor',
      code: 'VERCEL_RATE_LIMITED',
      message: expect.stringContaining('until 2026-11-23T00:00:00.000Z: Too many uploads'),
    });
    const first = uploadsSeen();
    limited = false;
    await create();

    expect(first).toBeLessThanOrEqual(40 + 32);
    expect(uploadsSeen() - first).toBe(101 - 40);
  });

  test('a refused token stops it with one error, not one a file', async () => {
    for (let index = 0; index < 100; index += 1) await add(`static/${index}`, `${index}`);
    const { create, uploadsSeen } = await vercelThat((_number, _request, response) => {
      sendJson(response, 403, { error: { code: 'forbidden', message: 'Not authorized', invalidToken: true } });
      return true;
    });

    await expect(create()).rejects.toMatchObject({ kind: 'missing', code: 'VERCEL_FORBIDDEN' });
    expect(uploadsSeen()).toBeLessThanOrEqual(32);
  });

  test.each(['reply', 'status'])(
    'a deployment that was created although its %s was lost is found by its meta, not created again',
    async (lose) => {
      const { create, created } = await vercelThat();

      await expect(create({ jvRelease: 'rel_1', lose })).resolves.toMatchObject({ id: 'dpl_1', meta: { jvRelease: 'rel_1' } });
      expect(created).toHaveLength(1);
    },
  );

  test.each([
    ['small', 100],
    ['large', 3_000_000],
  ])('a %s file that changes while it is sent is DEPLOY_FILE_CHANGED', async (_name, size) => {
    await add('static/a', Buffer.alloc(size, 1));
    const { create } = await vercelThat();
    const deploying = create();
    // After hashing and before sending: the create call in between takes a round trip.
    while (server?.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await appendFile(join(output, 'static/a'), 'more');

    await expect(deploying).rejects.toMatchObject({
      kind: 'red',
      code: 'DEPLOY_FILE_CHANGED',
      message: expect.stringContaining('static/a'),
    });
  });

  test('an interruption ends it with its own reason', async () => {
    for (let index = 0; index < 100; index += 1) await add(`static/${index}`, `${index}`);
    const controller = new AbortController();
    const reason = new Error('stopped by the user');
    const { create } = await vercelThat((number) => {
      if (number === 10) controller.abort(reason);
      return number >= 10;
    });

    await expect(create({}, controller.signal)).rejects.toBe(reason);
  });

  test('a vendor that misses files for ever is given up', async () => {
    const { create, uploadsSeen } = await vercelThat((_number, _request, response) => {
      sendJson(response, 200, {});
      return true;
    });

    await expect(create()).rejects.toMatchObject({ kind: 'vendor', code: 'VERCEL_UPLOAD_LOST' });
    expect(uploadsSeen()).toBe(3);
  });
});
