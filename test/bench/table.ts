import { renderTable } from '../../src/output/table.ts';
import type { Figure, Series, Target, Unit } from './figure.ts';

const head = ['what', 'median', 'min–max', 'runs', 'peer', 'peer median', 'ratio', 'target', 'met'];

/** Returns the figures as aligned lines, a heading first. */
export function figureTable(figures: readonly Figure[], columns: number): readonly string[] {
  const rows = [head, ...figures.map(cells)].map((row) => row.map((text) => ({ text })));
  return renderTable(rows, { columns, indent: 0, minimum: [16, 8, 13, 4, 10, 8, 8, 10, 3] });
}

/** Returns a value with its unit: `41.2 ms`, `1.21x`. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === 'x') return `${value.toFixed(2)}x`;
  if (unit === 'requests') return `${value} ${unit}`;
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
}

function cells({ name, unit, value, peer, ratio, target, met }: Figure): readonly string[] {
  return [
    name,
    formatValue(value.median, unit),
    value.runs === 1 ? '–' : spread(value, unit),
    String(value.runs),
    peer?.name ?? '–',
    peer === null ? '–' : formatValue(peer.value.median, unit),
    ratio === null ? '–' : `${formatValue(ratio.median, 'x')} (${spread(ratio, 'x')})`,
    target === null ? 'information' : formatTarget(target),
    met === null ? '–' : met ? 'yes' : 'NO',
  ];
}

function spread({ min, max }: Series, unit: Unit): string {
  return `${formatValue(min, unit)}–${formatValue(max, unit)}`;
}

function formatTarget({ atMost, unit, goal }: Target): string {
  return `≤ ${formatValue(atMost, unit)}${goal === undefined ? '' : `, goal ${formatValue(goal, unit)}`}`;
}
