import { readFile } from 'node:fs/promises';

/** Clock ticks a second in `/proc/<pid>/stat`: 100 on every Linux that Node runs on (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/** Returns the CPU seconds that a process has used, or null where they cannot be read (not Linux, or it is gone). */
export async function cpuSeconds(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return null;
  // The second field is the name in parentheses, which may hold blanks: fields 14 and 15 (proc(5)) are counted after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / ticksPerSecond : null;
}
