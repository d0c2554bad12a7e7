import { describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { gateError } from '../../src/core/run/stage.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { SmokeCheck } from '../../src/core/smoke/smoke.ts';
import type { WatchHead, WatchSample } from '../../src/core/smoke/watch.ts';
import type { Clock } from '../../src/core/ports/clock.ts';
import { watchRun } from '../../src/stages/smoke/watch.ts';
import { answered, fakeWeb } from '../fakes/smoke.ts';

const sha = '0123456789abcdef0123456789abcdef01234567';
const html = { 'content-type': 'text/html' };
const health = {
  status: 'ok',
  environment: 'staging',
  version: sha,
  deployment: 'dpl_1',
  database: 'connected',
  redis: 'connected',
  sentry: { environment: 'staging' },
  memory: { rssBytes: 1000, heapUsedBytes: 500 },
};
const checks: readonly SmokeCheck[] = [
  { id: 'home', title: 'Home', kind: 'page', path: '/', as: 'nobody', status: 200, marker: 'Hello', timeoutMs: 60_000, retry: true },
  { id: 'health', title: 'Health', kind: 'health', path: '/api/health', timeoutMs: 60_000 },
  { id: 'queue', title: 'Queue', kind: 'queue', queue: 'q', worker: '/w', timeoutMs: 60_000 },
];

/** Waits between looks pass at once; the bounds of checks never come. */
function quickClock(): Clock {
  let nowMs = Date.UTC(2026, 10, 26, 12);
  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (ms > 10_000) return;
        nowMs += ms;
        setImmediate(resolve);
      }),
  };
}

/** Watches an app whose home page is down in the looks of `down` (counted from 0), and interrupts before the look `stopAt`. */
async function watched({ down = [], stopAt, forMs = 600_000 }: { down?: readonly number[]; stopAt?: number; forMs?: number } = {}) {
  const stopping = new AbortController();
  let look = -1;
  const web = fakeWeb(({ path }) => {
    if (path === '/api/health') return answered(200, { 'content-type': 'application/json' }, JSON.stringify(health));
    look += 1;
    if (look === stopAt) stopping.abort(new StagingError('interrupted', 'RUN_INTERRUPTED', 'The run was interrupted.', {}));
    return down.includes(look) ? answered(500, html, 'boom') : answered(200, html, '<html>Hello</html>');
  });
  const clock = quickClock();
  const kept: (WatchHead | WatchSample)[] = [];
  const lines: string[] = [];
  const run = watchRun(
    { web, clock },
    {
      target: { origin: 'https://staging.jet.test', resolve: {} },
      checks,
      profile: 'full',
      expected: { environment: 'staging', sentryEnvironment: 'staging', gitSha: sha, deploymentId: 'dpl_1' },
    },
    {
      about: {
        environment: 'staging',
        target: 'cloud',
        origin: 'https://staging.jet.test',
        releaseId: 'rel_1',
        gitSha: sha,
        deploymentId: 'dpl_1',
        forMs,
        everyMs: 5000,
      },
      history: { begin: async (one) => void kept.push(one), append: async (one) => void kept.push(one) },
    },
  );
  const journal = { append: async () => undefined, unfinished: async () => [] };
  const thrown = await runSteps(run.steps, {
    runId: 'r',
    journal,
    clock,
    signal: stopping.signal,
    events: (event) => {
      if (event.type === 'step-note') lines.push(event.text);
    },
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { result: run.result(), thrown, kept, lines };
}

describe('a watch', () => {
  it('looks every five seconds for ten minutes at what changes nothing, and keeps each look', async () => {
    const { result, kept, lines } = await watched();

    expect(result).toMatchObject({
      stage: 'watch',
      verdict: 'green',
      details: { samples: 120, availability: 1, outages: [], gitSha: sha, releaseId: 'rel_1', checks: [{ id: 'health' }, { id: 'home' }] },
    });
    expect(kept).toHaveLength(121);
    expect(lines.at(-1)).toMatch(/^up · 100 % of 120 looks · 0 outages/);
  });

  it('is red below 99 %, with the outage, though the check may be tried twice in a smoke', async () => {
    const { result, kept } = await watched({ down: [30, 31, 32] });

    expect(result).toMatchObject({ verdict: 'red', details: { outages: [{ durationMs: 15_000, samples: 3, checks: ['home'] }] } });
    expect(result && gateError(result)).toMatchObject({ kind: 'red', code: 'WATCH_RED' });
    expect(kept.filter((one) => 'down' in one && one.down.length > 0)).toHaveLength(3);
  });

  it('ends with the verdict so far when it is interrupted', async () => {
    const enough = await watched({ stopAt: 110 });
    const tooFew = await watched({ stopAt: 10 });
    const already = await watched({ stopAt: 10, down: [2, 3] });

    expect(enough).toMatchObject({ thrown: undefined, result: { verdict: 'green', details: { samples: 110 } } });
    expect(tooFew).toMatchObject({ thrown: undefined, result: { verdict: 'inconclusive', details: { samples: 10 } } });
    expect(already).toMatchObject({ thrown: undefined, result: { verdict: 'red', details: { samples: 10 } } });
  });

  it('is just interrupted before its first look has ended', async () => {
    const { thrown, result } = await watched({ stopAt: 0 });

    expect(thrown).toMatchObject({ code: 'RUN_INTERRUPTED' });
    expect(result).toBeUndefined();
  });
});
