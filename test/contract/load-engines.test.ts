import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { embeddedLoad } from '../../src/adapters/embedded-load/engine.ts';
import { k6Load } from '../../src/adapters/k6/engine.ts';
import { judgeLoad } from '../../src/core/load/judge.ts';
import { originalThresholds } from '../../src/core/load/profile.ts';
import type { LoadRequest, LoadSample } from '../../src/core/load/load.ts';
import type { LoadEngine, LoadPlan } from '../../src/core/ports/measure.ts';
import { statusBytes } from '../bench/measure.ts';
import { closeServer, delayedServer, listen, originOf } from '../support/delayed-server.ts';
import { findComponent, requires } from '../support/requires.ts';

const none = new AbortController().signal;
const closing: (() => Promise<void>)[] = [];
const stages = [
  { durationMs: 1000, vus: 20 },
  { durationMs: 3500, vus: 20 },
  { durationMs: 500, vus: 0 },
];
const journey: readonly LoadRequest[] = [
  { id: 'get', method: 'GET', path: '/', as: 'nobody', status: 200, thinkMs: 0 },
  { id: 'post', method: 'POST', path: '/api/requests', as: 'nobody', body: { a: 1 }, status: 200, thinkMs: 20 },
];

/** Temporary files of these tests alone: another run of the tests may be under way. */
const systemTemporary = process.env['TMPDIR'];
beforeAll(() => {
  process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'jv-staging-test-load-'));
});
afterAll(() => {
  rmSync(tmpdir(), { recursive: true });
  if (systemTemporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = systemTemporary;
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(delayMs: number, errorEvery: number) {
  const server = await delayedServer({ delayMs, errorEvery });
  closing.push(() => server.close());
  return server;
}

/** A plan against a loopback server under a domain that only we resolve. */
function planFor(serverOrigin: string): LoadPlan {
  const origin = `http://staging.jetvision.example:${new URL(serverOrigin).port}`;
  const target = { origin, resolve: { 'staging.jetvision.example': '127.0.0.1' }, bypassSecret: 'canary-bypass' };
  return { target, journey, headers: { get: {}, post: { cookie: 'jv_session=canary-session' } }, stages, timeoutMs: 5000 };
}

const engines: readonly { readonly name: string; readonly make: () => LoadEngine; readonly it: typeof test.skip }[] = [
  { name: 'embedded', make: () => embeddedLoad('0.1.0'), it: test },
  { name: 'k6', make: () => k6Load(findComponent('k6') ?? 'k6'), it: requires('k6') },
];

describe.each(engines)('the engine $name', ({ name, make, it }) => {
  it('halted in the middle of a run, returns what it measured until then', async () => {
    const server = await serve(20, 0);
    const halt = new AbortController();
    const plan = { ...planFor(server.origin), stages: [{ durationMs: 60_000, vus: 5 }], halt: halt.signal };

    const measured = await make().run(plan, (sample) => sample.second >= 1 && halt.abort(), none);

    expect(measured.durationMs).toBeLessThan(30_000);
    expect(measured.all.requests).toBeGreaterThan(10);
    expect(measured.timeline.length).toBeGreaterThanOrEqual(2);
  });

  it('reports an injected 50 ms and 2 % errors', async () => {
    const server = await serve(50, 50);
    const samples: LoadSample[] = [];

    const measured = await make().run(planFor(server.origin), (sample) => samples.push(sample), none);

    expect(measured.engine).toBe(name);
    expect(measured.engineVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect(measured.all.requests).toBe(server.answered());
    expect(measured.all.requests).toBeGreaterThan(500);
    expect(measured.all.p50Ms).toBeGreaterThan(49);
    expect(measured.all.p50Ms).toBeLessThan(500);
    expect(measured.all.errorRate).toBeGreaterThan(0.013);
    expect(measured.all.errorRate).toBeLessThan(0.027);
    expect(Object.keys(measured.all.errorsByClass)).toEqual(['500']);
    expect(measured.durationMs).toBeLessThan(30_000);
    expect(measured.vusMax).toBe(20);
    expect(samples).toEqual(measured.timeline);
    expect(samples.length).toBeGreaterThanOrEqual(5);
    expect(samples.reduce((sum, sample) => sum + sample.requests, 0)).toBe(measured.all.requests);
    expect(Object.keys(measured.byRequest)).toEqual(['get', 'post']);
    expect(judgeLoad(measured, stages, originalThresholds).find((finding) => finding.id === 'error-rate')?.verdict).toBe('green');
  });

  it('an app that fails every request is red, not green with fast answers', async () => {
    const server = await serve(1, 1);

    const measured = await make().run({ ...planFor(server.origin), stages: [{ durationMs: 1000, vus: 2 }] }, () => undefined, none);

    const verdicts = Object.fromEntries(judgeLoad(measured, [], originalThresholds).map((finding) => [finding.id, finding.verdict]));
    expect(measured.all.errorRate).toBe(1);
    expect(verdicts).toMatchObject({ p95: 'green', 'error-rate': 'red' });
  });

  it('sends the session to its request only, the bypass secret, and the body', async () => {
    const server = await serve(1, 0);
    const plan = { ...planFor(server.origin), stages: [{ durationMs: 300, vus: 1 }] };

    await make().run(plan, () => undefined, none);
    const last = server.lastHeaders();
    await make().run({ ...plan, journey: journey.slice(0, 1) }, () => undefined, none);

    expect(last).toMatchObject({
      host: new URL(plan.target.origin).host,
      cookie: 'jv_session=canary-session',
      'content-type': 'application/json',
      'content-length': '7',
      'x-vercel-protection-bypass': 'canary-bypass',
      'user-agent': 'jv-staging-load',
    });
    expect(server.lastHeaders()['cookie']).toBeUndefined();
  });

  it('reads giant and compressed answers without keeping them', async () => {
    const block = Buffer.alloc(1024 * 1024, 'x');
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    let sent = 0;
    const server = createServer((request, response) => {
      if (request.url !== '/') return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      const more = () => {
        while (!response.destroyed) {
          sent += block.length;
          if (!response.write(block)) return void response.once('drain', more);
        }
      };
      more();
    });
    await listen(server);
    closing.push(() => closeServer(server));
    const before = process.memoryUsage.rss();
    let peak = 0;
    const look = setInterval(() => {
      const pids = execFileSync('ps', ['-o', 'pid=', '--ppid', String(process.pid)], { encoding: 'utf8' })
        .trim()
        .split(/\s+/);
      const theirs = Math.max(...pids.map((pid) => statusBytes(Number(pid), 'VmRSS') ?? 0));
      peak = Math.max(peak, name === 'k6' ? theirs : process.memoryUsage.rss() - before);
    }, 100);

    const plan = { ...planFor(originOf(server)), stages: [{ durationMs: 1500, vus: 2 }], timeoutMs: 800 };
    const measured = await make().run(plan, () => undefined, none);
    clearInterval(look);

    expect(sent).toBeGreaterThan(200 * 1024 * 1024);
    expect(measured.byRequest['get']?.errorsByClass).toEqual({ timeout: measured.byRequest['get']?.requests });
    expect(measured.byRequest['post']).toMatchObject({ errors: 0 });
    expect(peak).toBeGreaterThan(0);
    expect(peak).toBeLessThan(150 * 1024 * 1024);
  });

  it('an abort ends it and everything that it started', async () => {
    const server = await serve(50, 0);
    const controller = new AbortController();
    const outcome = make()
      .run(planFor(server.origin), () => undefined, controller.signal)
      .catch((error: unknown) => error);
    await until(() => server.answered() > 0);
    const running = runFolders().at(0);

    controller.abort(new Error('enough'));
    const error = await outcome;

    expect(error).toMatchObject({ message: 'enough' });
    expect(name === 'k6').toBe(running !== undefined);
    expect(runFolders()).toEqual([]);
    expect(children()).not.toContain('--summary-mode=disabled');
  });
});

describe('a run of k6', () => {
  requires('k6')('keeps its secrets in a file that only we can read, and out of its command line', async () => {
    const server = await serve(20, 0);
    const running = k6Load(findComponent('k6') ?? 'k6').run(
      { ...planFor(server.origin), stages: [{ durationMs: 1500, vus: 2 }] },
      () => undefined,
      none,
    );
    await until(() => server.answered() > 0);
    const folder = join(tmpdir(), runFolders()[0] ?? '');
    const modes = [folder, join(folder, 'secrets.json'), join(folder, 'script.js')].map((path) =>
      (statSync(path).mode & 0o777).toString(8),
    );
    const script = readFileSync(join(folder, 'script.js'), 'utf8');
    const commandLines = children();
    await running;

    expect(modes).toEqual(['700', '600', '600']);
    expect(commandLines).toContain('--summary-mode=disabled');
    expect(commandLines + script).not.toContain('canary');
    expect(runFolders()).toEqual([]);
  });
});

function runFolders(): readonly string[] {
  return readdirSync(tmpdir()).filter((entry) => entry.startsWith('jv-staging-k6-'));
}

/** Command lines of what this process started. */
function children(): string {
  return execFileSync('ps', ['-o', 'args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('It did not become true within 10 s.');
}
