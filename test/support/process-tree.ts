import { execFileSync } from 'node:child_process';
import { isAlive, markOf, type ProcessMark } from '../../src/local/processes.ts';

/** One process below another, as it was when it was looked at. */
export interface Descendant extends ProcessMark {
  /** Its command line. */
  readonly command: string;
}

/** Returns every living process below this one, children of children included, whatever group or session they lead. */
export function descendantsOf(pid: number): readonly Descendant[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 }).split('\n');
  const rows = lines.flatMap((line) => {
    const [, own, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return own === undefined ? [] : [{ pid: Number(own), parent: Number(parent), command }];
  });
  const below = (parent: number): readonly { readonly pid: number; readonly command: string }[] =>
    rows.filter((row) => row.parent === parent).flatMap((row) => [row, ...below(row.pid)]);
  return below(pid).flatMap(({ pid: own, command }) => {
    const mark = markOf(own);
    return mark === undefined ? [] : [{ ...mark, command }];
  });
}

/** Returns those of the processes that still live. */
export function survivorsOf(processes: readonly Descendant[]): readonly string[] {
  return processes.filter(isAlive).map(({ pid, command }) => `${pid} ${command}`);
}
