import { expect, test } from 'vitest';
import { loadValve } from '../../src/core/load/valve.ts';

function run(errorRate: number, seconds: readonly (readonly [requests: number, errors: number])[]) {
  const valve = loadValve(errorRate);
  return seconds.map(([requests, errors], second) => valve.take({ second, vus: 5, requests, errors, p50Ms: 1, p95Ms: 1 }) !== undefined);
}

test.each([
  ['every request fails from the start', 0.15, Array.from({ length: 6 }, () => [10, 10] as const), 4],
  ['the share is exactly five times the limit', 0.01, Array.from({ length: 6 }, () => [100, 5] as const), 4],
  [
    'the target dies in the middle of a long run',
    0.1,
    [...Array.from({ length: 60 }, () => [10, 0] as const), ...Array.from({ length: 5 }, () => [10, 10] as const)],
    62,
  ],
])('opens when %s', (_when, errorRate, seconds, second) => {
  expect(run(errorRate, seconds).indexOf(true)).toBe(second);
});

test.each([
  ['the share stays below five times the limit', 0.15, Array.from({ length: 30 }, () => [100, 74] as const)],
  ['there are too few requests to speak of a share', 0.15, Array.from({ length: 30 }, () => [3, 3] as const)],
  [
    'only the first seconds fail',
    0.15,
    [
      [10, 10],
      [10, 10],
      [10, 0],
      [10, 0],
      [10, 0],
      [10, 0],
    ] as const,
  ],
])('stays shut when %s', (_when, errorRate, seconds) => {
  expect(run(errorRate, seconds)).not.toContain(true);
});
