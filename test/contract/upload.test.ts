import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { appendFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApiLimits } from '../../src/adapters/http/api-client.ts';
import { listOutputFiles } from '../../src/adapters/vercel/output-files.ts';
import { vercelApi } from '../../src/adapters/vercel/vercel-api.ts';
import { vercelDeployments } from '../../src/adapters/vercel/vercel-deployments.ts';
import type { UploadProgress } from '../../src/core/ports/hosting.ts';
import { steppingClock } from '../fakes/clocks.ts';
import type { ServerResponse } from 'node:http';
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

const list = async () => (await listOutputFiles(output, signal)).files;
const names = async () => (await list()).map(({ file }) => file);

describe('what goes up', () => {
  test('every file with its path from the project’s root, sha1, size and mode', async () => {
    await add('static/a b/ü.txt', 'hello');
    await add('static/empty', '');
    await add('static/big.bin', Buffer.alloc(2_500_000, 7));

    const files = await list();

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

    const links = (await list()).filter(({ source }) => source.kind === 'text');

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

  test('environment files are taken out of what a function names, as Next.js lays them in, and named', async () => {
    const config = {
      runtime: 'nodejs24.x',
      filePathMap: { '.env.staging': '.env.staging', a: 'web/.env.local', b: 'web/.env', 'x.js': 'x.js' },
    };
    await writeFile(join(output, '../../.env.staging'), 'SECRET=1');
    await writeFile(join(output, '../../x.js'), '');
    await add('functions/a.func/.vc-config.json', JSON.stringify(config));

    const { files, leftOut } = await listOutputFiles(output, signal);

    const sent = files.find(({ file }) => file.endsWith('.vc-config.json'));
    const text = JSON.stringify({ runtime: 'nodejs24.x', filePathMap: { 'x.js': 'x.js' } });
    expect(files.map(({ file }) => file)).toEqual([
      '.vercel/output/config.json',
      '.vercel/output/functions/a.func/.vc-config.json',
      'x.js',
    ]);
    expect(leftOut).toEqual(['.env.staging', 'web/.env', 'web/.env.local']);
    expect(sent).toMatchObject({ sha: sha1(text), size: text.length, source: { kind: 'text', text } });
  });

  test.each([
    ['id_rsa', 'DEPLOY_SECRET_LISTED'],
    ['../outside', 'DEPLOY_FILE_REFUSED'],
    ['/etc/passwd', 'DEPLOY_FILE_REFUSED'],
  ])('a function that names %s is refused', async (value, code) => {
    await writeFile(join(output, '../../id_rsa'), 'SECRET=1');
    await writeFile(join(base, 'outside'), 'x');
    await add('functions/a.func/.vc-config.json', JSON.stringify({ filePathMap: { a: value } }));

    await expect(names()).rejects.toMatchObject({ kind: 'refused', code });
  });

  test('names that differ in case alone are two files', async () => {
    await add('static/Logo.svg', 'a');
    await add('static/logo.svg', 'b');

    expect(await names()).toEqual(['.vercel/output/config.json', '.vercel/output/static/Logo.svg', '.vercel/output/static/logo.svg']);
  });

  test('a name that is not UTF-8 is refused, shown escaped', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${output}/`), Buffer.from([0x61, 0xff, 0x1b, 0x62])]), 'x');

    await expect(names()).rejects.toMatchObject({
      kind: 'refused',
      code: 'DEPLOY_FILE_REFUSED',
      message: expect.stringMatching(/a\uFFFD\\u\{1b\}b cannot be uploaded: its name is not UTF-8/),
    });
  });

  test('a file that may not be read is refused by name', async () => {
    await add('static/closed', 'x');
    await chmod(join(output, 'static/closed'), 0);
    const listing = asNobody(() => names());

    await expect(listing).rejects.toMatchObject({
      kind: 'refused',
      code: 'DEPLOY_FILE_REFUSED',
      message: expect.stringMatching(/static\/closed cannot be uploaded: it cannot be read \(EACCES\)/),
    });
  });

  test('files that vanish while they are listed are named, and it is red', async () => {
    for (let index = 0; index < 300; index += 1) await add(`static/${index}`, `${index}`);
    // Asked between the files as between the folders: the third time, both folders were read and no file was.
    let asked = 0;
    const throwIfAborted = () => {
      asked += 1;
      if (asked === 3) rmSync(join(output, 'static'), { recursive: true });
    };

    const listing = listOutputFiles(output, Object.assign(new AbortController().signal, { throwIfAborted }));

    await expect(listing).rejects.toMatchObject({ kind: 'red', code: 'DEPLOY_FILE_CHANGED', message: expect.stringContaining('static') });
  });

  test('2,000 files are listed', async () => {
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => add(`static/${index % 50}/${index}.txt`, `${index}`)));

    expect(await names()).toHaveLength(2_001);
  });
});

/** Runs work as a user who may not read everything; root may. */
async function asNobody<Value>(work: () => Promise<Value>): Promise<Value> {
  if (process.geteuid?.() !== 0) return work();
  await Promise.all([base, join(output, '../..'), join(output, '..'), output].map((folder) => chmod(folder, 0o755)));
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** A Vercel that misses everything it has not been sent; `upload` may misbehave first. */
type Upload = (number: number, ...rest: [...Parameters<Answer>, stored: Set<string>]) => boolean;

async function vercelThat(upload: Upload = () => false, limits: Partial<ApiLimits> = {}) {
  const stored = new Set<string>();
  const created: unknown[] = [];
  let uploads = 0;
  server = await startLoopbackServer((request, response, number, incoming) => {
    if (request.path === '/v2/files') {
      uploads += 1;
      if (upload(uploads, request, response, number, incoming, stored)) return;
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
  const api = vercelApi({ token: 'jvlocal_x', team: 'team_1', localUrl: server.url, clock, limits });
  const progress: UploadProgress[] = [];
  const create = (meta: Record<string, string> = {}, from = signal, through?: string) =>
    vercelDeployments(through === undefined ? api : vercelApi({ token: 'jvlocal_x', team: 'team_1', localUrl: through, clock })).create(
      { projectId: 'prj_1', projectName: 'app', outputDir: output, meta },
      (each) => progress.push(each),
      from,
    );
  const seen = server.seen;
  return { create, progress, clock, created, seen, uploadsSeen: () => seen.filter(({ path }) => path === '/v2/files').length };
}

/** A front that passes connections on and cuts one when `cut` says so of the bytes that it has carried of uploads. */
async function startCuttingFront(target: string, cut: (sentBytes: number) => boolean) {
  const { port } = new URL(target);
  const front = createServer((incoming) => {
    const outgoing = connect(Number(port), '127.0.0.1');
    let sent = -1;
    const end = () => {
      incoming.destroy();
      outgoing.destroy();
    };
    incoming.on('data', (chunk: Buffer) => {
      const isUpload = chunk.subarray(0, 40).toString('latin1').startsWith('POST /v2/files');
      if (isUpload) sent = 0;
      else if (sent >= 0) sent += chunk.length;
      if (sent >= 0 && cut(isUpload ? 1 : sent)) end();
      else outgoing.write(chunk);
    });
    outgoing.pipe(incoming);
    for (const socket of [incoming, outgoing]) socket.on('error', end).on('close', end);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const address = front.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return { url: `http://127.0.0.1:${address.port}`, close: async () => void front.close() };
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
    expect(progress.at(-1)).toMatchObject({ files: 3, filesToSend: 2, sent: 2, bytesToSend: 17 });
  });

  test('says which paths differ in case alone, and sends each', async () => {
    await add('static/Logo.svg', 'a');
    await add('static/logo.svg', 'b');
    const { create, progress, uploadsSeen } = await vercelThat();

    await create({ jvRelease: 'rel_1' });

    expect(uploadsSeen()).toBe(3);
    expect(progress[0]?.alike).toEqual([['.vercel/output/static/Logo.svg', '.vercel/output/static/logo.svg']]);
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

  test.each([
    ['seconds', '7', 7_000],
    ['an HTTP date', 'Sun, 22 Nov 2026 00:00:09 GMT', 9_000],
    ['a negative number', '-5', 0],
    ['nothing', undefined, 250],
  ])('waits as long as a 429 asks for (%s), says so once, and goes on', async (_what, after, waitedMs) => {
    for (let index = 0; index < 20; index += 1) await add(`static/${index}`, `${index}`);
    const { create, progress, clock, uploadsSeen } = await vercelThat((number, _request, response) => {
      if (number > 10) return false;
      sendJson(response, 429, {}, after === undefined ? {} : { 'retry-after': after });
      return true;
    });

    await expect(create()).resolves.toMatchObject({ id: 'dpl_1' });

    expect(uploadsSeen()).toBe(21 + 10);
    expect(Math.max(...clock.waits)).toBeGreaterThanOrEqual(waitedMs / 2);
    expect(Math.max(...clock.waits)).toBeLessThanOrEqual(Math.max(waitedMs, 8_000));
    const said = progress.flatMap(({ waiting }) => waiting ?? []);
    expect(said.length).toBe(waitedMs >= 1_000 ? 1 : 0);
    for (const line of said) expect(line).toMatch(/^Vercel asks to wait \d+ s \(POST \/v2\/files\)\.$/);
  });

  test.each([1, 5])('outlasts %i failures of the vendor on one file', async (failures) => {
    await add('static/a', 'a');
    let failed = 0;
    const { create, uploadsSeen } = await vercelThat((_number, request, response) => {
      if (request.body !== 'a' || failed >= failures) return false;
      failed += 1;
      sendJson(response, 502, {});
      return true;
    });

    await expect(create()).resolves.toMatchObject({ id: 'dpl_1' });
    expect(uploadsSeen()).toBe(2 + failures);
  });

  test('ends with 4, the vendor’s words and the request’s id when it fails for ever', async () => {
    await add('static/a', 'a');
    const { create, uploadsSeen, created } = await vercelThat((_number, _request, response) => {
      sendJson(response, 500, { error: { code: 'internal', message: 'Broken \u001B[31m' } }, { 'x-vercel-id': 'iad1::abc-123' });
      return true;
    });

    await expect(create()).rejects.toMatchObject({
      exitCode: 4,
      code: 'VERCEL_REQUEST_FAILED',
      message: expect.stringMatching(/POST \/v2\/files with status 500: Broken \\u\{1b\}\[31m \(request iad1::abc-123\)/),
    });
    expect(created).toEqual([]);
    expect(uploadsSeen()).toBeLessThanOrEqual(2 * 8);
  });

  test('a file that arrived although the answer was a 500 is sent once more, and stands once', async () => {
    await add('static/a', 'a');
    const { create, uploadsSeen } = await vercelThat((number, request, response, _count, _incoming, stored) => {
      if (number !== 1) return false;
      stored.add(String(request.headers['x-vercel-digest']));
      sendJson(response, 500, {});
      return true;
    });

    await expect(create()).resolves.toMatchObject({ id: 'dpl_1' });
    expect(uploadsSeen()).toBe(3);
  });

  test.each(['before the body', 'in the body', 'at the end of the body'])('outlasts a connection that is cut %s', async (when) => {
    await add('static/big', Buffer.alloc(3_000_000, 1));
    let cuts = 0;
    const { create } = await vercelThat();
    const cutting = await startCuttingFront(server?.url ?? '', (sent) => {
      const cut = cuts < 3 && (when === 'at the end of the body' ? sent >= 2_900_000 : sent > (when === 'in the body' ? 200_000 : 0));
      if (cut) cuts += 1;
      return cut;
    });

    await expect(create({}, signal, cutting.url)).resolves.toMatchObject({ id: 'dpl_1' });

    expect(cuts).toBe(3);
    await cutting.close();
  });

  test.each([
    ['accepts and never answers', () => undefined],
    ['sends headers alone', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()],
    [
      'drips a byte at a time',
      (response: ServerResponse) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('a vendor that %s is given up within the bound, with 4', async (_what, behave) => {
    for (let index = 0; index < 40; index += 1) await add(`static/${index}`, `${index}`);
    const { create } = await vercelThat(
      (_number, _request, response) => {
        behave(response);
        return true;
      },
      { attemptMs: 150 },
    );
    const startedMs = performance.now();

    await expect(create()).rejects.toMatchObject({
      exitCode: 4,
      code: 'VERCEL_UNREACHABLE',
      message: expect.stringContaining('POST /v2/files'),
    });
    expect(performance.now() - startedMs).toBeLessThan(20_000);
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
    appendFileSync(join(output, 'static/a'), 'more');

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
