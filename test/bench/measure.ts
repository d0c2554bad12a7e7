import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A command line to time. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** It is killed after this long; a minute when not given. */
  readonly timeoutMs?: number | undefined;
  /** Throws when the run did not do what it must: speed must not come from doing less. */
  readonly check: (run: ProcessRun) => void;
}

/** One run of a process, seen from outside. */
export interface ProcessRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From before the start until it has ended and its output is read. */
  readonly wallMs: number;
  /** Most resident memory of the process itself, children not counted, as last seen before its end; null where there is no /proc. */
  readonly peakRssBytes: number | null;
}

/** How often a process's peak memory is read; it only rises, so what is missed is what came in the last moment. */
const peakEveryMs = 50;

/** Runs a process to its end and times it. `watchMemory` costs a few reads a second, so only long runs are watched. Throws what the check throws. */
export async function timeProcess(command: CommandLine, watchMemory = false): Promise<ProcessRun> {
  const { program, args, cwd, env = process.env, timeoutMs = 60_000 } = command;
  const started = process.hrtime.bigint();
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  let peakRssBytes: number | null = null;
  const watch = watchMemory
    ? setInterval(() => {
        peakRssBytes = statusBytes(child.pid, 'VmHWM') ?? peakRssBytes;
      }, peakEveryMs)
    : undefined;
  const killer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const wallMs = Number(process.hrtime.bigint() - started) / 1e6;
    const run = { exitCode, ...output, wallMs, peakRssBytes };
    command.check(run);
    return run;
  } finally {
    clearInterval(watch);
    clearTimeout(killer);
  }
}

/** Returns a size from the kernel's account of a process (`VmRSS`, `VmHWM`) in bytes, or null where there is none. */
export function statusBytes(pid: number | undefined, field: 'VmRSS' | 'VmHWM'): number | null {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return found === undefined ? null : Number(found) * 1024;
  } catch {
    return null;
  }
}

/** Runs several commands in turn (A B C, A B C, …) after one warm-up of each; returns their times in milliseconds, as many each as `runs`. */
export async function interleave(commands: readonly CommandLine[], runs: number): Promise<readonly (readonly number[])[]> {
  const times = commands.map((): number[] => []);
  for (let run = 0; run <= runs; run += 1) {
    for (const [at, command] of commands.entries()) {
      const { wallMs } = await timeProcess(command);
      if (run > 0) times[at]?.push(wallMs);
    }
  }
  return times;
}

/** Returns a check of a run: it ended with this exit code, and its output contains all of these texts. */
export function expecting(exitCode: number, ...texts: readonly string[]): CommandLine['check'] {
  return (run) => {
    const missing = texts.filter((text) => !run.stdout.includes(text) && !run.stderr.includes(text));
    if (run.exitCode === exitCode && missing.length === 0) return;
    const wanted = [`exit ${exitCode}`, ...texts.map((text) => JSON.stringify(text))].join(', ');
    throw new Error(
      `A run ended with ${run.exitCode}, expected ${wanted}; it wrote:\n${run.stdout.slice(-2000)}${run.stderr.slice(-2000)}`,
    );
  };
}
