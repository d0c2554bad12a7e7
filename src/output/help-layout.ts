import { isNarrow } from './narrow.ts';

/** How help is laid out. */
export interface HelpStyle {
  /** Columns of the terminal; text is wrapped at them, between 40 and 100. */
  readonly columns: number;
  /** True when headings may be bold. */
  readonly color: boolean;
}

/** Returns a section's heading. */
export function heading(title: string, style: HelpStyle): string {
  return style.color ? `\u001B[1m${title}\u001B[22m` : title;
}

/** Returns text wrapped and indented; paragraphs stay apart. `hanging` indents the lines after the first of each. */
export function paragraphs(text: string, indent: number, style: HelpStyle, hanging = indent): string {
  return text
    .split('\n')
    .map((line) =>
      wrap(line, width(style) - hanging).map((part, index) => `${' '.repeat(index === 0 ? indent : hanging)}${part}`.trimEnd()),
    )
    .map((lines) => lines.join('\n'))
    .join('\n');
}

/** Returns two columns, the second wrapped; a term too long for its column gets a line of its own, as each does where lines are short. */
export function table(rows: readonly (readonly [term: string, text: string])[], style: HelpStyle): string {
  if (isNarrow(width(style))) return rows.map(([term, text]) => `  ${term}\n${paragraphs(text, 6, style)}`).join('\n');
  const column = Math.min(Math.max(0, ...rows.map(([term]) => term.length)), Math.floor(width(style) * 0.4));
  return rows
    .map(([term, text]) => {
      const lines = wrap(text, width(style) - column - 4);
      const first = term.length > column ? [`  ${term}`] : [];
      const shown = lines.map((line, index) => `  ${(index === 0 && first.length === 0 ? term : '').padEnd(column)}  ${line}`.trimEnd());
      return [...first, ...shown].join('\n');
    })
    .join('\n');
}

function width(style: HelpStyle): number {
  return Math.min(100, Math.max(40, style.columns));
}

function wrap(text: string, columns: number): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
