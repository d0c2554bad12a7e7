import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { busiestWindow } from '../../src/adapters/load-trace/busiest.ts';
import { loadRecorder } from '../../src/adapters/load-trace/recorder.ts';
import { requestStatistics } from '../../src/core/statistics.ts';

const traced = fc.array(
  fc.record({
    id: fc.constantFrom('a', 'b'),
    endMs: fc.double({ min: 0, max: 9999, noNaN: true }),
    latencyMs: fc.option(fc.double({ min: 0.01, max: 30_000, noNaN: true }), { nil: null }),
    error: fc.option(fc.constantFrom('500', 'timeout'), { nil: null }),
  }),
  { maxLength: 300 },
);

test('the histograms agree with the exact statistics: counts exactly, times to 0.1 % and a microsecond', () => {
  fc.assert(
    fc.property(traced, (list) => {
      const recorder = loadRecorder([{ id: 'a' }, { id: 'b' }]);
      for (const request of list) recorder.record(request);
      const { all, byRequest } = recorder.result();
      for (const [found, exact] of [
        [all, requestStatistics(list)],
        [byRequest['a'], requestStatistics(list.filter((request) => request.id === 'a'))],
      ] as const) {
        expect(found).toMatchObject({ requests: exact.requests, errors: exact.errors, errorsByClass: exact.errorsByClass });
        for (const key of ['p50Ms', 'p90Ms', 'p95Ms', 'p99Ms', 'maxMs'] as const) {
          expect(Math.abs((found?.[key] ?? Number.NaN) - exact[key])).toBeLessThanOrEqual(exact[key] / 1000 + 0.001);
        }
      }
    }),
  );
});

test('every request is in exactly one second of the timeline, and seconds without requests are there too', () => {
  const recorder = loadRecorder([{ id: 'a', maxMs: 40 }]);
  recorder.record({ id: 'a', endMs: 10, latencyMs: 10, error: null });
  recorder.record({ id: 'a', endMs: 2500, latencyMs: 30, error: '500' });
  const first = recorder.close(2, () => 3);
  recorder.record({ id: 'a', endMs: 1999, latencyMs: 50, error: null });
  const second = recorder.close(4, () => 5);

  expect(first).toEqual([
    { second: 0, vus: 3, requests: 1, errors: 0, p50Ms: 10, p95Ms: 10 },
    { second: 1, vus: 3, requests: 0, errors: 0, p50Ms: 0, p95Ms: 0 },
  ]);
  expect(second).toEqual([
    { second: 2, vus: 5, requests: 2, errors: 1, p50Ms: 30, p95Ms: 50 },
    { second: 3, vus: 5, requests: 0, errors: 0, p50Ms: 0, p95Ms: 0 },
  ]);
  expect(recorder.result().timeline).toEqual([...first, ...second]);
  expect(recorder.result().slowByRequest).toEqual({ a: 1 });
});

test('the busiest window is five samples wide, so that one peak does not count as saturation', () => {
  expect(busiestWindow([0.1, 0.1, 1, 0.1, 0.1, 0.1])).toBeCloseTo(0.28);
  expect(busiestWindow([0.2, 0.4])).toBeCloseTo(0.3);
  expect(busiestWindow([])).toBeNull();
});
