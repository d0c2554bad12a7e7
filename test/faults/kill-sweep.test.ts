import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { cloudStatus } from '../../src/local/lifecycle.ts';
import { localPlatforms } from '../../src/wiring/platforms.ts';
import { requires } from '../support/requires.ts';
import { environmentFolder, runInEnvironment } from '../support/shared-cloud.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const root = resolve(import.meta.dirname, '../..');
const preload = join(root, 'test/support/kill-at.ts');
const points = ['before', 'sent', 'replied'] as const;
/** `npm run sweep` takes every point of every step; a test run takes one a step, another one each day. */
const isWhole = process.env['JV_SWEEP'] === 'all';
const seed = Number(process.env['JV_SWEEP_SEED'] ?? Math.floor(Date.now() / 86_400_000));

const result = z.object({
  ok: z.boolean(),
  data: z.object({ verdict: z.string(), details: z.object({ variablesWritten: z.array(z.string()) }) }).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** Provisioning, killed at every step of its journal: the next run finds what there is, and makes the rest. */
describe('provision that is killed', () => {
  const it = requires('git', 'redis-server');
  let cloud: StagingProject;
  let steps: readonly string[] = [];
  let count = 0;

  beforeAll(async () => {
    cloud = await createStagingProject();
    const started = await cloud.run(['local', 'start']);
    expect(started.exitCode, started.stderr).toBe(0);
    const whole = await provisioned('whole');
    expect(whole.exitCode, whole.stdout).toBe(0);
    steps = (await journaled('whole')).map((entry) => entry.path);
  }, 180_000);
  afterAll(() => cloud.remove());

  it('comes out as if nothing had happened, whichever step it was killed in', async () => {
    const cases = steps.flatMap((step, at) =>
      points.filter((_, place) => isWhole || place === (at + seed) % points.length).map((point) => ({ step, point })),
    );
    const outcomes: string[] = [];

    for (const { step, point } of cases) outcomes.push(`${step} ${point}: ${await sweep(step, point)}`);

    console.info(`kill sweep: ${steps.length} steps × ${isWhole ? points.length : 1} points, seed ${seed}\n  ${outcomes.join('\n  ')}`);
    expect(outcomes.filter((line) => !line.endsWith(': converged'))).toEqual([]);
    expect(new Set(cases.map(({ step }) => step)).size).toBe(steps.length);
    expect(steps).toEqual(
      expect.arrayContaining(['secrets', 'vercel-project', 'data/supabase-project', 'data/upstash-database', 'schema', 'variables']),
    );
  }, 1_800_000);

  /** Kills a first provision at the point, provisions again twice, and compares with what must be there; returns what was wrong. */
  const sweep = async (step: string, point: string): Promise<string> => {
    count += 1;
    const name = `sweep-${count}`;
    const killed = await provisioned(name, { KILL_AT: `${step} ${point}`, NODE_OPTIONS: `--import ${preload}` });
    if (killed.signal !== 'SIGKILL') return `it was not killed, but ended with ${killed.exitCode}: ${killed.stdout} ${killed.stderr}`;
    const again = await provisioned(name);
    if (again.exitCode !== 0) return `the next run ended with ${again.exitCode}: ${again.stdout}`;
    const third = await provisioned(name);
    const written = result.parse(JSON.parse(third.stdout)).data?.details.variablesWritten;
    const mutations = (await journaled(name, 'last')).map((entry) => entry.path);
    if (third.exitCode !== 0 || written?.length !== 0 || mutations.length > 0)
      return `the third run still changed ${mutations.join(', ')}: ${third.stdout}`;
    const inventory = await inventoryOf(name);
    if (inventory !== 'Vercel 1 ours, Supabase 1, Upstash 1, domain verified') return inventory;
    const destroyed = await tool(name, ['destroy', '--confirm', name, '--json']);
    return destroyed.exitCode === 0 ? 'converged' : `it could not be destroyed: ${destroyed.stdout}`;
  };

  const inventoryOf = async (name: string): Promise<string> => {
    const { endpoints } = await cloudStatus({ stateDir: join(cloud.stateDir, 'local') });
    if (endpoints === undefined) throw new Error('The local cloud does not run.');
    const platforms = localPlatforms(endpoints, systemClock);
    const { signal } = new AbortController();
    const [hosting, databases, caches] = await Promise.all([
      platforms.managed.hosting.read({ name, domain: `${name}.test`, production: [] }, signal),
      platforms.managed.databases.list({ name, production: [] }, signal),
      platforms.managed.caches.list({ name, production: [] }, signal),
    ]);
    await platforms.close();
    const marker = hosting.project?.marker;
    const ids = [hosting.project?.resource.id, databases.found[0]?.resource.ref, caches.found[0]?.resource.id];
    const marked = typeof marker === 'object' && marker !== null ? Object.values(marker.resources).map((each) => each?.id) : [];
    const isOurs = ids.every((id) => id !== undefined && marked.includes(id));
    const domain = hosting.project?.domain?.verified === true ? 'verified' : 'missing';
    return `Vercel ${hosting.project === undefined ? 0 : 1}${isOurs ? ' ours' : ''}, Supabase ${databases.found.length}, Upstash ${caches.found.length}, domain ${domain}`;
  };

  const provisioned = (name: string, env: Readonly<Record<string, string>> = {}) => tool(name, ['provision', '--yes', '--json'], env);

  const tool = (name: string, args: readonly string[], env?: Readonly<Record<string, string>>) => runInEnvironment(cloud, name, args, env);

  /** Returns the steps that a run of the environment announced, in order: its only one so far, or the last. */
  const journaled = async (name: string, which: 'only' | 'last' = 'only') => {
    const folder = join(await environmentFolder(cloud, name), '.jv-staging/journal');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.jsonl')).toSorted();
    if (which === 'only') expect(files).toHaveLength(1);
    // A run that changes nothing keeps no journal: three runs then leave two files.
    const file = which === 'last' ? files[2] : files[0];
    if (file === undefined) return [];
    const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n');
    const entries = lines.map((line) => z.object({ path: z.string(), phase: z.string() }).parse(JSON.parse(line)));
    return entries.filter((entry) => entry.phase === 'intent');
  };
});
