import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { cloudServers } from '../support/cloud-servers.ts';
import { descendantsOf, survivorsOf } from '../support/process-tree.ts';
import { findComponent, requires } from '../support/requires.ts';
import { type CliRun, createStagingProject, type StagingProject } from '../support/staging-project.ts';
import { until } from '../support/until.ts';

/** What an interruption left behind. */
interface Aftermath {
  readonly run: CliRun;
  /** Command lines of the processes that ran below the tool when it was interrupted. */
  readonly children: readonly string[];
  readonly survivors: readonly string[];
  readonly lockIsFree: boolean;
  readonly temporaryFiles: readonly string[];
}

/** Ctrl-C and `kill` in every stage: what was started ends with the run, and the next run continues. */
describe('an interrupted run', () => {
  const it = requires('chrome', 'git', 'redis-server');
  const itWithK6 = requires('chrome', 'git', 'k6', 'redis-server');
  let project: StagingProject;
  let temporary = '';

  beforeAll(async () => {
    project = await createStagingProject();
    temporary = join(project.dir, '.jv-staging/tmp');
    await mkdir(temporary, { recursive: true });
    // The local cloud outlives the runs, so it must not be below one of them.
    const start = await project.run(['local', 'start']);
    expect(start.exitCode, start.stderr).toBe(0);
  });
  afterAll(async () => {
    await project.remove();
  });

  /** Runs until stderr says `line` and a process of the run matches `child`, then sends the signal. */
  const interrupt = async (
    args: readonly string[],
    at: { readonly line: RegExp; readonly child?: RegExp },
    signal: 'SIGINT' | 'SIGTERM' = 'SIGINT',
  ): Promise<Aftermath> => {
    const running = project.start(args, { env: { TMPDIR: temporary, JV_K6: findComponent('k6') ?? '' } });
    await running.said(at.line);
    const { child } = at;
    if (child !== undefined)
      await until(`a process of the run that matches ${child}`, () => descendantsOf(running.pid).find((one) => child.test(one.command)));
    const children = descendantsOf(running.pid);
    running.signal(signal);
    const run = await running.done;
    return {
      run,
      children: children.map((one) => one.command),
      survivors: survivorsOf(children),
      lockIsFree: !existsSync(join(project.stateDir, 'run.lock')),
      temporaryFiles: (await readdir(temporary)).filter((name) => name.startsWith('jv-')),
    };
  };
  const nothingLeft = { survivors: [], lockIsFree: true, temporaryFiles: [] };

  it.each([
    ['while it creates the Vercel project', /Generate secrets into the environment file: (done|unchanged)/],
    ['while it creates the Supabase project and the Upstash database', /Vercel project jetvision-staging: (done|unchanged)/],
    ['while it pushes the schema', /Wait until database, gateway, pooler and Redis answer: done/],
  ])('ends provision with 130 %s', async (_when, line) => {
    const { run, ...left } = await interrupt(['provision', '--yes'], { line });

    expect(run.exitCode, run.stderr).toBe(130);
    expect(run.stderr).toContain('The run was interrupted by SIGINT.');
    expect(run.stderr).toContain('Run the same command again');
    expect(left).toMatchObject(nothingLeft);
  });

  it('leaves nothing twice: provision goes on to green with one project and one database of the name', async () => {
    const next = await project.run(['provision', '--yes', '--json']);

    expect(next.exitCode, next.stdout).toBe(0);
    expect(await resourceNames(project)).toEqual({
      vercel: ['jetvision-staging'],
      supabase: ['jetvision-staging'],
      upstash: ['jetvision-staging'],
    });
  });

  it('ends the build with deploy', async () => {
    const { run, children, ...left } = await interrupt(['deploy'], { line: /Read the release history: done/, child: /build\.ts/ });

    expect(run.exitCode, run.stderr).toBe(130);
    expect(children.join('\n')).toMatch(/build\.ts/);
    expect(left).toMatchObject(nothingLeft);
  });

  it('goes on to a release that is live after an interrupted deploy', async () => {
    const next = await project.run(['deploy', '--json']);
    expect(next.exitCode, next.stdout).toBe(0);

    const status = await project.run(['status', '--json']);

    expect(JSON.parse(status.stdout)).toMatchObject({ data: { recordMatches: true, releases: [{ kind: 'deploy' }] } });
  });

  it('ends Chrome with perf, and with SIGTERM the exit code is 143', async () => {
    const { run, children, ...left } = await interrupt(['perf'], { line: /Sign in: done/, child: /--type=renderer/ }, 'SIGTERM');

    expect(run.exitCode, run.stderr).toBe(143);
    expect(run.stderr).toContain('The run was interrupted by SIGTERM.');
    expect(children.join('\n')).toMatch(/--headless/);
    expect(left).toMatchObject(nothingLeft);
  });

  itWithK6('ends k6 with load', async () => {
    const { run, children, ...left } = await interrupt(['load', '--engine', 'k6'], { line: /Sign in: done/, child: /k6 run/ });

    expect(run.exitCode, run.stderr).toBe(130);
    expect(children.join('\n')).toMatch(/k6 run/);
    expect(left).toMatchObject(nothingLeft);
  });

  it('ends the embedded engine with load', async () => {
    const { run, ...left } = await interrupt(['load', '--engine', 'embedded'], { line: /Sign in: done/ });

    expect(run.exitCode, run.stderr).toBe(130);
    expect(left).toMatchObject(nothingLeft);
  });

  it('answers --json with one object', async () => {
    const running = project.start(['perf', '--json']);
    await until('Chrome', () => descendantsOf(running.pid).find((one) => /--type=renderer/.test(one.command)));

    running.signal('SIGINT');

    const run = await running.done;
    expect(run.exitCode).toBe(130);
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: false, command: 'perf', error: { code: 'RUN_INTERRUPTED' } });
  });

  it('goes on to green in every stage afterwards', async () => {
    const up = await project.run(['up', '--json']);

    expect(up.exitCode, up.stdout).toBe(0);
    expect(JSON.parse(up.stdout)).toMatchObject({ ok: true, data: { verdict: 'green' } });
  });
});

/** Returns the names of our resources as the vendors' interfaces list them (production has a world of its own there). */
async function resourceNames(project: StagingProject) {
  const { vercel, supabase, upstash } = await cloudServers(join(project.stateDir, 'local')).endpoints();
  const basic = Buffer.from(`${upstash.email}:${upstash.apiKey}`).toString('base64');
  const list = async (url: string, authorization: string): Promise<string> => (await fetch(url, { headers: { authorization } })).text();
  const [projects, databases, caches] = await Promise.all([
    list(`${vercel.apiUrl}/v10/projects?teamId=${vercel.teamId}`, `Bearer ${vercel.token}`),
    list(`${supabase.apiUrl}/v1/projects`, `Bearer ${supabase.accessToken}`),
    list(`${upstash.apiUrl}/v2/redis/databases`, `Basic ${basic}`),
  ]);
  const hosted: { readonly projects: readonly { readonly name: string }[] } = JSON.parse(projects);
  const stored: readonly { readonly name: string }[] = JSON.parse(databases);
  const cached: readonly { readonly database_name: string }[] = JSON.parse(caches);
  const ours = (names: readonly string[]) => names.filter((name) => name.includes('staging'));
  return {
    vercel: ours(hosted.projects.map((each) => each.name)),
    supabase: ours(stored.map((each) => each.name)),
    upstash: ours(cached.map((each) => each.database_name)),
  };
}
