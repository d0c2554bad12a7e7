import { build, type Histogram } from 'hdr-histogram-js';
import type { LoadMeasurement, LoadSample, RequestStatistics } from '../../core/load/load.ts';
import { type LatencySummary, mergeErrors, noLatencies, percentile, type RequestSample, statisticsFrom } from '../../core/statistics.ts';

/** One finished request of a load run. */
export interface TracedRequest extends RequestSample {
  readonly id: string;
  /** When it ended, in milliseconds since the run's start. */
  readonly endMs: number;
}

/** What the recorder can say at the end of a run. */
export type RecordedLoad = Pick<LoadMeasurement, 'all' | 'byRequest' | 'timeline' | 'slowByRequest' | 'gracefulByStatus'>;

/** Keeps what a load engine sees in bounded memory: a histogram a request id, and the plain times of the seconds still open. */
export interface LoadRecorder {
  record(request: TracedRequest): void;
  /** Counts an error as one that refused in good order, where that becomes known apart from the request itself. */
  graceful(status: string): void;
  /** Closes all seconds before this one and returns their samples, those without requests too. */
  close(beforeSecond: number, vus: (second: number) => number): readonly LoadSample[];
  result(): RecordedLoad;
}

interface RequestTally {
  readonly histogram: Histogram;
  requests: number;
  slow: number;
  errorsByClass: Readonly<Record<string, number>>;
}

interface OpenSecond {
  readonly latenciesMs: number[];
  requests: number;
  errors: number;
}

/**
 * Returns a recorder for the requests of a journey. Both engines record through it, so that one trace gives one set of
 * statistics. Times are kept in histograms of microseconds with three significant digits: percentiles are exact to 0.1 %.
 */
export function loadRecorder(journey: readonly { readonly id: string; readonly maxMs?: number | undefined }[]): LoadRecorder {
  const limits = new Map(journey.map((request) => [request.id, request.maxMs]));
  const tallies = new Map<string, RequestTally>(journey.map((request) => [request.id, newTally()]));
  const open = new Map<number, OpenSecond>();
  const timeline: LoadSample[] = [];
  let gracefulByStatus: Readonly<Record<string, number>> = {};
  let nextSecond = 0;

  return {
    record: ({ id, endMs, latencyMs, error, graceful = false }) => {
      const tally = existing(tallies, id, newTally);
      tally.requests += 1;
      if (error !== null) tally.errorsByClass = mergeErrors(tally.errorsByClass, { [error]: 1 });
      if (error !== null && graceful) gracefulByStatus = mergeErrors(gracefulByStatus, { [error]: 1 });
      // A late answer of a second that is already drawn counts in the totals and in the first second still open.
      const second = existing(open, Math.max(nextSecond, Math.floor(endMs / 1000)), newSecond);
      second.requests += 1;
      if (error !== null) second.errors += 1;
      if (latencyMs === null) return;
      tally.histogram.recordValue(Math.max(1, Math.round(latencyMs * 1000)));
      second.latenciesMs.push(latencyMs);
      if (latencyMs >= (limits.get(id) ?? Number.POSITIVE_INFINITY)) tally.slow += 1;
    },
    graceful: (status) => {
      gracefulByStatus = mergeErrors(gracefulByStatus, { [status]: 1 });
    },
    close: (beforeSecond, vus) => {
      const closed: LoadSample[] = [];
      for (; nextSecond < beforeSecond; nextSecond += 1) {
        closed.push(secondSample(nextSecond, vus(nextSecond), open.get(nextSecond) ?? newSecond()));
        open.delete(nextSecond);
      }
      timeline.push(...closed);
      return closed;
    },
    result: () => ({
      all: totals([...tallies.values()]),
      byRequest: Object.fromEntries([...tallies].map(([id, tally]) => [id, tallyStatistics(tally)])),
      timeline,
      slowByRequest: Object.fromEntries([...tallies].map(([id, tally]) => [id, tally.slow])),
      gracefulByStatus,
    }),
  };
}

/** Returns the summary of a histogram of microseconds. */
export function summariseHistogram(histogram: Histogram): LatencySummary {
  if (histogram.totalCount === 0) return noLatencies;
  const maxMs = histogram.maxValue / 1000;
  // A percentile is the upper end of its bucket, which may lie above the highest value recorded.
  const at = (percent: number) => Math.min(histogram.getValueAtPercentile(percent) / 1000, maxMs);
  return {
    minMs: histogram.minNonZeroValue / 1000,
    meanMs: histogram.mean / 1000,
    p50Ms: at(50),
    p90Ms: at(90),
    p95Ms: at(95),
    p99Ms: at(99),
    maxMs,
  };
}

/** Returns an empty histogram of microseconds: three significant digits, growing as needed. */
export function latencyHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}

function newTally(): RequestTally {
  return { histogram: latencyHistogram(), requests: 0, slow: 0, errorsByClass: {} };
}

function newSecond(): OpenSecond {
  return { latenciesMs: [], requests: 0, errors: 0 };
}

function existing<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}

function secondSample(second: number, vus: number, { latenciesMs, requests, errors }: OpenSecond): LoadSample {
  // Numbers alone sort several times as fast as a list of anything does.
  const ascending = Float64Array.from(latenciesMs).toSorted();
  return { second, vus, requests, errors, p50Ms: percentile(ascending, 50), p95Ms: percentile(ascending, 95) };
}

function tallyStatistics({ histogram, requests, errorsByClass }: RequestTally): RequestStatistics {
  return statisticsFrom(requests, summariseHistogram(histogram), mergeErrors(errorsByClass, {}));
}

function totals(tallies: readonly RequestTally[]): RequestStatistics {
  const histogram = latencyHistogram();
  for (const tally of tallies) histogram.add(tally.histogram);
  const errors = tallies.reduce((merged, tally) => mergeErrors(merged, tally.errorsByClass), {});
  return statisticsFrom(
    tallies.reduce((sum, tally) => sum + tally.requests, 0),
    summariseHistogram(histogram),
    errors,
  );
}
