import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  describeErrors,
  medianRun,
  mergeErrors,
  percentile,
  type RequestSample,
  requestStatistics,
  summariseLatencies,
  timedRequests,
} from '../../src/core/statistics.ts';

const latencies = fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 });
const samples = fc.array(
  fc.record({
    latencyMs: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: null }),
    error: fc.option(fc.constantFrom('500', '503', 'timeout', 'refused'), { nil: null }),
  }),
  { maxLength: 200 },
);

test('percentiles are by nearest rank: the textbook case', () => {
  const values = [15, 20, 35, 40, 50];

  const found = [5, 30, 40, 50, 100].map((percent) => percentile(values, percent));

  expect(found).toEqual([15, 20, 20, 35, 50]);
});

test('the 95th percentile of 1 to 20 is 19, though 0.95 times 20 is not exactly 19 in floating point', () => {
  const values = Array.from({ length: 20 }, (_, index) => index + 1);

  expect(percentile(values, 95)).toBe(19);
});

test('a percentile is a value that was measured, and at least that share of the values does not exceed it', () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom(1, 50, 90, 95, 99, 100), (values, percent) => {
      const ascending = values.toSorted((a, b) => a - b);
      const found = percentile(ascending, percent);
      const notAbove = values.filter((value) => value <= found).length;
      const below = values.filter((value) => value < found).length;
      expect(values).toContain(found);
      expect(notAbove / values.length).toBeGreaterThanOrEqual(percent / 100 - 1e-9);
      expect(below / values.length).toBeLessThan(percent / 100 + 1e-9);
    }),
  );
});

test('percentiles are in order and do not depend on the order of the values', () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const { minMs, p50Ms, p90Ms, p95Ms, p99Ms, maxMs, ...rest } = summariseLatencies(values);
      const ordered = [minMs, p50Ms, p90Ms, p95Ms, p99Ms, maxMs];
      expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
      expect(summariseLatencies(values.toReversed())).toMatchObject({ minMs, p50Ms, p90Ms, p95Ms, p99Ms, maxMs });
      expect(rest.meanMs).toBeGreaterThanOrEqual(minMs - 1e-6);
      expect(rest.meanMs).toBeLessThanOrEqual(maxMs + 1e-6);
    }),
  );
});

test('errors by class add up to the errors, and the rate lies between 0 and 1', () => {
  fc.assert(
    fc.property(samples, (list) => {
      const statistics = requestStatistics(list);
      const errors = list.filter((sample) => sample.error !== null).length;
      expect(statistics.requests).toBe(list.length);
      expect(statistics.errors).toBe(errors);
      expect(Object.values(statistics.errorsByClass).reduce((sum, count) => sum + count, 0)).toBe(errors);
      expect(statistics.errorRate).toBe(list.length === 0 ? 0 : errors / list.length);
    }),
  );
});

test('errors of two runs merge to the errors of both together, whichever comes first', () => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const together = requestStatistics([...a, ...b]).errorsByClass;
      const [left, right] = [requestStatistics(a).errorsByClass, requestStatistics(b).errorsByClass];
      expect(mergeErrors(left, right)).toEqual(together);
      expect(mergeErrors(right, left)).toEqual(together);
    }),
  );
});

test('a refused request has no time: it counts as an error and is left out of the percentiles', () => {
  const list: readonly RequestSample[] = [
    { latencyMs: 50, error: null },
    { latencyMs: null, error: 'refused' },
    { latencyMs: 10_000, error: 'timeout' },
  ];

  const statistics = requestStatistics(list);

  expect(statistics).toMatchObject({ requests: 3, errors: 2, p50Ms: 50, p95Ms: 10_000, maxMs: 10_000 });
  expect(timedRequests(statistics)).toBe(2);
});

test('errors are told most frequent first', () => {
  expect(describeErrors({ timeout: 3, '500': 12, refused: 3 })).toBe('500 x12, refused x3, timeout x3');
});

test('the median run is the middle one by score, of an even number the lower, of equal scores by load time', () => {
  const run = (score: number, pageLoadMs = 100) => ({ score, pageLoadMs });

  expect(medianRun([run(90), run(84), run(86)])).toBe(2);
  expect(medianRun([run(90), run(80), run(70), run(100)])).toBe(1);
  expect(medianRun([run(85, 100), run(85, 300), run(85, 200)])).toBe(2);
  expect(medianRun([])).toBe(-1);
});

test('the median run has as many runs at or above it as at or below it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ score: fc.integer({ min: 0, max: 100 }), pageLoadMs: fc.integer({ min: 1, max: 9000 }) }), {
        minLength: 1,
        maxLength: 9,
      }),
      (runs) => {
        const median = runs[medianRun(runs)]?.score ?? Number.NaN;
        expect(runs.filter((run) => run.score <= median).length).toBeGreaterThanOrEqual(runs.length / 2);
        expect(runs.filter((run) => run.score >= median).length).toBeGreaterThanOrEqual(runs.length / 2);
      },
    ),
  );
});
