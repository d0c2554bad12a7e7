import type { LoadMeasurement } from '../../src/core/load/load.ts';
import type { PageRun } from '../../src/core/ports/measure.ts';
import { requestStatistics } from '../../src/core/statistics.ts';

/** Returns a Lighthouse run of a good page, with some fields replaced. */
export function pageRun(changes: Partial<PageRun> = {}): PageRun {
  return {
    score: 98,
    firstContentfulPaintMs: 200,
    largestContentfulPaintMs: 300,
    totalBlockingTimeMs: 0,
    cumulativeLayoutShift: 0,
    pageLoadMs: 400,
    benchmarkIndex: 1200,
    status: 200,
    finalUrl: 'https://staging.example.com/',
    ...changes,
  };
}

/** Returns a load measurement of 100 good requests of 50 ms by the embedded engine, with some fields replaced. */
export function loadMeasurement(changes: Partial<LoadMeasurement> = {}): LoadMeasurement {
  const all = requestStatistics(Array.from({ length: 100 }, () => ({ latencyMs: 50, error: null })));
  return {
    engine: 'embedded',
    engineVersion: '0.1.0',
    durationMs: 30_000,
    iterations: 50,
    vusMax: 50,
    all,
    byRequest: { page: all },
    timeline: [],
    generatorCpu: 0.1,
    ...changes,
  };
}
