import type { CopyChunk } from '../ports/bulk.ts';

/** A value as COPY's text format can carry it; numbers and booleans are written as Postgres reads them. */
export type CopyValue = string | number | boolean | null;

/** Rows in a chunk, about 64 KB: large enough for the socket, small enough to keep nothing. */
export const rowsInChunk = 400;

const special = /[\\\t\n\r]/;

/**
 * Returns one line of COPY's text format with its line feed: tabs between values, `\N` for null, backslash before what would end a value
 * (https://www.postgresql.org/docs/15/sql-copy.html, read 2026-11-26).
 */
export function copyLine(values: readonly CopyValue[]): string {
  let line = '';
  let separator = '';
  for (const value of values) {
    line += separator + field(value);
    separator = '\t';
  }
  return `${line}\n`;
}

function field(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  if (!special.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

/** Yields the lines of `count` rows in chunks of `rowsInChunk`, but for the last; only one chunk is held at a time. */
export function* copyChunks(count: number, line: (index: number) => string): Generator<CopyChunk> {
  for (let start = 0; start < count; start += rowsInChunk) {
    const end = Math.min(start + rowsInChunk, count);
    let text = '';
    for (let index = start; index < end; index += 1) text += line(index);
    yield { text, rows: end - start };
  }
}

/** Returns the values of one line of COPY's text format (without its line feed); undoes what `copyLine` does. */
export function parseCopyLine(line: string): readonly (string | null)[] {
  return line.split('\t').map((text) => (text === '\\N' ? null : unescaped(text)));
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', v: '\v' };

function unescaped(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.)/gs, (_, escape: string) => escapes[escape] ?? escape) : text;
}
