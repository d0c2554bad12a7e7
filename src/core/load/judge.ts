import type { LoadMeasurement, LoadRequest, LoadStage, LoadThresholds } from './load.ts';
import { highestVus } from './profile.ts';
import { hasNoFiles } from './open-files.ts';
import { formatMs } from '../perf/judge.ts';
import { describeErrors, timedRequests } from '../statistics.ts';
import type { Finding } from '../verdict.ts';

/**
 * From this share of the cores that it can use on, the generator is the bottleneck: what it then measures is itself. The embedded
 * engine was seen at 4 to 22 % of a core in runs with think times, at a full core without (`trials.md` §7).
 */
export const saturatedShare = 0.9;

/**
 * With its own timers later than this (95th percentile, as the limit itself) the generator adds to what it measures: 100 ms is a
 * twentieth of the original plan's limit of 2 s. A machine with two cores and a load average of 5 was seen at 20 to 60 ms.
 */
export const lateLimitMs = 100;

/** Below this share of the virtual users asked for, the load was not the one asked for (k6 reports them only once a second). */
const reachedShare = 0.9;

/**
 * Returns the findings of a load run. Strict: a value equal to its limit is red, and nothing measured is never green. `halted` is
 * why the run was stopped before its end, if it was.
 */
export function judgeLoad(
  measurement: LoadMeasurement,
  stages: readonly LoadStage[],
  thresholds: LoadThresholds,
  halted?: string,
): readonly Finding[] {
  return [
    ...(halted === undefined ? [] : [haltedFinding(halted)]),
    judgeGenerator(measurement, halted === undefined ? stages : [{ durationMs: measurement.durationMs, vus: measurement.vusMax }]),
    judgeRequests(measurement),
    judgeP95(measurement, thresholds),
    judgeErrors(measurement, thresholds),
    ...(measurement.crossedOwnThresholds === true ? [ownThresholds] : []),
  ];
}

/** Returns how many rows each POST request of the journey created in all runs: its answers with the status that was expected. */
export function createdRows(measurements: readonly LoadMeasurement[], journey: readonly LoadRequest[]): Readonly<Record<string, number>> {
  const posts = journey.filter((request) => request.method === 'POST');
  const rows = ({ byRequest }: LoadMeasurement, id: string) => (byRequest[id]?.requests ?? 0) - (byRequest[id]?.errors ?? 0);
  return Object.fromEntries(posts.map(({ id }) => [id, measurements.reduce((sum, measurement) => sum + rows(measurement, id), 0)]));
}

/** Returns one line about a load run: engine, requests, latency, errors, slow answers and the rows that stay. */
export function loadSummary(
  measurement: LoadMeasurement,
  journey: readonly LoadRequest[],
  created: Readonly<Record<string, number>>,
): string {
  const { all, vusMax, durationMs } = measurement;
  const rate = durationMs === 0 ? 0 : all.requests / (durationMs / 1000);
  const slow = journey.flatMap((request) => {
    const count = measurement.slowByRequest?.[request.id] ?? 0;
    return count === 0 || request.maxMs === undefined ? [] : [`${count} answers of ${request.id} slower than ${request.maxMs} ms`];
  });
  const rows = Object.values(created).reduce((sum, count) => sum + count, 0);
  return [
    `${engineName(measurement)}: ${all.requests} requests by up to ${vusMax} virtual users (${rate.toFixed(1)}/s)`,
    `p95 ${formatMs(all.p95Ms)}`,
    `${formatRate(all.errorRate)} errors`,
    ...slow,
    ...(rows === 0 ? [] : [`${rows} rows created that stay until the next \`seed --reset\``]),
  ].join(', ');
}

/** Returns a rate of 0 to 1 as a percentage with two decimals; a rate above 0 never reads as 0. */
export function formatRate(rate: number): string {
  const percent = rate * 100;
  return rate > 0 && percent < 0.01 ? '< 0.01 %' : `${percent.toFixed(2)} %`;
}

function engineName({ engine, engineVersion }: LoadMeasurement): string {
  return engine === 'k6' ? `k6 ${engineVersion}` : `embedded engine ${engineVersion}`;
}

const ownThresholds: Finding = {
  id: 'script-thresholds',
  title: 'Thresholds of the script',
  verdict: 'red',
  seen: 'crossed',
  expected: 'kept',
  message: 'The script crossed one of its own thresholds.',
};

function haltedFinding(reason: string): Finding {
  return {
    id: 'valve',
    title: 'The run came to its end',
    verdict: 'red',
    seen: reason,
    expected: 'the whole ramp',
    message: 'To go on would only have done harm.',
    fix: 'Look at what fails with `jv-staging smoke`, then run the load again.',
  };
}

function judgeGenerator(measurement: LoadMeasurement, stages: readonly LoadStage[]): Finding {
  const asked = highestVus(stages);
  const { generatorCpu, vusMax } = measurement;
  const cores = measurement.generatorCores ?? 1;
  const lateMs = measurement.generatorLateMs ?? null;
  const problems = [
    ...(generatorCpu !== null && generatorCpu >= saturatedShare * cores ? ['The generator used all the CPU it can.'] : []),
    ...(lateMs !== null && lateMs > lateLimitMs ? [`The generator was ${formatMs(lateMs)} late itself.`] : []),
    ...(hasNoFiles(measurement) ? ['The generator could open no more connections: its own files ran out.'] : []),
    ...(vusMax < asked * reachedShare ? [`Only ${vusMax} of ${asked} virtual users ran.`] : []),
  ];
  const seen = [
    engineName(measurement),
    `${vusMax} virtual users`,
    ...(generatorCpu === null ? [] : [`${Math.round(generatorCpu * 100)} % of a core`]),
    ...(lateMs === null ? [] : [`${formatMs(lateMs)} late`]),
  ];
  return {
    id: 'generator',
    title: 'Load generator',
    verdict: problems.length > 0 ? 'inconclusive' : 'green',
    seen: seen.join(', '),
    expected: `${asked} virtual users, < ${Math.round(saturatedShare * cores * 100)} % of a core, <= ${lateLimitMs} ms late`,
    message: problems.length > 0 ? problems.join(' ') : undefined,
    fix:
      problems.length > 0
        ? 'Pass fewer `--vus`, or run the load from a machine that does nothing else; in a cluster from more of them: `--parallelism N`.'
        : undefined,
  };
}

function judgeRequests({ all, iterations }: LoadMeasurement): Finding {
  const timed = timedRequests(all);
  return {
    id: 'requests',
    title: 'Requests answered',
    verdict: timed > 0 ? 'green' : 'red',
    seen: `${timed} of ${all.requests} in ${iterations} iterations`,
    expected: '> 0',
    message: timed > 0 ? undefined : 'No request was answered, so nothing was measured.',
  };
}

function judgeP95({ all }: LoadMeasurement, thresholds: LoadThresholds): Finding {
  const measured = timedRequests(all) > 0;
  return {
    id: 'p95',
    title: '95th percentile of all requests',
    verdict: measured && all.p95Ms < thresholds.p95Ms ? 'green' : 'red',
    seen: measured ? formatMs(all.p95Ms) : 'nothing measured',
    expected: `< ${thresholds.p95Ms} ms`,
    message: measured ? undefined : 'A percentile over no request says nothing.',
  };
}

function judgeErrors({ all }: LoadMeasurement, thresholds: LoadThresholds): Finding {
  const classes = describeErrors(all.errorsByClass);
  return {
    id: 'error-rate',
    title: 'Share of failed requests',
    verdict: all.requests > 0 && all.errorRate < thresholds.errorRate ? 'green' : 'red',
    seen: all.requests === 0 ? 'no requests' : `${formatRate(all.errorRate)} of ${all.requests}${classes === '' ? '' : ` (${classes})`}`,
    expected: `< ${formatRate(thresholds.errorRate)}`,
  };
}
