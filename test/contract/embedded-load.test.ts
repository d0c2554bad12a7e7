import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { embeddedLoad } from '../../src/adapters/embedded-load/engine.ts';
import type { LoadRequest, LoadSample } from '../../src/core/load/load.ts';
import type { LoadPlan } from '../../src/core/ports/measure.ts';
import { closeServer, delayedServer, listen, originOf } from '../support/delayed-server.ts';

const none = new AbortController().signal;
const page: LoadRequest = { id: 'page', method: 'GET', path: '/', as: 'nobody', status: 200, thinkMs: 0 };
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function plan(origin: string, changes: Partial<LoadPlan> = {}): LoadPlan {
  const stages = [
    { durationMs: 500, vus: 10 },
    { durationMs: 1000, vus: 10 },
  ];
  return { target: { origin, resolve: {} }, journey: [page], headers: {}, stages, timeoutMs: 2000, ...changes };
}

async function delayed(delayMs: number, errorEvery = 0) {
  const server = await delayedServer({ delayMs, errorEvery });
  closing.push(() => server.close());
  return server;
}

describe('the embedded engine', () => {
  test('counts exactly what the server answered, second by second', async () => {
    const server = await delayed(20, 10);
    const samples: LoadSample[] = [];

    const measured = await embeddedLoad('1.2.3').run(plan(server.origin), (sample) => samples.push(sample), none);

    expect(measured).toMatchObject({ engine: 'embedded', engineVersion: '1.2.3', vusMax: 10, generatorCores: 1 });
    expect(measured.all.requests).toBe(server.answered());
    expect(measured.all.errorsByClass).toEqual({ '500': Math.floor(server.answered() / 10) });
    expect(measured.iterations).toBe(measured.all.requests);
    expect(samples).toEqual(measured.timeline);
    expect(samples.reduce((sum, sample) => sum + sample.requests, 0)).toBe(measured.all.requests);
    expect(measured.byRequest['page']).toEqual(measured.all);
  });

  test('sends session, body and bypass secret, and reaches a domain that only we resolve', async () => {
    const server = await delayed(1);
    const origin = `http://staging.jetvision.example:${new URL(server.origin).port}`;
    const post: LoadRequest = {
      id: 'create',
      method: 'POST',
      path: '/api/requests',
      as: 'nobody',
      body: { a: 1 },
      status: 200,
      thinkMs: 0,
    };

    const measured = await embeddedLoad('1').run(
      plan(origin, {
        target: { origin, resolve: { 'staging.jetvision.example': '127.0.0.1' }, bypassSecret: 'bypass-canary' },
        journey: [post],
        headers: { create: { cookie: 'jv_session=valid' } },
        stages: [{ durationMs: 200, vus: 1 }],
      }),
      () => undefined,
      none,
    );

    expect(measured.all.errors).toBe(0);
    expect(server.lastHeaders()).toMatchObject({
      host: `staging.jetvision.example:${new URL(origin).port}`,
      cookie: 'jv_session=valid',
      'content-type': 'application/json',
      'content-length': '7',
      'x-vercel-protection-bypass': 'bypass-canary',
    });
  });

  test('thinks between requests, and finishes iterations that have begun when the ramp goes down', async () => {
    const server = await delayed(5);
    const journey = [page, { ...page, id: 'last', thinkMs: 300 }];

    const measured = await embeddedLoad('1').run(
      plan(server.origin, { journey, stages: [{ durationMs: 700, vus: 1 }] }),
      () => undefined,
      none,
    );

    expect(measured.byRequest['page']?.requests).toBe(measured.byRequest['last']?.requests);
    expect(measured.iterations).toBe(3);
    expect(measured.durationMs).toBeGreaterThan(900);
  });

  test('a request longer than its bound is a timeout that counts with its whole bound', async () => {
    const server = await delayed(2000);

    const measured = await embeddedLoad('1').run(
      plan(server.origin, { timeoutMs: 300, stages: [{ durationMs: 500, vus: 2 }] }),
      () => undefined,
      none,
    );

    expect(measured.all.errorRate).toBe(1);
    expect(Object.keys(measured.all.errorsByClass)).toEqual(['timeout']);
    expect(measured.all.p50Ms).toBeGreaterThanOrEqual(299);
    expect(measured.durationMs).toBeLessThan(10_000);
  });

  test('a refused connection and one that is cut are told apart', async () => {
    const cutting = createServer((request) => request.socket.destroy());
    await listen(cutting);
    closing.push(() => closeServer(cutting));
    const gone = createServer();
    await listen(gone);
    const goneOrigin = originOf(gone);
    await closeServer(gone);
    const journey = [{ ...page, thinkMs: 50 }];
    const stages = [{ durationMs: 200, vus: 1 }];

    const cut = await embeddedLoad('1').run(plan(originOf(cutting), { journey, stages }), () => undefined, none);
    const refused = await embeddedLoad('1').run(plan(goneOrigin, { journey, stages }), () => undefined, none);

    expect(Object.keys(cut.all.errorsByClass)).toEqual(['reset']);
    expect(Object.keys(refused.all.errorsByClass)).toEqual(['refused']);
    expect(refused.all.p95Ms).toBe(0);
  });

  test('an abort ends it at once, with the reason, and closes its connections', async () => {
    const server = await delayed(5000);
    const controller = new AbortController();
    const running = embeddedLoad('1').run(plan(server.origin), () => undefined, controller.signal);
    const outcome = running.catch((error: unknown) => error);
    await sleep(300);
    const startedMs = performance.now();

    controller.abort(new Error('enough'));
    const error = await outcome;

    expect(error).toMatchObject({ message: 'enough' });
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  test('with 50 virtual users it needs less than 150 MB beside this test, and little CPU at the original think times', async () => {
    const server = await delayed(20);
    const before = process.memoryUsage().rss;
    const stages = [
      { durationMs: 500, vus: 50 },
      { durationMs: 3500, vus: 50 },
      { durationMs: 500, vus: 0 },
    ];

    const measured = await embeddedLoad('1').run(
      plan(server.origin, { journey: [{ ...page, thinkMs: 1000 }], stages }),
      () => undefined,
      none,
    );

    expect(measured.vusMax).toBe(50);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    expect(measured.generatorCpu).toBeLessThan(0.5);
  });
});
