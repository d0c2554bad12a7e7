import type { RequestStatistics } from '../../core/load/load.ts';
import { depth } from '../../core/load/pressure.ts';
import type { LoadDetails } from '../../core/report.ts';
import { formatDuration, formatShare } from '../measures.ts';
import { categoryAxis, type Chart, chartColors, isLimitDrawn, limitLine, valueAxis } from './chart.ts';

/** Returns the charts of a load run: latency against virtual users, requests and errors, percentiles, connections and queues. */
export function loadCharts(details: LoadDetails): readonly Chart[] {
  const timed = details.measurement.timeline.length < 2 ? [] : [latencyChart(details), throughputChart(details)];
  return [...timed, percentileChart(details), ...pressureChart(details)];
}

const seconds = (value: number) => `${value} s`;
const duration = (value: number) => (value === 0 ? '0' : formatDuration(value));

function timeAxis(timeline: readonly { readonly second: number }[]) {
  const last = timeline.at(-1)?.second ?? 0;
  return valueAxis('', seconds, {
    min: 0,
    max: last,
    axisLabel: { color: chartColors.mute, formatter: seconds, showMaxLabel: false },
    splitLine: { show: false },
    axisLine: { show: true, lineStyle: { color: chartColors.line } },
  });
}

function latencyChart({ measurement, thresholds }: LoadDetails): Chart {
  const { timeline } = measurement;
  const highest = Math.max(...timeline.map((sample) => sample.p95Ms));
  const near = highest > thresholds.p95Ms / 2;
  const line = (name: string, color: string, of: (sample: (typeof timeline)[number]) => number) => ({
    name,
    type: 'line',
    showSymbol: false,
    silent: true,
    lineStyle: { color, width: 2 },
    itemStyle: { color },
    data: timeline.map((sample) => [sample.second, of(sample)]),
  });
  const users = {
    ...line('virtual users', chartColors.calm, (sample) => sample.vus),
    yAxisIndex: 1,
    step: 'end',
    lineStyle: { width: 0 },
    areaStyle: { color: chartColors.calm, opacity: 0.25 },
    z: 1,
  };
  const p95 = line('p95', chartColors.second, (sample) => sample.p95Ms);
  return {
    title: 'Latency against virtual users',
    description: `Over the whole run p50 was ${formatDuration(measurement.all.p50Ms)} and p95 ${formatDuration(measurement.all.p95Ms)}, with at most ${measurement.vusMax} virtual users. The limit for p95 is ${formatDuration(thresholds.p95Ms)}${near ? '' : ', far above the drawing'}.`,
    height: 280,
    legend: [
      { name: 'p50', color: chartColors.first },
      { name: 'p95', color: chartColors.second },
      { name: 'virtual users', color: chartColors.calm },
    ],
    option: () => ({
      grid: timeGrid,
      xAxis: timeAxis(timeline),
      yAxis: [
        valueAxis('', duration, { min: 0, ...(near ? { max: Math.ceil(Math.max(highest, thresholds.p95Ms) * 1.1) } : {}) }),
        valueAxis('', (value) => `${value} VU`, {
          min: 0,
          max: Math.max(1, Math.ceil(measurement.vusMax * 1.2)),
          splitNumber: 4,
          splitLine: { show: false },
          minInterval: 1,
          axisLabel: { color: chartColors.mute, formatter: (value: number) => `${value} VU`, showMaxLabel: false },
        }),
      ],
      series: [
        users,
        line('p50', chartColors.first, (sample) => sample.p50Ms),
        near ? { ...p95, markLine: limitLine('yAxis', thresholds.p95Ms, `limit ${formatDuration(thresholds.p95Ms)}`) } : p95,
      ],
    }),
  };
}

const timeGrid = { top: 14, left: 4, right: 4, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' };

function throughputChart(details: LoadDetails): Chart {
  const { timeline, all } = details.measurement;
  const bars = (name: string, color: string, of: (sample: (typeof timeline)[number]) => number) => ({
    name,
    type: 'bar',
    stack: 'requests',
    silent: true,
    itemStyle: { color },
    barCategoryGap: '25%',
    data: timeline.map(of),
  });
  const labelEvery = Math.max(1, Math.ceil(timeline.length / 8));
  return {
    title: 'Requests and errors a second',
    description: `${all.requests} requests, ${all.errors} of them failed (${formatShare(all.errorRate)}; the limit is ${formatShare(details.thresholds.errorRate)}).`,
    height: 200,
    legend: [
      { name: 'answered well', color: chartColors.first },
      { name: 'failed', color: chartColors.bad },
    ],
    option: (size) => ({
      grid: timeGrid,
      xAxis: categoryAxis(
        timeline.map((sample) => seconds(sample.second)),
        { axisLabel: { color: chartColors.mute, interval: (size.narrow ? 2 : 1) * labelEvery - 1 } },
      ),
      yAxis: valueAxis('', (value) => String(value), { min: 0, minInterval: 1 }),
      series: [
        bars('answered well', chartColors.first, (sample) => Math.max(0, sample.requests - sample.errors)),
        bars('failed', chartColors.bad, (sample) => sample.errors),
      ],
    }),
  };
}

const points: readonly { readonly name: string; readonly of: (statistics: RequestStatistics) => number }[] = [
  { name: 'min', of: (statistics) => statistics.minMs },
  { name: 'p50', of: (statistics) => statistics.p50Ms },
  { name: 'p90', of: (statistics) => statistics.p90Ms },
  { name: 'p95', of: (statistics) => statistics.p95Ms },
  { name: 'p99', of: (statistics) => statistics.p99Ms },
  { name: 'max', of: (statistics) => statistics.maxMs },
];

function percentileChart({ measurement }: LoadDetails): Chart {
  const colors = [chartColors.second, chartColors.third, chartColors.calm, chartColors.bad];
  const kinds = Object.entries(measurement.byRequest).slice(0, colors.length);
  const curves: readonly (readonly [name: string, statistics: RequestStatistics, color: string])[] = [
    ['all requests', measurement.all, chartColors.first],
    ...(kinds.length < 2 ? [] : kinds.map(([name, statistics], at) => [name, statistics, colors[at] ?? chartColors.calm] as const)),
  ];
  const { all } = measurement;
  return {
    title: 'Percentiles',
    description: `Half of all requests took less than ${formatDuration(all.p50Ms)}, 95 % less than ${formatDuration(all.p95Ms)}, 99 % less than ${formatDuration(all.p99Ms)}; the slowest took ${formatDuration(all.maxMs)}.`,
    height: 240,
    legend: curves.map(([name, , color]) => ({ name, color })),
    option: () => ({
      grid: timeGrid,
      xAxis: categoryAxis(
        points.map(({ name }) => name),
        { boundaryGap: false, axisLabel: { color: chartColors.mute, alignMinLabel: 'left', alignMaxLabel: 'right' } },
      ),
      yAxis: valueAxis('', duration, { min: 0 }),
      series: curves.map(([name, statistics, color], at) => ({
        name,
        type: 'line',
        silent: true,
        symbol: 'circle',
        symbolSize: 6,
        lineStyle: { color, width: at === 0 ? 3 : 1.5 },
        itemStyle: { color },
        data: points.map(({ of }) => of(statistics)),
      })),
    }),
  };
}

/** Connections against their limit and jobs that wait, where they were watched. */
function pressureChart({ watched }: LoadDetails): readonly Chart[] {
  const samples = watched?.samples.filter(({ database, queues }) => database !== undefined || queues !== undefined) ?? [];
  if (samples.length < 2) return [];
  const limit = samples.reduce((highest, { database }) => Math.max(highest, database?.limit ?? 0), 0);
  const peak = samples.reduce((highest, { database }) => Math.max(highest, database?.connections ?? 0), 0);
  const drawn = isLimitDrawn(peak, limit);
  const line = (name: string, color: string, of: (sample: (typeof samples)[number]) => number | null) => ({
    name,
    type: 'line',
    showSymbol: false,
    silent: true,
    lineStyle: { color, width: 2 },
    itemStyle: { color },
    data: samples.map((sample) => [sample.second, of(sample)]),
  });
  const connections = line('database connections', chartColors.first, ({ database }) => database?.connections ?? null);
  return [
    {
      title: 'Connections and queues',
      description: `At most ${peak} of ${limit} database connections were open${drawn ? '' : ', the limit lies far above the drawing'}; at most ${Math.max(...samples.map(depth))} jobs waited.`,
      height: 220,
      legend: [
        { name: 'database connections', color: chartColors.first },
        { name: 'Redis clients', color: chartColors.second },
        { name: 'jobs waiting', color: chartColors.third },
      ],
      option: () => ({
        grid: timeGrid,
        xAxis: timeAxis(samples),
        yAxis: valueAxis('', String, { min: 0, minInterval: 1, ...(drawn ? { max: Math.ceil(limit * 1.1) } : {}) }),
        series: [
          drawn ? { ...connections, markLine: limitLine('yAxis', limit, `limit ${limit}`) } : connections,
          line('Redis clients', chartColors.second, ({ redis }) => redis?.clients ?? null),
          line('jobs waiting', chartColors.third, (sample) => (sample.queues === undefined ? null : depth(sample))),
        ],
      }),
    },
  ];
}
