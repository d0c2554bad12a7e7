import type { WatchDetails } from '../../core/smoke/watch.ts';
import { formatDuration } from '../measures.ts';
import { categoryAxis, type Chart, chartColors, valueAxis } from './chart.ts';

/** More outages than this cannot be told apart on a phone; all of them stand in the table. */
const mostDrawn = 100;

/** Returns the chart of a watch: when the app was there, and its outages. */
export function watchCharts({ outages, watchedMs, unwatchedMs }: WatchDetails, startedAt: string): readonly Chart[] {
  const startMs = Date.parse(startedAt);
  const wholeMs = watchedMs + unwatchedMs;
  if (!(wholeMs > 0) || Number.isNaN(startMs)) return [];
  const drawn = outages.slice(0, mostDrawn).map(({ from, durationMs }) => ({ fromMs: Date.parse(from) - startMs, durationMs }));
  const downMs = outages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const left = outages.length > drawn.length ? ` The first ${drawn.length} of ${outages.length} outages are drawn.` : '';
  return [
    {
      title: 'Up and down',
      description: `Down for ${formatDuration(downMs)} of ${formatDuration(wholeMs)}, in ${outages.length} ${outages.length === 1 ? 'outage' : 'outages'}.${left}`,
      height: 90,
      legend: [
        { name: 'up', color: chartColors.good },
        { name: 'down', color: chartColors.bad },
      ],
      option: () => ({
        grid: { top: 8, left: 4, right: 24, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
        yAxis: categoryAxis([''], { axisLine: { show: false } }),
        xAxis: valueAxis('', (value) => (value === 0 ? '0' : formatDuration(value)), { min: 0, max: wholeMs, splitNumber: 4 }),
        series: spans(drawn, wholeMs).map(({ isUp, ms }) => ({
          type: 'bar',
          stack: 'time',
          silent: true,
          barWidth: 30,
          itemStyle: { color: isUp ? chartColors.good : chartColors.bad },
          data: [ms],
        })),
      }),
    },
  ];
}

/** The whole time, cut where the app went and came back. */
function spans(outages: readonly { readonly fromMs: number; readonly durationMs: number }[], wholeMs: number) {
  const cut: { readonly isUp: boolean; readonly ms: number }[] = [];
  let atMs = 0;
  for (const { fromMs, durationMs } of outages) {
    const from = Math.min(wholeMs, Math.max(atMs, fromMs));
    const to = Math.min(wholeMs, from + durationMs);
    cut.push({ isUp: true, ms: from - atMs }, { isUp: false, ms: to - from });
    atMs = to;
  }
  return [...cut, { isUp: true, ms: wholeMs - atMs }].filter(({ ms }) => ms > 0);
}
