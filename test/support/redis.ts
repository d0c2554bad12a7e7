import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { findComponent } from './requires.ts';

/** A real Redis of its own for one test file, without persistence. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Ends the server at once; `start` brings an empty one back on the same port. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Lets the server answer nothing until `resume`: it is there, its connections stay open, and whoever asks waits. */
  pause(): void;
  resume(): void;
  /** Ends the server and removes its files. */
  remove(): Promise<void>;
}

/** Starts a redis-server (from PATH or `JV_REDIS_SERVER`) on a free loopback port; `args` are its own options. */
export async function startRedis(...args: readonly string[]): Promise<TestRedis> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'jv-test-redis-'));
  let server: ChildProcess | undefined;
  const start = async () => {
    const options = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      dir,
      '--maxmemory-policy',
      'noeviction',
      ...args,
    ];
    server = spawn(findComponent('redis-server') ?? 'redis-server', options, { stdio: 'ignore' });
    await untilListening(port);
  };
  const kill = async () => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    start,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    remove: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 250; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
  throw new Error(`No redis-server listens on port ${port} after 5 s.`);
}
