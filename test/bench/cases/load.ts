import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Measured } from '../figure.ts';
import { expecting, timeProcess } from '../measure.ts';
import { type BenchCase, root, tool } from '../place.ts';

/** Rounds of the engine and its peer, in turn. */
const rounds = 5;
/** Rounds of each pair of engines. */
const pairRounds = 3;
const connections = 50;

const engineRun = z.object({
  all: z.object({ requests: z.number(), errors: z.number(), p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number() }),
  durationMs: z.number(),
  cpuShare: z.number(),
  rssBytes: z.number(),
});
type EngineRun = z.infer<typeof engineRun>;

const mix = '50,200,50,50,800,200,50,50,200,50';

/** What load costs and how well its engines agree: beside autocannon, at the original's think times, and on a mix of 50, 200 and 800 ms. */
export const load: BenchCase = {
  name: 'load',
  run: async (say) => [
    ...(await withServer('0', (origin) => besideAutocannon(origin, say))),
    ...(await withServer('50', (origin) => atThinkTimes(origin, say))),
    // Six of ten at 50 ms, three at 200, one at 800: no percentile that is compared lies at a border. Each has its own server and so its
    // own turn of the mix, and both run at once: a machine that is busy is busy for both.
    ...(await withServer(mix, (one) => withServer(mix, (other) => enginesApart([one, other], say)))),
  ],
};

async function withServer<Result>(delays: string, use: (origin: string) => Promise<Result>): Promise<Result> {
  const program = join(root, 'test/bench/programs/mixed-server.ts');
  const server = spawn(process.execPath, [program, delays], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
    return await use(String(line).trim());
  } finally {
    server.kill('SIGKILL');
  }
}

/** Returns what an engine measured in a process of its own. */
async function engine(name: string, origin: string, { vus, seconds, think = false }: EngineSize): Promise<EngineRun> {
  const program = join(root, 'test/bench/programs/load-engine.ts');
  const args = [program, name, origin, String(vus), String(seconds), think ? 'think' : 'no-think'];
  const ended = await timeProcess({ program: process.execPath, args, timeoutMs: 180_000, check: expecting(0) });
  const run = engineRun.parse(JSON.parse(ended.stdout));
  if (run.all.errors > 0) throw new Error(`${run.all.errors} of ${run.all.requests} requests failed under ${name}.`);
  return run;
}

interface EngineSize {
  readonly vus: number;
  readonly seconds: number;
  readonly think?: boolean;
}

/** The time for 1000 requests at 50 connections: a rate of 0.8 times the peer's is 1.25 times its time. */
async function besideAutocannon(origin: string, say: (line: string) => void): Promise<readonly Measured[]> {
  say(`the embedded engine beside autocannon, ${connections} connections without think times, ${rounds} rounds in turn`);
  const [own, peer]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const run = await engine('embedded', origin, { vus: connections, seconds: 4 });
    const cannon = await engine('autocannon', origin, { vus: connections, seconds: 4 });
    if (round === 0) continue;
    own.push((run.durationMs * 1000) / run.all.requests);
    peer.push((cannon.durationMs * 1000) / cannon.all.requests);
  }
  const target = { atMost: 1.25, unit: 'x', of: 'ratio' } as const;
  return [
    {
      name: `load, 1000 requests, ${connections} connections`,
      unit: 'ms',
      values: own,
      peer: { name: 'autocannon', values: peer },
      target,
    },
  ];
}

/** 50 virtual users with the original's pauses: the engine alone, and the whole command. */
async function atThinkTimes(origin: string, say: (line: string) => void): Promise<readonly Measured[]> {
  say(`50 virtual users at the original's think times, ${pairRounds} rounds`);
  const [cpu, memory]: [number[], number[]] = [[], []];
  const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-load-'));
  try {
    const args = ['load', '--url', origin, '--engine', 'embedded', '--vus', '50', '--duration', '20s'];
    for (let round = 0; round < pairRounds; round += 1) {
      cpu.push((await engine('embedded', origin, { vus: 50, seconds: 20, think: true })).cpuShare * 100);
      const { peakRssBytes } = await timeProcess(tool(args, { cwd, timeoutMs: 90_000, check: expecting(0, 'green') }), true);
      if (peakRssBytes !== null) memory.push(peakRssBytes / 1e6);
    }
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
  return [
    { name: 'load, 50 users: of a core', unit: '%', values: cpu, target: { atMost: 10, unit: '%', of: 'value' } },
    { name: '  whole command, peak memory', unit: 'MB', values: memory, target: { atMost: 150, unit: 'MB', of: 'value' } },
  ];
}

const mixSize: EngineSize = { vus: 20, seconds: 20 };

/** How far the engines lie apart: counts in %, percentiles in what is allowed (3 % or 5 ms). */
async function enginesApart(origins: readonly [string, string], say: (line: string) => void): Promise<readonly Measured[]> {
  const figures: Measured[] = [];
  for (const [one, other] of [
    ['embedded', 'k6'],
    ['fleet', 'k6'],
  ] as const) {
    say(`${one} and ${other} on a mix of 50, 200 and 800 ms, ${pairRounds} rounds`);
    const [counts, percentiles]: [number[], number[]] = [[], []];
    for (let round = 0; round < pairRounds; round += 1) {
      const [a, b] = await Promise.all([engine(one, origins[0], mixSize), engine(other, origins[1], mixSize)]);
      counts.push((Math.abs(a.all.requests - b.all.requests) / b.all.requests) * 100);
      percentiles.push(Math.max(...(['p50Ms', 'p95Ms', 'p99Ms'] as const).map((at) => apart(a.all[at], b.all[at]))));
    }
    figures.push(
      { name: `load, ${one} and k6: requests apart`, unit: '%', values: counts, target: { atMost: 1, unit: '%', of: 'value' } },
      { name: '  p50, p95, p99 apart, of 3 % or 5 ms', unit: 'x', values: percentiles, target: { atMost: 1, unit: 'x', of: 'value' } },
    );
  }
  return figures;
}

function apart(a: number, b: number): number {
  const differenceMs = Math.abs(a - b);
  return Math.min(differenceMs / b / 0.03, differenceMs / 5);
}
