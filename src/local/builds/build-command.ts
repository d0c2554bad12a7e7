import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import type { Account } from '../service.ts';
import { BuildFailure } from './build-failure.ts';
import { hearLines } from './text-lines.ts';

/** A command of a build. */
export interface BuildCommand {
  /** A line for the shell. */
  readonly line: string;
  readonly cwd: string;
  /** The whole environment; its HOME is this build's alone. */
  readonly env: Readonly<Record<string, string>>;
  readonly account: Account | undefined;
  readonly timeoutMs: number;
  readonly onLine: (stream: 'stdout' | 'stderr', text: string) => void;
}

/**
 * The shell below which a command runs. It leads a process group, and the group ends with us: when our end of descriptor 3 closes
 * because we were killed, `read` returns and everything in the group is killed.
 */
const wrapper = '(read -r _ <&3; kill -s KILL 0) & watch=$!; exec 3<&-; /bin/sh -c "$1"; code=$?; kill "$watch" 2>/dev/null; exit "$code"';

/** Runs a command to its end and leaves none of its processes behind. Throws `BuildFailure` unless it exits with 0. */
export async function runBuildCommand(command: BuildCommand, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', wrapper, 'sh', command.line], {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(command.account ? { uid: command.account.uid, gid: command.account.gid } : {}),
  });
  if (child.stdout) hearLines(child.stdout, (text) => command.onLine('stdout', text));
  if (child.stderr) hearLines(child.stderr, (text) => command.onLine('stderr', text));
  child.stdio[3]?.on('error', () => undefined);
  const group = child.pid;
  const end = () => endGroup(group);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, command.timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    end();
    await endStragglers(command.env['HOME']);
    await closed;
    signal.throwIfAborted();
    if (timedOut) throw new BuildFailure('BUILD_TIMED_OUT', `Command "${command.line}" took longer than ${command.timeoutMs} ms.`);
    if (code !== 0) throw new BuildFailure(`BUILD_UTILS_SPAWN_${code ?? 1}`, `Command "${command.line}" exited with ${code ?? 'a signal'}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    child.stdio[3]?.destroy();
  }
}

function endGroup(group: number | undefined): void {
  if (group === undefined) return;
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

/** Ends processes that left the group: they are known by the HOME that only this build has. Linux alone tells it. */
async function endStragglers(home: string | undefined): Promise<void> {
  if (home === undefined || process.platform !== 'linux') return;
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    numbers.map(async (number) => {
      const environment = await readFile(`/proc/${number}/environ`, 'utf8').catch(() => '');
      if (environment.split('\0').includes(`HOME=${home}`)) killOne(Number(number));
    }),
  );
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in between.
  }
}
