import * as fc from 'fast-check';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerSample, failureSample } from '../../src/adapters/embedded-load/sender.ts';
import { k6Load } from '../../src/adapters/k6/engine.ts';
import { findK6, k6Version } from '../../src/adapters/k6/find-k6.ts';
import { installK6 } from '../../src/adapters/k6/install.ts';
import { k6Script, k6Secrets } from '../../src/adapters/k6/script.ts';
import { k6ErrorClass, k6Trace } from '../../src/adapters/k6/trace.ts';
import { loadRecorder } from '../../src/adapters/load-trace/recorder.ts';
import { originalJourney } from '../../src/core/load/profile.ts';
import type { LoadPlan } from '../../src/core/ports/measure.ts';
import { fakeProgram } from '../support/fake-program.ts';

/** A line of the recorded trace, of the requests. */
interface RecordedPoint {
  readonly metric: string;
  readonly data: { readonly time: string; readonly value: number; readonly tags: Readonly<Record<string, string>> };
}

const none = new AbortController().signal;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-staging-test-k6-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const plan: LoadPlan = {
  target: { origin: 'https://staging.example.com', resolve: { 'staging.example.com': '127.0.0.1' }, bypassSecret: 'canary-bypass' },
  journey: originalJourney('agent1@staging.test').map((request) => ({ ...request, body: request.body && { note: 'canary-body' } })),
  headers: { 'create-request': { cookie: 'jv_session=canary-session' } },
  stages: [{ durationMs: 5000, vus: 50 }],
  timeoutMs: 15_000,
};

describe('the script', () => {
  test('is readable, has the journey and the ramp, and holds no secret', () => {
    const script = k6Script(plan);

    expect(script).toContain('{"id":"health","method":"GET","path":"/api/health","status":200,"maxMs":500,"thinkMs":1000}');
    expect(script).toContain('"executor": "ramping-vus"');
    expect(script).toContain('"duration": "5000ms"');
    expect(script).toContain('"staging.example.com": "127.0.0.1"');
    expect(script).not.toContain('canary');
  });

  test('reads headers and bodies by request id', () => {
    expect(JSON.parse(k6Secrets(plan))).toMatchObject({
      health: { headers: { 'x-vercel-protection-bypass': 'canary-bypass' }, body: null },
      'create-request': {
        headers: { cookie: 'jv_session=canary-session', 'content-type': 'application/json' },
        body: '{"note":"canary-body"}',
      },
    });
  });
});

describe('the trace', () => {
  test('gives exactly the statistics that the embedded engine would give for the same requests', () => {
    const requests = fc.array(
      fc.record({
        id: fc.constantFrom('health', 'create-request'),
        endMs: fc.integer({ min: 0, max: 20_000 }),
        latencyMs: fc.double({ min: 0.01, max: 5000, noNaN: true }),
        status: fc.constantFrom(200, 201, 500),
      }),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(requests, (unordered) => {
        const list = unordered.toSorted((a, b) => a.endMs - b.endMs);
        const recorder = loadRecorder(plan.journey);
        const trace = k6Trace(plan);
        trace.read(vusLine(0, 1));
        for (const { id, endMs, latencyMs, status } of list) {
          const expected = id === 'health' ? 200 : 201;
          recorder.record({ id, endMs, latencyMs, error: status === expected ? null : String(status) });
          trace.read(requestLine(id, endMs, latencyMs, String(status)));
        }
        const { measured } = trace.end();
        const { all, byRequest, slowByRequest } = recorder.result();
        expect(measured).toMatchObject({ all, byRequest, slowByRequest });
        expect(measured.timeline.reduce((sum, sample) => sum + sample.requests, 0)).toBe(list.length);
      }),
      { numRuns: 50 },
    );
  });

  test('recorded of a real run, gives exactly what the embedded engine would have kept of the same requests', () => {
    const recorded = gunzipSync(readFileSync(join(import.meta.dirname, '../support/k6-trace.jsonl.gz')))
      .toString()
      .trim()
      .split('\n');
    const points = recorded.map((line): RecordedPoint => JSON.parse(line)).filter(({ metric }) => metric === 'http_req_duration');
    const own: LoadPlan = { ...plan, timeoutMs: 500, journey: plan.journey.map((request) => ({ ...request, maxMs: 60 })) };
    const statuses: Readonly<Record<string, number>> = { health: 200, 'create-request': 201 };
    const startMs = Date.parse(points[0]?.data.time ?? '') - (points[0]?.data.value ?? 0);
    const trace = k6Trace(own);
    const recorder = loadRecorder(own.journey);

    for (const line of recorded) trace.read(line);
    for (const { data } of points) {
      const { name = '', status, error_code: code } = data.tags;
      // Its server said when to come back with each 429 and with no 503.
      const answer = { status: Number(status), retryAfter: status === '429' ? '1' : '', latencyMs: data.value };
      const sample = status === '0' ? failureSample(k6ErrorClass(Number(code)), 500) : answerSample(statuses[name] ?? 0, answer);
      recorder.record({ id: name, endMs: Math.max(0, Date.parse(data.time) - startMs), ...sample });
    }
    const { samples, measured } = trace.end();
    const seconds = recorder.close((samples.at(-1)?.second ?? 0) + 1, (second) => measured.timeline[second]?.vus ?? 0);

    const { timeline, ...figures } = recorder.result();
    expect(measured).toMatchObject(figures);
    expect(seconds.reduce((sum, { requests }) => sum + requests, 0)).toBe(points.length);
    // k6 writes its points in bursts: one that belongs to a second already drawn counts in the next.
    expect(measured.timeline.reduce((sum, { errors }) => sum + errors, 0)).toBe(timeline.reduce((sum, { errors }) => sum + errors, 0));
    expect(Object.keys(measured.all.errorsByClass)).toEqual(expect.arrayContaining(['429', '500', '503', 'timeout', 'refused']));
    expect(measured.gracefulByStatus).toEqual({ 429: measured.all.errorsByClass['429'] });
  });

  test('counts iterations and virtual users, and draws a second once it is over', () => {
    const trace = k6Trace(plan);
    const drawn = [
      requestLine('health', 100, 50),
      '{"type":"Metric","data":{"name":"vus","type":"gauge"},"metric":"vus"}',
      vusLine(900, 7),
      '{"metric":"iterations","type":"Point","data":{"time":"2026-11-22T12:00:00.950Z","value":1,"tags":{}}}',
      requestLine('health', 1500, 60),
      requestLine('health', 2500, 70),
    ].flatMap((line) => trace.read(line));

    expect(drawn).toEqual([{ second: 0, vus: 7, requests: 1, errors: 0, p50Ms: 50, p95Ms: 50 }]);
    expect(trace.end()).toMatchObject({ samples: [{ second: 1 }, { second: 2 }], measured: { iterations: 1, vusMax: 7 } });
  });

  test.each([
    [1050, 'timeout'],
    [1211, 'timeout'],
    [1212, 'refused'],
    [1220, 'reset'],
    [1101, 'dns'],
    [1310, 'tls'],
    [1000, 'other'],
  ])('knows the error code %i as %s', (code, name) => {
    expect(k6ErrorClass(code)).toBe(name);
  });

  test('gives a timeout its whole bound, and a refused request no time', () => {
    const trace = k6Trace(plan);
    trace.read(requestLine('health', 100, 0, '0', '1050'));
    trace.read(requestLine('health', 110, 0, '0', '1212'));

    expect(trace.end().measured.all).toMatchObject({
      requests: 2,
      maxMs: 15_000,
      minMs: 15_000,
      errorsByClass: { refused: 1, timeout: 1 },
    });
  });
});

describe('finding k6', () => {
  test('takes the one named, else the first in the folders', async () => {
    const program = await fakeProgram(join(folder, 'found', 'k6'), 'echo "k6 v1.8.1 (go1.26.8, linux/amd64)"');

    expect(findK6(program, [])).toBe(program);
    expect(findK6(undefined, ['/nowhere', join(folder, 'found')])).toBe(program);
    expect(await k6Version(program, none)).toBe('1.8.1');
  });

  test.each([[undefined], ['/nowhere/k6']])('without it (%s) it is K6_NOT_FOUND, with the line that installs it', (explicit) => {
    expect(() => findK6(explicit, ['/nowhere'])).toThrow(
      expect.objectContaining({ code: 'K6_NOT_FOUND', kind: 'missing', fix: expect.stringContaining('jv-staging doctor --install k6') }),
    );
  });

  test('a k6 before 1.0.0 is too old, and a program that is none is not found', async () => {
    const old = await fakeProgram(join(folder, 'old', 'k6'), 'echo "k6 v0.57.0 (go1.23)"');
    const other = await fakeProgram(join(folder, 'other', 'k6'), 'exit 0');

    await expect(k6Version(old, none)).rejects.toMatchObject({ code: 'K6_TOO_OLD', kind: 'missing' });
    await expect(k6Version(other, none)).rejects.toMatchObject({ code: 'K6_NOT_FOUND' });
  });

  test('a k6 that fails ends the run with what it said, and leaves no folder behind', async () => {
    const failing = await fakeProgram(
      join(folder, 'failing', 'k6'),
      `if [ "$1" = version ]; then echo "k6 v1.8.1"; exit 0; fi\npwd > ${folder}/where\necho "Request Failed" >&2\necho "GoError: no such thing" >&2\nexit 107`,
    );

    await expect(k6Load(failing).run(plan, () => undefined, none)).rejects.toMatchObject({
      code: 'LOAD_ENGINE_FAILED',
      kind: 'vendor',
      message: expect.stringContaining('ended with 107: GoError: no such thing.'),
    });
    const where = (await readFile(join(folder, 'where'), 'utf8')).trim();
    await expect(readFile(join(where, 'script.js'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('installing k6', () => {
  test('lets Go build the pinned version into the folder, and does nothing the second time', async () => {
    const bin = join(folder, 'installed');
    const go = await fakeProgram(
      join(folder, 'go', 'go'),
      `echo "$@" >> ${folder}/go-calls\nprintf '#!/bin/sh\\necho "k6 v1.8.1 (go1.26)"\\n' > "$GOBIN/k6"\nchmod +x "$GOBIN/k6"`,
    );
    const installation = { folder: bin, path: [join(go, '..')], environment: { PATH: '/usr/bin:/bin' } };

    const first = await installK6(installation, () => undefined, none);
    const second = await installK6(installation, () => undefined, none);

    expect([first, second]).toEqual([`k6 1.8.1 at ${bin}/k6`, `k6 1.8.1 is at ${bin}/k6 already`]);
    expect(await readFile(join(folder, 'go-calls'), 'utf8')).toBe('install go.k6.io/k6@v1.8.1\n');
  });

  test('without Go, on a machine k6 publishes no such archive for, it says how to do it by hand', async () => {
    const release = { machine: { platform: 'darwin', arch: 'arm64' } };
    const installing = installK6(
      { folder: join(folder, 'none'), path: [], goFolders: [], environment: {}, release },
      () => undefined,
      none,
    );

    await expect(installing).rejects.toMatchObject({
      code: 'GO_NOT_FOUND',
      kind: 'missing',
      fix: expect.stringContaining('releases/tag/v1.8.1'),
    });
  });

  test('a build that fails is told with its last line', async () => {
    const go = await fakeProgram(join(folder, 'broken-go', 'go'), 'echo "dial tcp: lookup proxy.golang.org: no such host" >&2; exit 1');

    const installing = installK6(
      { folder: join(folder, 'b'), path: [join(go, '..')], environment: { PATH: '/usr/bin:/bin' } },
      () => undefined,
      none,
    );

    await expect(installing).rejects.toMatchObject({
      code: 'K6_INSTALL_FAILED',
      kind: 'vendor',
      message: expect.stringContaining('no such host'),
    });
  });
});

function requestLine(id: string, endMs: number, latencyMs: number, status = '200', errorCode?: string): string {
  const tags = { name: id, status, ...(errorCode === undefined ? {} : { error_code: errorCode }) };
  return JSON.stringify({ metric: 'http_req_duration', type: 'Point', data: { time: timeOf(endMs), value: latencyMs, tags } });
}

function vusLine(atMs: number, value: number): string {
  return JSON.stringify({ metric: 'vus', type: 'Point', data: { time: timeOf(atMs), value, tags: {} } });
}

function timeOf(atMs: number): string {
  return new Date(Date.parse('2026-11-22T12:00:00Z') + atMs).toISOString();
}
