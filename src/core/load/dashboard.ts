import { formatMs } from '../perf/judge.ts';
import type { GaugeSample } from '../ports/gauges.ts';
import { panelColumns } from '../run/step.ts';
import { formatRate } from './judge.ts';
import type { LoadSample, LoadStage, LoadThresholds } from './load.ts';
import { depth } from './pressure.ts';
import { highestVus, rampMs } from './profile.ts';

/** What a dashboard shows. */
export interface DashboardInput {
  /** All seconds so far, the newest last. */
  readonly samples: readonly LoadSample[];
  /** All readings of the gauges so far. */
  readonly gauges: readonly GaugeSample[];
  readonly stages: readonly LoadStage[];
  readonly thresholds: LoadThresholds;
}

const labelColumns = 13;
const valueColumns = 21;
const lineColumns = panelColumns - labelColumns - valueColumns;

/** Heights of a column of a line, from nothing to full. */
const heights = '▁▂▃▄▅▆▇█';

/**
 * Returns the rows of a running load, each at most `panelColumns` wide: how far it is, then virtual users, rate, percentile, errors and what
 * the gauges read, each with its course from the start on. Empty before the first second is over.
 */
export function dashboardRows({ samples, gauges, stages, thresholds }: DashboardInput): readonly string[] {
  const now = samples.at(-1);
  if (now === undefined) return [];
  const errorRates = samples.map(({ errors, requests }) => (requests === 0 ? 0 : errors / requests));
  const totalSeconds = Math.round(rampMs(stages) / 1000);
  return [
    progressRow(now.second + 1, totalSeconds),
    row(
      'users',
      `${now.vus} of ${highestVus(stages)}`,
      course(
        samples.map(({ vus }) => vus),
        highestVus(stages),
      ),
    ),
    row('requests', `${now.requests}/s`, course(samples.map(({ requests }) => requests))),
    row('p95', `${formatMs(now.p95Ms)} (< ${formatMs(thresholds.p95Ms)})`, course(samples.map(({ p95Ms }) => p95Ms))),
    row(
      'errors',
      `${formatRate(errorRates.at(-1) ?? 0)} (< ${formatRate(thresholds.errorRate)})`,
      course(errorRates, thresholds.errorRate),
    ),
    ...gaugeRows(gauges),
  ];
}

function gaugeRows(gauges: readonly GaugeSample[]): readonly string[] {
  const databases = gauges.flatMap(({ database }) => (database === undefined ? [] : [database]));
  const clients = gauges.flatMap(({ redis }) => (redis?.clients === undefined || redis.clients === null ? [] : [redis.clients]));
  const jobs = gauges.some(({ queues }) => queues !== undefined) ? gauges.map(depth) : [];
  const database = databases.at(-1);
  return [
    ...(database === undefined
      ? []
      : [
          row(
            'connections',
            `${database.connections} of ${database.limit}`,
            course(
              databases.map(({ connections }) => connections),
              database.limit,
            ),
          ),
        ]),
    ...(clients.length === 0 ? [] : [row('redis', `${clients.at(-1)} clients`, course(clients))]),
    ...(jobs.length === 0 ? [] : [row('queues', `${jobs.at(-1)} jobs`, course(jobs))]),
  ];
}

function progressRow(second: number, totalSeconds: number): string {
  const done = Math.min(1, totalSeconds === 0 ? 1 : second / totalSeconds);
  const filled = Math.round(done * lineColumns);
  return row('time', `${second} of ${totalSeconds} s`, '━'.repeat(filled) + '─'.repeat(lineColumns - filled));
}

function row(label: string, value: string, line: string): string {
  return `${label.padEnd(labelColumns)}${value.padEnd(valueColumns)}${line}`.trimEnd();
}

/** Returns values as a line of columns, several seconds in one where there are more than columns; `top` is at least the full height. */
function course(values: readonly number[], top = 0): string {
  const each = Math.max(1, Math.ceil(values.length / lineColumns));
  const groups = Array.from({ length: Math.ceil(values.length / each) }, (_, index) =>
    Math.max(...values.slice(index * each, (index + 1) * each)),
  );
  const highest = Math.max(top, ...groups);
  return groups.map((value) => heights[highest === 0 ? 0 : Math.round((value / highest) * (heights.length - 1))]).join('');
}
