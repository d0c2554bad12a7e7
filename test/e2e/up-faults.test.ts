import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isAlive } from '../../src/local/processes.ts';
import { type CloudServers, cloudServers, crash } from '../support/cloud-servers.ts';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

/** What is asked of a report here. */
interface Report {
  readonly verdict: string;
  readonly stages: readonly {
    readonly stage: string;
    readonly verdict: string;
    readonly findings: readonly { readonly id: string; readonly verdict: string; readonly seen: string; readonly message?: string }[];
  }[];
  readonly notRun: readonly { readonly stage: string; readonly reason: string }[];
}

/** A server that dies in the middle of `up`: the stage that needs it is red and no other, and the next run is green. */
describe('up, when a server dies', () => {
  const it = requires('chrome', 'git', 'redis-server');
  let project: StagingProject;
  let servers: CloudServers;

  beforeAll(async () => {
    project = await createStagingProject();
    servers = cloudServers(join(project.stateDir, 'local'));
  });
  afterAll(async () => {
    await project.remove();
  });

  /** Runs `up`, ends something once stderr says `line`, and returns the exit code with the report that was written. */
  const upWith = async (args: readonly string[], line: RegExp, end: () => Promise<void>) => {
    const before = await reports(project);
    const running = project.start(['up', ...args]);
    await running.said(line);
    await end();
    const { exitCode, stderr, stdout } = await running.done;
    const [written] = (await reports(project)).filter((name) => !before.includes(name));
    expect(written, stderr).toBeDefined();
    const report: Report = JSON.parse(await readFile(join(project.stateDir, 'reports', written ?? '', 'report.json'), 'utf8'));
    const stages = Object.fromEntries(report.stages.map((stage) => [stage.stage, stage.verdict]));
    const red = report.stages.flatMap((stage) => stage.findings.filter((finding) => finding.verdict === 'red'));
    return { exitCode, stages, red, notRun: report.notRun, text: `${stdout}\n${stderr}` };
  };
  const restart = async () => {
    expect((await project.run(['local', 'stop'])).exitCode).toBe(0);
    expect((await project.run(['local', 'start'])).exitCode).toBe(0);
  };

  const stageHas = /Deploy: done[^]*Seed › Read the seed profile demo: done/;

  it('makes smoke red, and no stage before it, when Redis dies while rows are written', async () => {
    const result = await upWith([], stageHas, async () => crash(await servers.redis('jetvision-staging')));

    expect(result, result.text).toMatchObject({
      exitCode: 5,
      stages: { provision: 'green', deploy: 'green', seed: 'green', smoke: 'red' },
      notRun: [
        { stage: 'perf', reason: 'smoke was not green' },
        { stage: 'load', reason: 'smoke was not green' },
      ],
    });
    expect(result.text).toContain('redis "disconnected", expected redis "connected"');
    expect(result.red.map((finding) => finding.id)).toContain('health');
  });

  it('names the dead server in the status of the local cloud, which lives on', async () => {
    const daemon = await servers.daemon();

    const status = await project.run(['local', 'status', '--json']);

    expect(isAlive(daemon)).toBe(true);
    expect(JSON.parse(status.stdout)).toMatchObject({
      ok: true,
      data: {
        running: true,
        services: expect.arrayContaining([expect.objectContaining({ name: 'redis jetvision-staging', state: 'down' })]),
      },
    });
  });

  it('makes perf red, and load not run, when Redis dies while pages are measured', async () => {
    await restart();

    const result = await upWith(['--from', 'perf'], /Perf › Sign in: done/, async () => crash(await servers.redis('jetvision-staging')));

    expect(result, result.text).toMatchObject({ exitCode: 5, stages: { perf: 'red' } });
    expect(result.notRun).toContainEqual({ stage: 'load', reason: 'perf was not green' });
    expect(result.text).toMatch(/latency of GET \/api\/health[^]*503 x10, expected/);
  });

  it('makes load red, after a green smoke, when Postgres dies under load', async () => {
    await restart();

    const result = await upWith(['--only', 'smoke', '--only', 'load'], /Load › Sign in: done/, async () => crash(await servers.postgres()));

    expect(result, result.text).toMatchObject({ exitCode: 5, stages: { smoke: 'green', load: 'red' } });
    // Where the lines of the message break depends on what else is red.
    expect(result.text.replaceAll(/\s+/g, ' ')).toMatch(
      /Share of failed requests: seen 100\.00 % of \d+ \(503 x\d+\), expected < 15\.00 %/,
    );
  });

  it('keeps load green when the app’s own process dies: the platform starts another one on the next request', async () => {
    await restart();
    const killed: number[] = [];

    const result = await upWith(['--only', 'load'], /Load › Sign in: done/, async () => {
      for (const instance of await servers.instances()) {
        killed.push(instance.pid);
        await crash(instance);
      }
    });

    expect(killed).toHaveLength(1);
    expect(result, result.text).toMatchObject({ exitCode: 0, stages: { load: 'green' } });
    const [running] = await servers.instances();
    expect(running?.pid).toBeDefined();
    expect(killed).not.toContain(running?.pid);
  });

  it('stops at deploy with the database’s address when Postgres dies during the build', async () => {
    const build = /Deploy › Read the release history: done/;

    const result = await upWith(['--only', 'deploy', '--only', 'seed'], build, async () => crash(await servers.postgres()));

    expect(result, result.text).toMatchObject({ exitCode: 4, stages: { deploy: 'red' } });
    expect(result.notRun).toContainEqual({ stage: 'seed', reason: 'deploy was not green' });
    expect(result.red[0]?.message).toMatch(/^The database at 127\.0\.0\.1:\d+ cannot be reached/);
  });

  it('is green in every stage again once the local cloud was started anew', async () => {
    await restart();

    const up = await project.run(['up', '--json']);

    expect(up.exitCode, up.stdout).toBe(0);
    expect(JSON.parse(up.stdout)).toMatchObject({ ok: true, data: { verdict: 'green' } });
  });
});

async function reports(project: StagingProject): Promise<readonly string[]> {
  return readdir(join(project.stateDir, 'reports')).catch(() => []);
}
