import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessLook, ProcessMark } from '../../core/run/lock.ts';

/** Returns the mark of this process. What only Linux tells (proc(5)) is null elsewhere. */
export function ownMark(): ProcessMark {
  const look = lookAt(process.pid);
  return {
    host: hostname(),
    pid: process.pid,
    boot: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidSpace: orNull(() => readlinkSync('/proc/self/ns/pid')),
    begun: look === 'none' ? null : look.begun,
  };
}

/** Returns what this machine says about a process number; a process that has ended and was not waited for is none. */
export function lookAt(pid: number): ProcessLook {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat !== null) {
    // The name in brackets may hold anything; after it come the state (field 3) and, as field 22, the start in clock ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'none' : { begun: fields[19] ?? null };
  }
  try {
    process.kill(pid, 0);
    return { begun: null };
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? 'none' : { begun: null };
  }
}

function orNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
