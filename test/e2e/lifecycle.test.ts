import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'dotenv';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { until } from '../support/until.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const reportShape = z.object({
  verdict: z.string(),
  stages: z.array(z.object({ stage: z.string(), verdict: z.string() })),
  openUrl: z.string(),
  releaseId: z.string(),
  gitSha: z.string(),
  files: z.object({ html: z.string(), json: z.string() }),
});
const healthShape = z.object({ version: z.string(), environment: z.string() });
const provisionShape = z.object({ details: z.object({ variablesWritten: z.array(z.string()) }) });
const seedShape = z.object({ details: z.object({ changed: z.number() }) });
const gateShape = z.object({
  data: z.object({
    details: z.object({
      entries: z.array(
        z.object({
          id: z.string(),
          verdict: z.string(),
          seen: z.string(),
          evidence: z.array(z.object({ file: z.string(), sha256: z.string() })),
        }),
      ),
    }),
  }),
});
const logsShape = z.object({ entries: z.array(z.object({ at: z.string(), source: z.string() })) });
const statusShape = z.object({ releases: z.array(z.object({ id: z.string() })) });

/** The whole lifecycle with the built tool, as a user runs it: one environment, its stages in order. */
describe('the lifecycle of an environment', () => {
  const it = requires('chrome', 'git', 'redis-server');
  let project: StagingProject;
  let openUrl = '';
  let first = { id: '', sha: '' };

  const health = async () => {
    const answer = await fetch(new URL('/api/health', openUrl));
    return healthShape.parse(await answer.json());
  };

  beforeAll(async () => {
    project = await createStagingProject();
  });
  afterAll(async () => {
    await project.remove();
  });

  it('puts everything out from nothing, green in every stage, with a report', async () => {
    const run = await project.run(['up', '--json']);

    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(0);
    const { ok, data } = run.json(reportShape);
    expect({ ok, stages: data.stages.map((stage) => `${stage.stage} ${stage.verdict}`) }).toEqual({
      ok: true,
      stages: ['provision green', 'deploy green', 'seed green', 'smoke green', 'perf green', 'load green'],
    });
    openUrl = data.openUrl;
    first = { id: data.releaseId, sha: data.gitSha };
    expect(await health()).toEqual({ environment: 'staging', version: data.gitSha });
    expect(await readFile(data.files.html, 'utf8')).toContain('<svg');
    expect(JSON.parse(await readFile(data.files.json, 'utf8'))).toMatchObject({ verdict: 'green', releaseId: data.releaseId });
  });

  it('has written no secret into its output, its reports or its journal', async () => {
    const values = parse(await readFile(join(project.dir, '.env.staging.local'), 'utf8'));
    const secrets = Object.entries(values).flatMap(([name, value]) => (name.endsWith('_URL') ? [] : [value]));
    const status = await project.run(['status', '--json']);
    const written = [status.stdout, ...(await project.stateTexts())];

    expect(status.json(statusShape).data.releases).toHaveLength(1);
    expect(secrets.length).toBeGreaterThan(5);
    expect(written.length).toBeGreaterThan(3);
    for (const secret of secrets) expect(written.filter((text) => text.includes(secret))).toEqual([]);
  });

  it('shows what app, Postgres and Auth wrote, no secret in it, and goes on with what comes', async () => {
    const values = parse(await readFile(join(project.dir, '.env.staging.local'), 'utf8'));
    const secrets = Object.entries(values).flatMap(([name, value]) => (name.endsWith('_URL') ? [] : [value]));
    const run = await project.run(['logs', '--since', '1h', '--json']);
    const { entries } = run.json(logsShape).data;

    expect(run.exitCode).toBe(0);
    expect(new Set(entries.map(({ source }) => source))).toEqual(new Set(['app', 'postgres', 'auth']));
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted());
    expect(secrets.filter((secret) => run.stdout.includes(secret))).toEqual([]);

    const following = project.start(['logs', '--follow', '--since', '1s', '--source', 'app', '--json']);
    const asking = setInterval(() => void health().catch(() => undefined), 500);
    await delay(6000);
    clearInterval(asking);
    following.signal('SIGINT');
    const { exitCode, stdout } = await following.done;

    expect(exitCode).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toContainEqual({
      ok: true,
      command: 'logs',
      data: expect.objectContaining({ source: 'app' }),
    });
  });

  it('judges the release by every criterion: what was measured passes, what was measured too short or not at all does not', async () => {
    const run = await project.run(['gate', '--json']);

    expect(run.exitCode, run.stdout).toBe(5);
    const { entries } = gateShape.parse(JSON.parse(run.stdout)).data.details;
    const verdicts = Object.fromEntries(entries.map(({ id, verdict }) => [id, verdict]));
    expect(entries).toHaveLength(25);
    expect(verdicts).toMatchObject({
      ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 10].map((number) => [`AC-${number}`, 'passed'])),
      'AC-9': 'short',
      'AC-12': 'unknown',
      'AC-13': 'unknown',
      'FR-8': 'unknown',
      'NFR-isolation': 'passed',
    });
    for (const { id, verdict, evidence } of entries)
      if (verdict === 'passed')
        expect(evidence, id).toContainEqual({ file: expect.any(String), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('lets the gate read what a watch saw that was killed', async () => {
    const folder = join(project.stateDir, 'watches');
    const running = project.start(['smoke', '--watch', '--every', '1s', '--json']);
    const kept = await until('three looks', async () => {
      const [name] = await readdir(folder).catch(() => []);
      const text = name === undefined ? '' : await readFile(join(folder, name), 'utf8');
      return text.split('\n').length > 3 ? { name, text } : undefined;
    });
    running.signal('SIGKILL');
    await running.done;

    const gate = await project.run(['gate', '--json']);

    const { entries } = gateShape.parse(JSON.parse(gate.stdout)).data.details;
    expect(JSON.parse(kept.text.split('\n')[1] ?? '')).toMatchObject({ down: [] });
    expect(entries.find(({ id }) => id === 'NFR-reliability')).toMatchObject({
      verdict: 'unknown',
      seen: expect.stringMatching(/Availability: 100 % of .*looks, no outage/),
      evidence: [{ file: expect.stringContaining(`watches/${kept.name}`) }],
    });
  });

  it('changes nothing when provision and seed run again', async () => {
    const provision = await project.run(['provision', '--yes', '--json']);
    const seed = await project.run(['seed', '--json']);

    expect(provision.json(provisionShape).data.details.variablesWritten).toEqual([]);
    expect(seed.json(seedShape).data.details.changed).toBe(0);
  });

  it('deploys a second release and takes it back: the domain serves the first again, and smoke is green', async () => {
    const sha = await project.commit('B');
    const deploy = await project.run(['deploy', '--json']);
    expect(deploy).toMatchObject({ exitCode: 0 });
    expect(await health()).toMatchObject({ version: sha });

    const rollback = await project.run(['rollback', '--json']);

    expect(rollback).toMatchObject({ exitCode: 0 });
    const { data } = rollback.json(z.object({ verdict: z.string(), details: z.object({ to: z.string(), gitSha: z.string() }) }));
    expect(data).toEqual({ verdict: 'green', details: { to: first.id, gitSha: first.sha } });
    expect(await health()).toMatchObject({ version: first.sha });
    expect(await project.run(['smoke', '--json'])).toMatchObject({ exitCode: 0 });
  });

  it('refuses to roll back when there is nothing before', async () => {
    const rollback = await project.run(['rollback', '--json']);

    expect(rollback.exitCode).toBe(3);
    expect(rollback.json(z.unknown()).error?.code).toBe('RELEASE_NO_PREVIOUS');
  });

  it('goes out again after a rollback, although the platform had pinned the domain', async () => {
    const sha = await project.commit('C');

    const deploy = await project.run(['deploy', '--json']);

    expect(deploy).toMatchObject({ exitCode: 0 });
    expect(await health()).toMatchObject({ version: sha });
  });

  it('lets the gate pass what is proven of this release: its rows, its migrations, its way back', async () => {
    for (const words of [['seed'], ['migrate', 'check', '--rehearse'], ['rollback', '--drill']]) {
      const run = await project.run([...words, '--json']);
      expect(run.exitCode, run.stdout).toBe(0);
    }

    const gate = await project.run(['gate', '--json']);

    const { entries } = gateShape.parse(JSON.parse(gate.stdout)).data.details;
    const proven = entries.filter(({ id }) => ['AC-4', 'FR-2', 'FR-8'].includes(id));
    expect(proven.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['AC-4', 'passed'],
      ['FR-2', 'passed'],
      ['FR-8', 'passed'],
    ]);
    expect(proven.at(-1)?.evidence).toHaveLength(2);
  });
});
