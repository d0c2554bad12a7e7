import type { PerfDetails } from '../../core/report.ts';
import { formatDuration, trimmed } from '../measures.ts';
import { categoryAxis, type Chart, chartColors, limitLine, valueAxis } from './chart.ts';

/** Returns the charts of a perf run: Lighthouse scores per run and page, API latency percentiles. */
export function perfCharts(details: PerfDetails): readonly Chart[] {
  return [...(details.pages.length === 0 ? [] : [scoreChart(details)]), ...(details.endpoints.length === 0 ? [] : [latencyChart(details)])];
}

function scoreChart({ pages, budgets }: PerfDetails): Chart {
  const runs = Math.max(...pages.map((page) => page.runs.length));
  const names = pages.map((page) => `${page.path} (${page.formFactor})`);
  const medians = pages.map((page, at) => `${names[at] ?? page.path} ${trimmed(page.runs[page.medianRun]?.score ?? 0, 0)}`);
  return {
    title: 'Lighthouse performance score, each run',
    description: `The median run counts and is drawn solid: ${medians.join(', ')}. The score must be above ${budgets.score}.`,
    height: 240,
    legend: [],
    option: (size) => ({
      grid: { top: 20, left: 4, right: size.narrow ? 8 : 70, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      xAxis: categoryAxis(names, {
        axisLabel: { color: chartColors.mute, interval: 0, ...(size.narrow ? { width: 140, overflow: 'break' } : {}) },
      }),
      yAxis: valueAxis('', (value) => String(value), { min: 0, max: 100, interval: 25 }),
      series: Array.from({ length: runs }, (_, run) => ({
        name: `run ${run + 1}`,
        type: 'bar',
        silent: true,
        barMaxWidth: 36,
        barGap: '15%',
        data: pages.map((page) => scoreBar(page.runs[run]?.score, run === page.medianRun, budgets.score)),
        label: {
          show: runs * pages.length <= 18,
          position: 'top',
          color: chartColors.text,
          opacity: 1,
          fontSize: 11,
          formatter: ({ value }: { value: unknown }) => (typeof value === 'number' ? trimmed(value, 0) : ''),
        },
        ...(run === 0
          ? {
              markLine: {
                ...limitLine('yAxis', budgets.score, size.narrow ? `> ${budgets.score}` : `must be > ${budgets.score}`),
                label: { formatter: size.narrow ? '' : `> ${budgets.score}`, position: 'end', color: chartColors.bad, fontSize: 11 },
              },
            }
          : {}),
      })),
    }),
  };
}

function scoreBar(score: number | undefined, median: boolean, budget: number) {
  if (score === undefined) return { value: null };
  return {
    value: score,
    itemStyle: { color: score > budget ? chartColors.first : chartColors.bad, opacity: median ? 1 : 0.4, borderRadius: [3, 3, 0, 0] },
  };
}

function latencyLegend(cold: boolean) {
  return [
    { name: 'p50', color: chartColors.first },
    { name: 'p95', color: chartColors.second },
    { name: 'p99', color: chartColors.third },
    ...(cold ? [{ name: 'cold p95', color: chartColors.calm }] : []),
  ];
}

function latencyChart({ endpoints, budgets }: PerfDetails): Chart {
  const names = endpoints.map((endpoint) => `${endpoint.method} ${endpoint.path}`);
  const worst = endpoints.reduce((slowest, endpoint) => (endpoint.statistics.p95Ms > slowest.statistics.p95Ms ? endpoint : slowest));
  const cold = endpoints.some((endpoint) => endpoint.cold !== undefined && endpoint.cold !== null);
  const highest = Math.max(...endpoints.map((endpoint) => Math.max(endpoint.statistics.p99Ms, endpoint.cold?.p95Ms ?? 0)));
  const near = highest > budgets.apiP95Ms / 2;
  const limit = formatDuration(budgets.apiP95Ms);
  const bars = (name: string, color: string, of: (endpoint: (typeof endpoints)[number]) => number | null) => ({
    name,
    type: 'bar',
    silent: true,
    barMaxWidth: 14,
    barGap: '20%',
    itemStyle: { color, borderRadius: [0, 3, 3, 0] },
    label: {
      show: true,
      position: 'right',
      color: chartColors.mute,
      fontSize: 11,
      formatter: ({ value }: { value: unknown }) => (typeof value === 'number' ? formatDuration(value) : ''),
    },
    data: endpoints.map(of),
  });
  return {
    title: 'API latency',
    description: `The slowest p95 is ${formatDuration(worst.statistics.p95Ms)} (${worst.method} ${worst.path}); it must be below ${limit}${near ? '' : ', far right of the drawing'}.`,
    height: 40 + endpoints.length * (cold ? 84 : 66),
    legend: latencyLegend(cold),
    option: (size) => ({
      grid: {
        top: near ? 20 : 6,
        left: size.narrow ? 24 : 14,
        right: 56,
        bottom: 4,
        outerBoundsMode: 'same',
        outerBoundsContain: 'axisLabel',
      },
      yAxis: categoryAxis(names, {
        inverse: true,
        axisLabel: { color: chartColors.text, ...(size.narrow ? { width: 84, overflow: 'break' } : {}) },
      }),
      xAxis: valueAxis('', (value) => (value === 0 ? '0' : formatDuration(value)), {
        min: 0,
        ...(near ? { max: Math.ceil(Math.max(highest, budgets.apiP95Ms) * 1.05) } : {}),
        splitNumber: size.narrow ? 2 : 5,
      }),
      series: [
        bars('p50', chartColors.first, (endpoint) => endpoint.statistics.p50Ms),
        {
          ...bars('p95', chartColors.second, (endpoint) => endpoint.statistics.p95Ms),
          ...(near ? { markLine: limitLine('xAxis', budgets.apiP95Ms, `limit ${limit}`) } : {}),
        },
        bars('p99', chartColors.third, (endpoint) => endpoint.statistics.p99Ms),
        ...(cold ? [bars('cold p95', chartColors.calm, (endpoint) => endpoint.cold?.p95Ms ?? null)] : []),
      ],
    }),
  };
}
