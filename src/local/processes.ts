import { appendFileSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** One process, told apart from a later one of the same number by when it started. */
export interface ProcessMark {
  readonly pid: number;
  readonly startedAt: string;
}

/** Returns the mark of a live process, or undefined when there is none of this number (a zombie counts as none). */
export function markOf(pid: number): ProcessMark | undefined {
  const startedAt = process.platform === 'linux' ? linuxStart(pid) : otherStart(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Says whether exactly this process still lives. */
export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.startedAt === mark.startedAt;
}

function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): after the parenthesised name come the state and, 19 fields later, the start time in clock ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function otherStart(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The children of a daemon, written down so that a later daemon can end what a killed one left. */
export interface ChildBook {
  record(pid: number, what: string): void;
}

/** A child process as the book has it. */
export interface ChildLine extends ProcessMark {
  readonly what: string;
}

/** Ends what an earlier daemon left behind (asked first, killed after `graceMs`), then opens an empty book in `dir`. */
export async function openChildBook(dir: string, log: (line: string) => void, graceMs = 3_000): Promise<ChildBook> {
  const path = childFile(dir);
  const leftovers = await leftChildren(dir);
  for (const { pid, what } of leftovers) log(`ending ${what} (process ${pid}) that an earlier run left`);
  await endAll(leftovers, graceMs);
  await writeFile(path, '', { mode: 0o600 });
  return {
    record: (pid, what) => {
      const mark = markOf(pid);
      if (mark) appendFileSync(path, `${JSON.stringify({ ...mark, what })}\n`);
    },
  };
}

/** Returns the children in the book of `dir` that still live. */
export async function leftChildren(dir: string): Promise<readonly ChildLine[]> {
  return readLines(await readFile(childFile(dir), 'utf8').catch(() => '')).filter(isAlive);
}

function childFile(dir: string): string {
  return join(dir, 'children.ndjson');
}

function readLines(text: string): ChildLine[] {
  const lines = text.split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    try {
      const child: ChildLine = JSON.parse(line);
      return [child];
    } catch {
      return []; // the last line of a killed writer
    }
  });
}

/** Asks the processes to end and kills those that live on after `graceMs`. */
export async function endAll(marks: readonly ProcessMark[], graceMs: number): Promise<void> {
  for (const mark of marks) signal(mark, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (marks.some(isAlive) && Date.now() < deadline) {
    await sleep(20);
  }
  for (const mark of marks) signal(mark, 'SIGKILL');
  while (marks.some(isAlive) && Date.now() < deadline + 2_000) {
    await sleep(10);
  }
}

function signal(mark: ProcessMark, name: NodeJS.Signals): void {
  if (!isAlive(mark)) return;
  try {
    process.kill(mark.pid, name);
  } catch {
    // ended in between
  }
}
