import type { EChartsCoreOption } from 'echarts/core';

import type { Markup } from './markup.ts';

/** The page's colours; each has a light and a dark value (`styles.ts`), so one drawing serves both. */
export const chartColors = {
  first: 'var(--series-1)',
  second: 'var(--series-2)',
  third: 'var(--series-3)',
  calm: 'var(--series-calm)',
  good: 'var(--green)',
  bad: 'var(--red)',
  text: 'var(--ink)',
  mute: 'var(--mute)',
  line: 'var(--line)',
  card: 'var(--card)',
} as const;

/** Where a chart is drawn: on a wide page or on a phone. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
  readonly narrow: boolean;
}

/** What a colour of a chart stands for. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
}

/** A chart: what it shows and how it is drawn at a size. */
export interface Chart {
  readonly title: string;
  /** One or two sentences with the figures that matter, for those who cannot see it. */
  readonly description: string;
  /** Height on a wide page, in pixels. */
  readonly height: number;
  /** Names and colours of what is drawn; a text of the page above the drawing, which wraps where it must. */
  readonly legend: readonly LegendEntry[];
  readonly option: (size: ChartSize) => EChartsCoreOption;
}

/** Draws charts to SVG, without a browser. */
export type ChartDrawer = (chart: Chart) => Markup;

/** Returns a value axis with quiet lines. */
export function valueAxis(name: string, format: (value: number) => string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    type: 'value',
    name,
    nameTextStyle: { color: chartColors.mute, fontSize: 11, align: 'left' },
    axisLabel: { color: chartColors.mute, formatter: format },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: chartColors.line } },
    ...more,
  };
}

/** Returns an axis of names. */
export function categoryAxis(names: readonly string[], more: Readonly<Record<string, unknown>> = {}) {
  return {
    type: 'category',
    data: names,
    axisLabel: { color: chartColors.mute },
    axisLine: { lineStyle: { color: chartColors.line } },
    axisTick: { show: false },
    ...more,
  };
}

/** Returns true where connections and their limit can be read from one drawing; beyond that only the text beside it names the limit. */
export function isLimitDrawn(peak: number, limit: number): boolean {
  return peak > limit / 25;
}

/** Returns the line of a limit, on the axis named. */
export function limitLine(axis: 'xAxis' | 'yAxis', value: number, label: string) {
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    lineStyle: { color: chartColors.bad, type: 'dashed', width: 1.5 },
    label: { formatter: label, color: chartColors.bad, position: axis === 'yAxis' ? 'insideEndTop' : 'end', fontSize: 11 },
    data: [{ [axis]: value }],
  };
}
