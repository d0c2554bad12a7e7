import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { lighthouseAudit } from '../../src/adapters/lighthouse/audit.ts';
import { startChrome } from '../../src/adapters/lighthouse/chrome.ts';
import { findChrome } from '../../src/adapters/lighthouse/find-chrome.ts';
import { judgePage } from '../../src/core/perf/judge.ts';
import { perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import { closeServer, listen, originOf } from '../support/delayed-server.ts';
import { requires } from '../support/requires.ts';

const test = requires('chrome');
const worker = fileURLToPath(new URL('../../src/adapters/lighthouse/worker.ts', import.meta.url));
const html = (title: string, link = '') =>
  `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>${title}</title>${link}</head><body><h1>${title}</h1><p>Text</p></body></html>`;
const none = new AbortController().signal;

/** Origin and request headers of everything that either server was asked. */
const asked: {
  readonly server: 'app' | 'elsewhere';
  readonly url: string;
  readonly cookie: string | undefined;
  readonly bypass: unknown;
}[] = [];
let app: Server;
let elsewhere: Server;

/** Temporary files of these tests alone: another run of the tests may be under way. */
const systemTemporary = process.env['TMPDIR'];

beforeAll(async () => {
  process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'jv-staging-test-lighthouse-'));
  elsewhere = createServer((request, response) => {
    asked.push({
      server: 'elsewhere',
      url: request.url ?? '',
      cookie: request.headers.cookie,
      bypass: request.headers['x-vercel-protection-bypass'],
    });
    response.writeHead(200, { 'content-type': 'text/css' }).end('h1 { color: navy }');
  });
  await listen(elsewhere);
  app = createServer((request, response) => {
    const { cookie } = request.headers;
    asked.push({ server: 'app', url: request.url ?? '', cookie, bypass: request.headers['x-vercel-protection-bypass'] });
    const answer = (status: number, body: string) => response.writeHead(status, { 'content-type': 'text/html' }).end(body);
    if (request.url === '/slow') setTimeout(() => answer(200, html('Slow')), 4000);
    else if (request.url === '/broken') answer(500, html('Broken'));
    else if (request.url === '/dashboard' && cookie !== 'jv_session=valid')
      response.writeHead(307, { location: '/sign-in?next=/dashboard' }).end();
    else answer(200, html('Fine', `<link rel="stylesheet" href="${originOf(elsewhere)}/font.css">`));
  });
  await listen(app);
});

afterAll(async () => {
  await closeServer(app);
  await closeServer(elsewhere);
  rmSync(tmpdir(), { recursive: true });
  if (systemTemporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = systemTemporary;
});

/** Audits a page once under a domain that only we resolve; returns the run and its verdicts by finding. */
async function audit(path: string, headers: Readonly<Record<string, string>> = {}, bypassSecret?: string) {
  const origin = `http://staging.jetvision.example:${new URL(originOf(app)).port}`;
  const target = { origin, resolve: { 'staging.jetvision.example': '127.0.0.1' }, bypassSecret };
  const run = await lighthouseAudit({ worker, path: async () => findChrome() }).audit(
    target,
    { path, headers, formFactor: 'desktop' },
    none,
  );
  const findings = judgePage(
    { page: { id: 'page', path, as: 'nobody' }, formFactor: 'desktop', runs: [run] },
    origin,
    perfSettingsForUrl(path),
  );
  return { run, verdicts: Object.fromEntries(findings.map((finding) => [finding.id, finding.verdict])), findings };
}

describe('Lighthouse in a real browser', () => {
  test('scores a small page above 85 on a domain that only we resolve', async () => {
    const { run, verdicts } = await audit('/');

    expect(run.score).toBeGreaterThan(85);
    expect(run).toMatchObject({ status: 200, finalUrl: expect.stringMatching(/^http:\/\/staging\.jetvision\.example:\d+\/$/) });
    expect(run.benchmarkIndex).toBeGreaterThan(0);
    expect(new Set(Object.values(verdicts))).toEqual(new Set(['green']));
    expect(Object.keys(verdicts)).toEqual(['page-page', 'page-score', 'page-load', 'page-lcp', 'page-cls', 'page-tbt']);
  });

  test('sends the session and the bypass secret to the page, and not to other origins that the page loads from', async () => {
    asked.length = 0;

    const { verdicts } = await audit('/dashboard', { cookie: 'jv_session=valid' }, 'bypass-canary');

    expect(verdicts['page-page']).toBe('green');
    expect(asked.find((request) => request.url === '/dashboard')).toMatchObject({ cookie: 'jv_session=valid', bypass: 'bypass-canary' });
    const others = asked.filter((request) => request.server === 'elsewhere');
    expect(others.length).toBeGreaterThan(0);
    expect(others.every((request) => request.cookie === undefined && request.bypass === undefined)).toBe(true);
  });

  test('a page that answers after four seconds is red for its load time', async () => {
    const { run, verdicts } = await audit('/slow');

    expect(run.pageLoadMs).toBeGreaterThan(4000);
    expect(verdicts['page-load']).toBe('red');
  });

  test('a page that redirects to the sign-in page is red, whatever its score', async () => {
    const { findings } = await audit('/dashboard');

    expect(findings).toMatchObject([{ verdict: 'red', seen: '200 from /sign-in', message: expect.stringContaining('sign-in page') }]);
  });

  test('an error page is red by its status', async () => {
    const { findings } = await audit('/broken');

    expect(findings).toMatchObject([{ verdict: 'red', seen: '500 from /broken' }]);
  });

  test('a target that refuses the connection fails the page, red', async () => {
    const server = createServer();
    await listen(server);
    const origin = originOf(server);
    await closeServer(server);

    const failing = lighthouseAudit({ worker, path: async () => findChrome() }).audit(
      { origin, resolve: {} },
      { path: '/', headers: {}, formFactor: 'mobile' },
      none,
    );

    await expect(failing).rejects.toMatchObject({
      code: 'PERF_PAGE_FAILED',
      kind: 'red',
      message: expect.stringContaining('the target did not answer the browser, or led it to a host that does not'),
    });
  });

  test('a Lighthouse process that ends without an answer fails the page, with what it said', async () => {
    const failing = lighthouseAudit({ worker: '/nowhere/worker.js', path: async () => findChrome() }).audit(
      { origin: originOf(app), resolve: {} },
      { path: '/', headers: {}, formFactor: 'desktop' },
      none,
    );

    await expect(failing).rejects.toMatchObject({
      code: 'PERF_PAGE_FAILED',
      message: expect.stringMatching(/Lighthouse's process ended with 1: Error: Cannot find module/),
    });
    expect(profiles()).toEqual([]);
  });

  test('tells the versions of both', async () => {
    const versions = await lighthouseAudit({ worker, path: async () => findChrome() }).versions(none);

    expect(versions.lighthouse).toMatch(/^13\./);
    expect(versions.browser).toMatch(/Chrom/);
  });

  test('an abort ends the browser with all its processes and removes its profile', async () => {
    const controller = new AbortController();
    const auditing = lighthouseAudit({ worker, path: async () => findChrome() }).audit(
      { origin: originOf(app), resolve: {} },
      { path: '/slow', headers: {}, formFactor: 'desktop' },
      controller.signal,
    );
    const outcome = auditing.catch((error: unknown) => error);
    const profile = await appearing(() => profiles()[0]);
    await appearing(() => (processesOf(profile).length > 1 ? true : undefined));

    controller.abort(new Error('enough'));
    const error = await outcome;

    expect(error).toMatchObject({ message: 'enough' });
    expect(profiles()).toEqual([]);
    await appearing(() => (processesOf(profile).length === 0 ? true : undefined));
  });

  test('a browser that cannot start is missing, with what it wrote, and leaves nothing behind', async () => {
    const starting = startChrome('/bin/false', {}, none);

    await expect(starting).rejects.toMatchObject({ code: 'CHROME_NOT_STARTED', kind: 'missing' });
    expect(profiles()).toEqual([]);
  });

  test('a path that is no program is CHROME_NOT_FOUND, with the command that mends it', async () => {
    await expect(findChrome('/nowhere/chrome')).rejects.toMatchObject({
      code: 'CHROME_NOT_FOUND',
      kind: 'missing',
      fix: expect.stringContaining('apt-get install -y chromium'),
    });
  });
});

function profiles(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('jv-staging-chrome-'));
}

/** Process ids whose command line names the profile. */
function processesOf(profile: string): readonly string[] {
  const lines = execFileSync('ps', ['-eo', 'pid,stat,args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(profile) && !/^\s*\d+\s+Z/.test(line));
}

async function appearing<Value>(find: () => Value | undefined): Promise<Value> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('It did not appear within 10 s.');
}
