import { lastLine } from '../../core/printable.ts';

/** Returns what k6 said last on stderr: the message alone where the line is one of its log (`time=… level=error msg="…"`). */
export function k6Said(stderr: string): string {
  const line = lastLine(stderr);
  return (/msg="((?:[^"\\]|\\.)*)/.exec(line)?.[1] ?? line).replace(/\.$/, '');
}
