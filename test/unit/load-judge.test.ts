import { expect, test } from 'vitest';
import { createdRows, formatRate, judgeLoad, loadSummary } from '../../src/core/load/judge.ts';
import { builtInProfiles, originalJourney, originalThresholds } from '../../src/core/load/profile.ts';
import type { LoadMeasurement } from '../../src/core/load/load.ts';
import { requestStatistics } from '../../src/core/statistics.ts';
import { loadMeasurement } from '../support/measured.ts';

function verdicts(changes: Partial<LoadMeasurement>) {
  return Object.fromEntries(
    judgeLoad(loadMeasurement(changes), builtInProfiles.short, originalThresholds).map((finding) => [finding.id, finding.verdict]),
  );
}

/** Statistics of 100 requests, of which some failed. */
function requests(latencyMs: number, errors = 0) {
  return requestStatistics(Array.from({ length: 100 }, (_, index) => ({ latencyMs, error: index < errors ? '500' : null })));
}

test('a good run is green in every finding', () => {
  expect(verdicts({})).toEqual({ generator: 'green', requests: 'green', p95: 'green', 'error-rate': 'green' });
});

test('both limits are strict: 2000 ms and 15 % are red', () => {
  expect(verdicts({ all: requests(1999) })['p95']).toBe('green');
  expect(verdicts({ all: requests(2000) })['p95']).toBe('red');
  expect(verdicts({ all: requests(50, 14) })['error-rate']).toBe('green');
  expect(verdicts({ all: requests(50, 15) })['error-rate']).toBe('red');
});

test('no requests at all are red, not green with a p95 of 0', () => {
  expect(verdicts({ all: requestStatistics([]) })).toMatchObject({ requests: 'red', p95: 'red', 'error-rate': 'red' });
});

test('requests that were all refused are red, though their p95 of 0 is below the limit', () => {
  const all = requestStatistics(Array.from({ length: 40 }, () => ({ latencyMs: null, error: 'refused' })));

  expect(verdicts({ all })).toMatchObject({ requests: 'red', p95: 'red', 'error-rate': 'red' });
});

test.each([
  { name: 'a full core of the embedded engine', changes: { generatorCpu: 0.95 } },
  { name: 'both of two cores of k6', changes: { engine: 'k6', generatorCpu: 1.9, generatorCores: 2 } },
  { name: 'late timers', changes: { generatorLateMs: 120 } },
  { name: 'too few virtual users', changes: { vusMax: 30 } },
] as const)('$name makes the run inconclusive', ({ changes }) => {
  expect(verdicts(changes)['generator']).toBe('inconclusive');
});

test('one of two cores does not saturate k6, and an unknown CPU share does not decide', () => {
  expect(verdicts({ engine: 'k6', generatorCpu: 1, generatorCores: 2 })['generator']).toBe('green');
  expect(verdicts({ generatorCpu: null })['generator']).toBe('green');
});

test('the engine is named, the slow answers are counted, and the rows that stay are told', () => {
  const journey = originalJourney('agent1@staging.test');
  const measurement = loadMeasurement({
    engine: 'k6',
    engineVersion: '1.8.1',
    byRequest: { health: requests(50), 'create-request': requests(50, 3) },
    slowByRequest: { health: 4, 'create-request': 0 },
  });
  const created = createdRows([measurement], journey);

  expect(created).toEqual({ 'create-request': 97 });
  expect(loadSummary(measurement, journey, created)).toBe(
    'k6 1.8.1: 100 requests by up to 50 virtual users (3.3/s), p95 50 ms, 0.00 % errors, 4 answers of health slower than 500 ms, 97 rows created that stay until the next `seed --reset`',
  );
});

test('a rate above 0 never reads as 0', () => {
  expect([0, 0.00001, 0.02, 1].map(formatRate)).toEqual(['0.00 %', '< 0.01 %', '2.00 %', '100.00 %']);
});
