import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, open, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { StagingError } from '../../core/errors.ts';
import type { Account } from '../service.ts';
import { runTool } from './run-tool.ts';

/** How a database server is run. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Account to run as, or undefined for our own. */
  readonly account: Account | undefined;
  /** File that takes stdout and stderr; emptied at each start. */
  readonly logFile: string;
  /** The signal that ends it in order; also sent by the kernel when we are killed, where `setpriv` exists. */
  readonly stopSignal: NodeJS.Signals;
}

/** A running database server. */
export interface ServerProcess {
  readonly pid: number;
  /** False once it has ended, by itself or by `stop`. */
  alive(): boolean;
  /** Resolves when it has ended, with how it ended. */
  readonly ended: Promise<string>;
  /** Ends it in order, or by force after `graceMs` (default 10 s). */
  stop(graceMs?: number): Promise<void>;
}

const setpriv = '/usr/bin/setpriv';

/**
 * Starts a server in a process group of its own, so that Ctrl-C in our terminal does not reach it. Where Linux' `setpriv`
 * exists, the kernel ends the server when we are killed; elsewhere the next start does (`endStaleServer`).
 */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  const log = await open(server.logFile, 'w', 0o600);
  try {
    if (server.account !== undefined) await chown(server.logFile, server.account.uid, server.account.gid);
    const { command, args } = withParentDeathSignal(server);
    const child = spawn(command, args, {
      cwd: server.cwd,
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', ...server.env },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
      ...(server.account !== undefined && command !== setpriv ? { uid: server.account.uid, gid: server.account.gid } : {}),
    });
    let running = true;
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, killedBy) => resolve(killedBy ?? `exit code ${code ?? 'unknown'}`));
    }).finally(() => {
      running = false;
    });
    const pid = child.pid;
    if (pid === undefined) throw new Error(await ended);
    const stop = async (graceMs = 10_000) => {
      if (running) child.kill(server.stopSignal);
      // SIGQUIT comes before SIGKILL: Postgres' own children end with it, and would outlive a killed parent for a while.
      const impatient = setTimeout(() => child.kill('SIGQUIT'), graceMs);
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs + 2000);
      await ended;
      clearTimeout(impatient);
      clearTimeout(killer);
    };
    return { pid, alive: () => running, ended, stop };
  } finally {
    await log.close();
  }
}

function withParentDeathSignal(server: ServerCommand): { readonly command: string; readonly args: string[] } {
  if (process.platform !== 'linux' || !existsSync(setpriv)) return { command: server.command, args: [...server.args] };
  const { account } = server;
  const identity = account === undefined ? [] : ['--reuid', `${account.uid}`, '--regid', `${account.gid}`, '--clear-groups'];
  return {
    command: setpriv,
    args: [...identity, '--pdeathsig', server.stopSignal.replace('SIG', ''), server.command, ...server.args],
  };
}

/**
 * Ends a server that an earlier process of ours left behind when it was killed. `pidFile` is the server's own; a process of that
 * id is ours only when its command line contains `marker` (a path that no other process is given).
 */
export async function endStaleServer(pidFile: string, marker: string, stopSignal: NodeJS.Signals): Promise<boolean> {
  const pid = await pidIn(pidFile);
  if (pid === undefined) return false;
  const isOurs = async () => (await commandLine(pid)).includes(marker);
  if (!(await isOurs())) {
    await rm(pidFile, { force: true });
    return false;
  }
  signal(pid, stopSignal);
  const startMs = performance.now();
  while (await isOurs()) {
    const waitedMs = performance.now() - startMs;
    if (waitedMs > 10_000) signal(pid, waitedMs > 12_000 ? 'SIGKILL' : 'SIGQUIT');
    await delay(20);
  }
  await rm(pidFile, { force: true });
  return true;
}

async function pidIn(pidFile: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt((await readFile(pidFile, 'utf8')).split('\n')[0] ?? '', 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}

/** Returns the command line of a process; empty when there is none, or it has ended and only waits for its parent. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    try {
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  return (await runTool('ps', ['-o', 'command=', '-p', `${pid}`], undefined)).output;
}

/** Throws `LOCAL_PORT_TAKEN` when something listens on this loopback port. */
export async function assertPortFree(port: number, what: string): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve()));
    });
  } catch (error) {
    throw portTaken(port, what, error);
  }
}

/** Returns the error for a port that somebody else listens on. */
export function portTaken(port: number, what: string, cause?: unknown): StagingError {
  return new StagingError('missing', 'LOCAL_PORT_TAKEN', `Port ${port} on 127.0.0.1, which ${what} of the local cloud needs, is in use.`, {
    fix: `Run \`ss -ltnp 'sport = :${port}'\` to see which process listens there, end it, and run the command again.`,
    cause,
  });
}

/** Returns once the port accepts connections; throws when the server ends first or `timeoutMs` has passed. */
export async function waitForPort(port: number, server: ServerProcess, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (server.alive()) {
    if (await accepts(port)) return;
    if (performance.now() > deadlineMs) throw new Error(`It did not listen on port ${port} within ${timeoutMs} ms.`);
    await delay(10);
  }
  throw new Error(`It ended with ${await server.ended}.`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Returns the last lines of a log file, for error messages; empty when there is none. */
export async function logEnd(logFile: string, lines = 12): Promise<string> {
  try {
    const text = await readFile(logFile, 'utf8');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
