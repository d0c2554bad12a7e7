import type { PerfDetails } from '../../core/report.ts';
import { growthOf } from '../../core/perf/growth.ts';
import { formatBytesShort } from '../../core/perf/memory.ts';
import type { SeriesPoint } from '../../core/perf/theil-sen.ts';
import { type Chart, chartColors, isLimitDrawn, limitLine, valueAxis } from './chart.ts';

/** Returns the charts of memory: the server's over its soak, the page's over its journey. */
export function memoryCharts({ memory }: PerfDetails): readonly Chart[] {
  const { server, browser } = memory ?? {};
  return [
    ...(server === undefined || server === null
      ? []
      : heapChart({
          title: 'Heap of the server over its soak',
          unit: 'request',
          axis: 'requests',
          minimum: server.settings.heapBytesPerRequest,
          rounds: server.rounds.map((round) => round.map(({ requests, heapUsedBytes }) => ({ x: requests, y: heapUsedBytes }))),
        })),
    ...(browser === undefined || browser === null
      ? []
      : heapChart({
          title: `Heap of ${browser.path} in the browser over its journey`,
          unit: 'cycle',
          axis: 'cycles',
          minimum: browser.settings.heapBytesPerCycle,
          rounds: browser.rounds.map((round) => round.map(({ cycle, heapBytes }) => ({ x: cycle, y: heapBytes }))),
        })),
  ];
}

/** Returns the chart of connections while requests ran. */
export function poolCharts({ pool }: PerfDetails): readonly Chart[] {
  const readings =
    pool?.samples.flatMap(({ second, database }) => (database === undefined || database === null ? [] : [{ second, ...database }])) ?? [];
  if (pool === undefined || pool === null || readings.length < 3) return [];
  const limit = Math.max(...readings.map((reading) => reading.limit));
  const peak = Math.max(...readings.map(({ connections }) => connections));
  const drawn = isLimitDrawn(peak, limit);
  const line = (name: string, color: string, of: (reading: (typeof readings)[number]) => number) => ({
    name,
    type: 'line',
    showSymbol: false,
    silent: true,
    lineStyle: { color, width: 2 },
    itemStyle: { color },
    data: readings.map((reading) => [reading.second, of(reading)]),
  });
  const open = line('open', chartColors.first, ({ connections }) => connections);
  return [
    {
      title: 'Database connections while requests run',
      description: `At most ${peak} of ${limit} connections were open${drawn ? '' : '; the limit lies far above the drawing'}. ${pool.requests} requests opened ${pool.newSessions} new sessions.`,
      height: 180,
      legend: [
        { name: 'open', color: chartColors.first },
        { name: 'running a statement', color: chartColors.second },
      ],
      option: () => ({
        grid: { ...chartGrid, bottom: 4 },
        xAxis: valueAxis('', (value) => `${value} s`, {
          min: 0,
          max: 'dataMax',
          splitLine: { show: false },
          axisLabel: { color: chartColors.mute, formatter: (value: number) => `${value} s`, showMaxLabel: false },
        }),
        yAxis: valueAxis('', String, { min: 0, minInterval: 1, splitNumber: 3, ...(drawn ? { max: Math.ceil(limit * 1.1) } : {}) }),
        series: [
          drawn ? { ...open, markLine: limitLine('yAxis', limit, `limit ${limit}`) } : open,
          line('running a statement', chartColors.second, ({ active }) => active),
        ],
      }),
    },
  ];
}

/** A heap as measured, and what of its growth counts. */
interface HeapSeries {
  readonly title: string;
  readonly unit: string;
  readonly axis: string;
  /** Slope that is no leak yet. */
  readonly minimum: number;
  readonly rounds: readonly (readonly SeriesPoint[])[];
}

/** What was measured as points, and the newest round's slope as a line through its middle. */
function heapChart({ title, unit, axis, minimum, rounds }: HeapSeries): readonly Chart[] {
  const points = rounds.flat();
  const newest = rounds.at(-1) ?? [];
  const growth = growthOf(newest, minimum);
  if (growth.kind === 'too-short') return [];
  const { perUnit, low, high } = growth.slope;
  const [lowest, highest] = [Math.min(...points.map(({ y }) => y)), Math.max(...points.map(({ y }) => y))];
  const slopeColor = growth.kind === 'growing' ? chartColors.bad : chartColors.second;
  const room = Math.max((highest - lowest) * 0.2, highest * 0.02);
  return [
    {
      title,
      description: `After garbage collection it grew by ${formatBytesShort(perUnit)} a ${unit}${rounds.length === 1 ? '' : ` in the newest of ${rounds.length} rounds`} (99.9 %: ${formatBytesShort(low)} to ${formatBytesShort(high)}); up to ${formatBytesShort(minimum)} is no leak.`,
      height: 200,
      legend: [
        { name: 'measured', color: chartColors.first },
        { name: 'slope of the newest round', color: slopeColor },
      ],
      option: () => ({
        grid: chartGrid,
        xAxis: valueAxis('', (value) => `${value}`, {
          name: axis,
          nameLocation: 'middle',
          nameGap: 24,
          nameTextStyle: { color: chartColors.mute, fontSize: 11, align: 'center' },
          min: 'dataMin',
          max: 'dataMax',
          splitLine: { show: false },
        }),
        yAxis: heapAxis(Math.max(0, lowest - room), highest + room),
        series: [
          {
            name: 'measured',
            type: 'line',
            silent: true,
            symbol: 'circle',
            symbolSize: 5,
            lineStyle: { color: chartColors.first, width: 1, opacity: 0.5 },
            itemStyle: { color: chartColors.first },
            data: points.map(({ x, y }) => [x, y]),
          },
          {
            name: 'slope of the newest round',
            type: 'line',
            silent: true,
            showSymbol: false,
            lineStyle: { color: slopeColor, width: 2.5 },
            itemStyle: { color: slopeColor },
            data: slopeLine(newest, perUnit),
          },
        ],
      }),
    },
  ];
}

/** A line of this slope through the medians of a round. */
function slopeLine(round: readonly SeriesPoint[], perUnit: number): readonly (readonly [number, number])[] {
  const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const [atX, atY] = [middle(round.map(({ x }) => x)), middle(round.map(({ y }) => y))];
  return [round[0]?.x ?? 0, round.at(-1)?.x ?? 0].map((x) => [x, atY + (x - atX) * perUnit] as const);
}

const chartGrid = { top: 14, left: 4, right: 12, bottom: 26, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' };

const bytesPerMb = 1_000_000;

/** An axis of round steps, whose labels have as many digits as tell one from the next. */
function heapAxis(lowest: number, highest: number) {
  const rough = (highest - lowest) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step / bytesPerMb)));
  return valueAxis('', (bytes) => `${(bytes / bytesPerMb).toFixed(digits)} MB`, {
    min: Math.floor(lowest / step) * step,
    max: Math.ceil(highest / step) * step,
    interval: step,
  });
}
