import type { ChalkInstance } from 'chalk';

import { displayWidth, padTo, wrapTo } from './text-width.ts';

/** A cell: its text without colours, and how to colour each of its lines. */
export interface Cell {
  readonly text: string;
  readonly color?: ((line: string) => string) | undefined;
}

/** How a table is laid out. */
export interface TableLayout {
  /** Columns of the page. */
  readonly columns: number;
  /** Spaces before each row. */
  readonly indent: number;
  /** Narrowest width of each column when the page is too narrow for all. */
  readonly minimum: readonly number[];
}

const gap = 2;

/** Returns the rows as aligned lines no wider than the page; cells that do not fit are wrapped inside their column. */
export function renderTable(rows: readonly (readonly Cell[])[], layout: TableLayout): readonly string[] {
  const widths = columnWidths(rows, layout);
  return rows.flatMap((row) => {
    const cells = row.map((cell, at) => wrapTo(cell.text, widths[at] ?? 1).map((line) => ({ line, color: cell.color })));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, lineNumber) => {
      const line = cells.map((lines, at) => paintedCell(lines[lineNumber], at === cells.length - 1 ? 0 : (widths[at] ?? 0)));
      return (' '.repeat(layout.indent) + line.join(' '.repeat(gap))).trimEnd();
    });
  });
}

function paintedCell(
  cell: { readonly line: string; readonly color: ((line: string) => string) | undefined } | undefined,
  width: number,
): string {
  if (cell === undefined) return ' '.repeat(width);
  const padding = ' '.repeat(Math.max(0, width - displayWidth(cell.line)));
  return (cell.color === undefined || cell.line === '' ? cell.line : cell.color(cell.line)) + padding;
}

/** Natural widths where they fit; otherwise the widest columns give way, down to their minimum. */
function columnWidths(rows: readonly (readonly Cell[])[], layout: TableLayout): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(1, ...rows.flatMap((row) => (row[at]?.text ?? '').split('\n')).map((line) => displayWidth(line))),
  );
  let excess = widths.reduce((sum, width) => sum + width, 0) + gap * (count - 1) + layout.indent - layout.columns;
  while (excess > 0) {
    const widest = widths.reduce((best, _, at) => (slack(widths, layout, at) > slack(widths, layout, best) ? at : best), 0);
    if (slack(widths, layout, widest) <= 0) break;
    widths[widest] = (widths[widest] ?? 1) - 1;
    excess -= 1;
  }
  return widths;
}

function slack(widths: readonly number[], layout: TableLayout, at: number): number {
  return (widths[at] ?? 0) - (layout.minimum[at] ?? 1);
}

/** Returns a labelled text, wrapped below itself: `fix: Run …`. */
export function renderLabelled(
  label: string,
  text: string,
  options: { readonly columns: number; readonly indent: number; readonly paint: ChalkInstance },
): readonly string[] {
  const indent = ' '.repeat(options.indent);
  const hanging = ' '.repeat(displayWidth(label) + 1);
  return wrapTo(text, options.columns - options.indent - displayWidth(label) - 1).map((line, at) =>
    `${indent}${at === 0 ? `${options.paint.bold(label)} ` : hanging}${line}`.trimEnd(),
  );
}

/** Returns label and value pairs, aligned: `address  https://…`. */
export function renderFacts(
  facts: readonly (readonly [label: string, value: string])[],
  options: { readonly columns: number; readonly indent: number; readonly paint: ChalkInstance },
): readonly string[] {
  const width = Math.max(0, ...facts.map(([label]) => displayWidth(label)));
  return facts.flatMap(([label, value]) =>
    wrapTo(value, options.columns - options.indent - width - gap).map(
      (line, at) => `${' '.repeat(options.indent)}${options.paint.gray(padTo(at === 0 ? label : '', width))}${' '.repeat(gap)}${line}`,
    ),
  );
}
