import { expect, test } from 'vitest';
import { isGraceful, judgeDegradation, judgeRecovery } from '../../src/core/load/degradation.ts';
import { requestStatistics } from '../../src/core/statistics.ts';
import { loadMeasurement } from '../support/measured.ts';

const thresholds = { p95Ms: 2000, errorRate: 0.15 };

/** A measurement of 100 requests with these errors. */
function withErrors(errors: Readonly<Record<string, number>>, gracefulByStatus: Readonly<Record<string, number>> = {}) {
  const failed = Object.entries(errors).flatMap(([error, count]) => Array.from({ length: count }, () => ({ latencyMs: 5, error })));
  const fine = Array.from({ length: 100 - failed.length }, () => ({ latencyMs: 50, error: null }));
  return loadMeasurement({ all: requestStatistics([...fine, ...failed]), gracefulByStatus });
}

test.each([
  [429, '1', true],
  [503, 'Wed, 21 Oct 2026 07:28:00 GMT', true],
  [503, undefined, false],
  [429, ' ', false],
  [500, '1', false],
])('status %i with Retry-After %s: graceful is %s', (status, retryAfter, expected) => {
  expect(isGraceful(status, retryAfter)).toBe(expected);
});

test('refusals that say when to come back are graceful, however many', () => {
  const finding = judgeDegradation(withErrors({ '429': 20, '503': 10 }, { '429': 20, '503': 10 }), thresholds);

  expect(finding).toMatchObject({ verdict: 'green', seen: 'graceful: 429 x20, 503 x10 with Retry-After' });
});

test('the same statuses without Retry-After, 500, timeout and refused are not, and red from the threshold on', () => {
  const finding = judgeDegradation(withErrors({ '500': 5, '503': 12, refused: 2, timeout: 1 }, { '503': 5 }), thresholds);

  expect(finding.verdict).toBe('red');
  expect(finding.seen).toContain('graceful: 503 x5 with Retry-After; not graceful: ');
  for (const part of ['500 x5', '503 x7', 'refused x2', 'timeout x1']) expect(finding.seen).toContain(part);
});

test('a few rough errors are named and left to the threshold; none at all is said, too', () => {
  expect(judgeDegradation(withErrors({ '500': 2 }), thresholds)).toMatchObject({ verdict: 'green', seen: 'not graceful: 500 x2' });
  expect(judgeDegradation(withErrors({}), thresholds)).toMatchObject({ verdict: 'green', seen: 'none' });
});

test('a target that does not come back is red, one that does says after how long', () => {
  expect(judgeRecovery({ path: '/', afterMs: 1200, seen: '200 in 20 ms' })).toMatchObject({
    verdict: 'green',
    seen: '/ as expected after 1200 ms',
  });
  expect(judgeRecovery({ path: '/', afterMs: null, seen: 'refused' })).toMatchObject({ verdict: 'red', seen: '/: refused' });
});
