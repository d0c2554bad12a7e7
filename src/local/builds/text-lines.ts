import type { Readable } from 'node:stream';

/** A line that grows over this is handed on in parts, so that output without an end of line takes no memory. */
const longestLine = 4_096;

/** Hands on what a program writes, line by line. */
export function hearLines(stream: Readable, onLine: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = `${rest}${text}`.split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    while (rest.length > longestLine) {
      onLine(rest.slice(0, longestLine));
      rest = rest.slice(longestLine);
    }
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
