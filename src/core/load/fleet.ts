import { StagingError } from '../errors.ts';
import { type LatencySummary, mergeErrors, noLatencies, statisticsFrom } from '../statistics.ts';
import { bucketMiddleMs } from './buckets.ts';
import type { LoadMeasurement, LoadRequest, RequestStatistics } from './load.ts';
import { lateMetric, summaryLineStart, untimedClasses } from './standalone-script.ts';

/** What one process of a fleet says of its share: the figures of `ownFigures` in the emitted script. Times in ms. */
export interface RunnerSummary {
  readonly durationMs: number;
  /** Values by metric: `jv_r0_ms` (a trend), `jv_r0_ms_17` (requests in a bucket), `jv_r0_error_500`, `jv_iterations`, `jv_vus` … */
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Returns the JSON of the summary in what a process of a fleet printed, or undefined when it printed none. */
export function summaryIn(log: string): string | undefined {
  const line = log.split('\n').findLast((each) => each.includes(summaryLineStart));
  return line?.slice(line.indexOf(summaryLineStart) + summaryLineStart.length).trim();
}

/**
 * Returns what a fleet measured as one load, as `k6Trace` would of one process: counts are added, percentiles are taken from the
 * added buckets (within 1 %), least, mean and greatest are exact. There is no timeline: the processes tell only their ends. Throws
 * `LOAD_RUNNER_LOST` (kind `vendor`) when there is no process at all.
 */
export function mergeRunners(
  journey: readonly LoadRequest[],
  runners: readonly RunnerSummary[],
): Omit<LoadMeasurement, 'engine' | 'engineVersion'> {
  if (runners.length === 0) throw new StagingError('vendor', 'LOAD_RUNNER_LOST', 'No process of the fleet told what it measured.');
  const tallies = journey.map((request, index) => ({ request, tally: requestTally(runners, index) }));
  const sum = (metric: string, field: string) => total(runners, metric, field);
  return {
    durationMs: Math.max(...runners.map(({ durationMs }) => durationMs)),
    iterations: sum('jv_iterations', 'count'),
    vusMax: sum('jv_vus', 'max'),
    all: statisticsOf(tallies.map(({ tally }) => tally)),
    byRequest: Object.fromEntries(tallies.map(({ request, tally }) => [request.id, statisticsOf([tally])])),
    timeline: [],
    generatorCpu: null,
    generatorLateMs: latest(runners),
    slowByRequest: Object.fromEntries(journey.map(({ id }, index) => [id, sum(`jv_r${index}_slow`, 'count')])),
    gracefulByStatus: tallies.reduce((merged, { tally }) => mergeErrors(merged, tally.graceful), {}),
  };
}

/** What all processes saw of one request of the journey. */
interface FleetTally {
  readonly buckets: ReadonlyMap<number, number>;
  readonly errors: Readonly<Record<string, number>>;
  readonly graceful: Readonly<Record<string, number>>;
  readonly untimed: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly sumMs: number;
}

function requestTally(runners: readonly RunnerSummary[], index: number): FleetTally {
  const trends = runners.flatMap(({ metrics }) => {
    const trend = metrics[`jv_r${index}_ms`];
    return trend === undefined ? [] : [trend];
  });
  const errors = counts(runners, `jv_r${index}_error_`);
  const timed = trends.filter((trend) => (trend['count'] ?? 0) > 0);
  return {
    buckets: new Map(Object.entries(counts(runners, `jv_r${index}_ms_`)).map(([bucket, count]) => [Number(bucket), count])),
    errors,
    graceful: counts(runners, `jv_r${index}_graceful_`),
    untimed: Object.entries(errors).reduce((sum, [name, count]) => sum + (untimedClasses.includes(name) ? count : 0), 0),
    minMs: Math.min(...timed.map((trend) => trend['min'] ?? 0)),
    maxMs: Math.max(...timed.map((trend) => trend['max'] ?? 0)),
    sumMs: timed.reduce((sum, trend) => sum + (trend['avg'] ?? 0) * (trend['count'] ?? 0), 0),
  };
}

function statisticsOf(tallies: readonly FleetTally[]): RequestStatistics {
  const buckets = new Map<number, number>();
  for (const tally of tallies) for (const [bucket, count] of tally.buckets) buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
  const timed = [...buckets.values()].reduce((sum, count) => sum + count, 0);
  const errors = tallies.reduce((merged, tally) => mergeErrors(merged, tally.errors), {});
  const requests = timed + tallies.reduce((sum, tally) => sum + tally.untimed, 0);
  return statisticsFrom(requests, latencies(tallies, buckets, timed), errors);
}

function latencies(tallies: readonly FleetTally[], buckets: ReadonlyMap<number, number>, timed: number): LatencySummary {
  if (timed === 0) return noLatencies;
  const [minMs, maxMs] = [Math.min(...tallies.map((tally) => tally.minMs)), Math.max(...tallies.map((tally) => tally.maxMs))];
  const ascending = [...buckets].toSorted(([a], [b]) => a - b);
  const at = (percent: number) => {
    const rank = Math.max(1, Math.ceil(Number(((percent / 100) * timed).toFixed(9))));
    let seen = 0;
    for (const [bucket, count] of ascending) {
      seen += count;
      if (seen >= rank) return Math.min(maxMs, Math.max(minMs, bucketMiddleMs(bucket)));
    }
    return maxMs;
  };
  const meanMs = tallies.reduce((sum, tally) => sum + tally.sumMs, 0) / timed;
  return { minMs, meanMs, p50Ms: at(50), p90Ms: at(90), p95Ms: at(95), p99Ms: at(99), maxMs };
}

/** Returns the counters whose name begins so, added up, by the rest of their name. */
function counts(runners: readonly RunnerSummary[], start: string): Readonly<Record<string, number>> {
  return runners.reduce<Readonly<Record<string, number>>>((merged, { metrics }) => {
    const own = Object.entries(metrics).flatMap(([name, values]) =>
      name.startsWith(start) ? [[name.slice(start.length), values['count'] ?? 0] as const] : [],
    );
    return mergeErrors(merged, Object.fromEntries(own));
  }, {});
}

/** The latest process counts: its share of the requests is measured by itself, however idle the others are. */
function latest(runners: readonly RunnerSummary[]): number | null {
  const late = runners.flatMap(({ metrics }) => metrics[lateMetric]?.['p(95)'] ?? []);
  return late.length === 0 ? null : Math.max(...late);
}

function total(runners: readonly RunnerSummary[], metric: string, field: string): number {
  return runners.reduce((sum, { metrics }) => sum + (metrics[metric]?.[field] ?? 0), 0);
}
