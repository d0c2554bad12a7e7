import type { RequestStatistics } from './load/load.ts';

/** What became of one request. */
export interface RequestSample {
  /**
   * How long it took, or null when there was no answer to time (refused, reset). A request that timed out counts with its whole
   * timeout: leaving it out would make the slowest requests improve the percentiles.
   */
  readonly latencyMs: number | null;
  /** The class of its error (`"500"`, `timeout`, `refused` …), or null when it was answered as expected. */
  readonly error: string | null;
  /** True for an error that refused in good order and said when to come back (`isGraceful` in `core/load/degradation.ts`). */
  readonly graceful?: boolean | undefined;
}

/** Times of the requests that have one; all 0 when none has. */
export interface LatencySummary {
  readonly minMs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The times of no request at all. */
export const noLatencies: LatencySummary = { minMs: 0, meanMs: 0, p50Ms: 0, p90Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 };

/** Error classes of requests that got no answer and have no time. */
const unanswered = ['refused', 'reset', 'dns', 'tls', 'too-large', 'no-files', 'other'];

/**
 * Returns the percentile of values in ascending order by nearest rank: the smallest value that at least `percent` % of all
 * values do not exceed, always one of the values, never interpolated. 0 for no values.
 */
export function percentile(ascending: ArrayLike<number>, percent: number): number {
  // The ratio times the count can come out one unit in the last place too high (0.95 * 20): round it off before rounding up.
  const rank = Math.ceil(Number(((percent / 100) * ascending.length).toFixed(9)));
  return ascending[Math.min(Math.max(rank, 1), ascending.length) - 1] ?? 0;
}

/** Returns the summary of times in any order, exactly. */
export function summariseLatencies(latenciesMs: readonly number[]): LatencySummary {
  if (latenciesMs.length === 0) return noLatencies;
  const ascending = latenciesMs.toSorted((a, b) => a - b);
  return {
    minMs: percentile(ascending, 0),
    meanMs: ascending.reduce((sum, value) => sum + value, 0) / ascending.length,
    p50Ms: percentile(ascending, 50),
    p90Ms: percentile(ascending, 90),
    p95Ms: percentile(ascending, 95),
    p99Ms: percentile(ascending, 99),
    maxMs: percentile(ascending, 100),
  };
}

/** Returns the statistics of requests, exactly. */
export function requestStatistics(samples: readonly RequestSample[]): RequestStatistics {
  const latencies = samples.flatMap((sample) => (sample.latencyMs === null ? [] : [sample.latencyMs]));
  return statisticsFrom(samples.length, summariseLatencies(latencies), countErrors(samples));
}

/** Returns statistics from a number of requests, their times and their errors by class. */
export function statisticsFrom(
  requests: number,
  latencies: LatencySummary,
  errorsByClass: Readonly<Record<string, number>>,
): RequestStatistics {
  const errors = Object.values(errorsByClass).reduce((sum, count) => sum + count, 0);
  return { requests, errors, errorRate: requests === 0 ? 0 : errors / requests, ...latencies, errorsByClass };
}

/** Returns the errors by class of both, classes in order. */
export function mergeErrors(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const classes = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
  return Object.fromEntries(classes.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}

/** Returns how many of the requests have a time: all but those that were refused, reset and the like. */
export function timedRequests(statistics: RequestStatistics): number {
  return statistics.requests - unanswered.reduce((sum, name) => sum + (statistics.errorsByClass[name] ?? 0), 0);
}

/** Returns errors by class as text, most frequent first: `500 x12, timeout x3`. */
export function describeErrors(errorsByClass: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(errorsByClass).toSorted(([nameA, a], [nameB, b]) => b - a || nameA.localeCompare(nameB));
  return sorted.map(([name, count]) => `${name} x${count}`).join(', ');
}

/** A run that a median is chosen by. */
export interface ScoredRun {
  readonly score: number;
  readonly pageLoadMs: number;
}

/**
 * Returns the index of the median run by score; runs of equal score are ordered by page load, the slower first. Of an even
 * number the lower of the two middle runs counts. -1 for no runs.
 */
export function medianRun(runs: readonly ScoredRun[]): number {
  const order = runs
    .map((run, index) => ({ run, index }))
    .toSorted((a, b) => a.run.score - b.run.score || b.run.pageLoadMs - a.run.pageLoadMs);
  return order[Math.floor((order.length - 1) / 2)]?.index ?? -1;
}

function countErrors(samples: readonly RequestSample[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { error } of samples) {
    if (error !== null) counts.set(error, (counts.get(error) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].toSorted(([a], [b]) => a.localeCompare(b)));
}
