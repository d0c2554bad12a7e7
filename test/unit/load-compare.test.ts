import { expect, test } from 'vitest';
import { compareLoads, earlierLoad } from '../../src/core/load/compare.ts';
import { builtInProfiles } from '../../src/core/load/profile.ts';
import { requestStatistics } from '../../src/core/statistics.ts';
import { stageResult } from '../../src/core/run/stage-result.ts';
import { stillClock } from '../support/measure-fakes.ts';
import { loadMeasurement } from '../support/measured.ts';
import { sampleReport } from '../support/sample-report.ts';

const stages = builtInProfiles.short;
const all = (latencyMs: number, errors = 0) =>
  requestStatistics(Array.from({ length: 100 }, (_, index) => ({ latencyMs, error: index < errors ? '500' : null })));

/** The report of a run with this measurement, as it is read back from JSON. */
function reportOf(measurement = loadMeasurement()) {
  const stage = stageResult('load', [], 0, stillClock(), { measurement, stages });
  return JSON.parse(JSON.stringify({ ...sampleReport(), stages: [stage] }));
}

const verdicts = (measurement: ReturnType<typeof loadMeasurement>) =>
  Object.fromEntries(compareLoads(measurement, stages, earlierLoad(reportOf())).map(({ id, verdict }) => [id, verdict]));

test('the same load as well as before is green', () => {
  expect(verdicts(loadMeasurement({ all: all(60) }))).toEqual({
    'compared-p95': 'green',
    'compared-error-rate': 'green',
    'compared-rate': 'green',
  });
});

test.each([
  ['compared-p95', loadMeasurement({ all: all(90) })],
  ['compared-error-rate', loadMeasurement({ all: all(50, 3) })],
  ['compared-rate', loadMeasurement({ durationMs: 60_000 })],
])('%s that became worse is red, and no other', (id, measurement) => {
  const red = Object.entries(verdicts(measurement)).flatMap(([name, verdict]) => (verdict === 'red' ? [name] : []));

  expect(red).toEqual([id]);
});

test('another load is inconclusive: its figures say nothing', () => {
  const other = loadMeasurement({ engine: 'k6', byRequest: { other: all(50) } });

  expect(compareLoads(other, builtInProfiles.full, earlierLoad(reportOf()))).toMatchObject([
    { verdict: 'inconclusive', seen: 'engine k6 instead of embedded, another ramp, other requests' },
  ]);
});

test('a report without a load is refused by name', () => {
  expect(() => earlierLoad({ ...reportOf(), stages: [] })).toThrow(/has no load to compare with/);
});
