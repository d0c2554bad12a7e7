import { mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { removeCloud } from '../../support/local-cloud.ts';
import { type CommandLine, statusBytes, timeProcess } from '../measure.ts';
import { type BenchCase, tool } from '../place.ts';

const runs = 3;

/** How long the cloud is left alone before its memory is read. */
const idleMs = 5_000;

const bytesPerMb = 1_048_576;

const statusEnvelope = z.object({ ok: z.literal(true), data: z.object({ running: z.literal(true), pid: z.number() }) });

/** How long the local cloud takes to start, with databases to create and without, and what its own process holds when idle. */
export const localCloud: BenchCase = {
  name: 'local-cloud',
  run: async (say) => {
    const first: number[] = [];
    const later: number[] = [];
    const idleMb: number[] = [];
    const bareMb: number[] = [];
    for (let run = 1; run <= runs; run += 1) {
      say(`local start, first and later, run ${run} of ${runs}`);
      const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-'));
      const local = (command: string, check: CommandLine['check']) =>
        timeProcess(tool(['local', command, '--json'], { cwd, check, env: { ...process.env, JV_STATE_DIR: cwd }, timeoutMs: 180_000 }));
      try {
        first.push((await local('start', isRunning)).wallMs);
        await local('stop', stopped);
        const again = await local('start', isRunning);
        later.push(again.wallMs);
        const { pid } = statusEnvelope.parse(JSON.parse(again.stdout)).data;
        const [idle, bare] = await Promise.all([idleBytes(pid), bareIdleBytes()]);
        if (idle !== null && bare !== null) {
          idleMb.push(idle / bytesPerMb);
          bareMb.push(bare / bytesPerMb);
        }
      } finally {
        await removeCloud(join(cwd, 'local'));
        await rm(cwd, { recursive: true, force: true });
      }
    }
    return [
      { name: 'local start, first', unit: 'ms', values: first },
      { name: 'local start, later', unit: 'ms', values: later, peer: { name: 'first start', values: first } },
      ...(idleMb.length === 0
        ? []
        : [
            {
              name: 'local cloud, idle memory of its process',
              unit: 'MB' as const,
              values: idleMb,
              peer: { name: 'idle bare Node', values: bareMb },
            },
          ]),
    ];
  },
};

function isRunning({
  exitCode,
  stdout,
  stderr,
}: {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}): void {
  if (exitCode !== 0) throw new Error(`local start ended with ${exitCode}:\n${stdout}${stderr}`);
  statusEnvelope.parse(JSON.parse(stdout));
}

function stopped({
  exitCode,
  stdout,
  stderr,
}: {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}): void {
  if (exitCode !== 0 || !stdout.includes('"wasRunning":true')) throw new Error(`local stop ended with ${exitCode}:\n${stdout}${stderr}`);
}

async function idleBytes(pid: number): Promise<number | null> {
  await pause(idleMs);
  return statusBytes(pid, 'VmRSS');
}

async function bareIdleBytes(): Promise<number | null> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  try {
    await pause(idleMs);
    return statusBytes(child.pid, 'VmRSS');
  } finally {
    child.kill('SIGKILL');
  }
}
