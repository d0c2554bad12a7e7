import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

/** The whole lifecycle with the built tool, as a user runs it: one environment, its stages in order. */
describe('the lifecycle of an environment', () => {
  const it = requires('chrome', 'git', 'redis-server');
  let project: StagingProject;
  let openUrl = '';
  let first = { id: '', sha: '' };

  const health = async (): Promise<{ version: string; environment: string }> =>
    (await fetch(new URL('/api/health', openUrl))).json() as never;

  beforeAll(async () => {
    project = await createStagingProject();
  });
  afterAll(async () => {
    await project.remove();
  });

  it('puts everything out from nothing, green in every stage, with a report', async () => {
    const run = await project.run(['up', '--json']);

    expect(run.stderr).toBe('');
    const { ok, data } = run.json() as {
      ok: boolean;
      data: {
        verdict: string;
        stages: { stage: string; verdict: string }[];
        openUrl: string;
        releaseId: string;
        gitSha: string;
        files: { html: string; json: string };
      };
    };
    expect({ ok, exitCode: run.exitCode, stages: data.stages.map((stage) => `${stage.stage} ${stage.verdict}`) }).toEqual({
      ok: true,
      exitCode: 0,
      stages: ['provision green', 'deploy green', 'seed green', 'smoke green', 'perf green', 'load green'],
    });
    openUrl = data.openUrl;
    first = { id: data.releaseId, sha: data.gitSha };
    expect(await health()).toMatchObject({ environment: 'staging', version: data.gitSha });
    const html = await readFile(data.files.html, 'utf8');
    expect(html).toContain('<svg');
    expect(JSON.parse(await readFile(data.files.json, 'utf8'))).toMatchObject({ verdict: 'green', releaseId: data.releaseId });
  });

  it('has written no secret into any report', async () => {
    const secrets = (await readFile(`${project.dir}/.env.staging.local`, 'utf8'))
      .split('\n')
      .flatMap((line) =>
        /^[A-Z_]+=/.test(line) && !line.includes('_URL=') ? [line.slice(line.indexOf('=') + 1).replaceAll(/^"|"$/g, '')] : [],
      );
    const status = await project.run(['status', '--json']);
    const { data } = status.json() as { data: { releases: unknown[] } };
    expect(data.releases).toHaveLength(1);

    expect(secrets.length).toBeGreaterThan(5);
    for (const secret of secrets) expect(status.stdout).not.toContain(secret);
  });

  it('changes nothing when provision and seed run again', async () => {
    const provision = (await project.run(['provision', '--json'])).json() as { data: { details: { variablesWritten: string[] } } };
    const seed = (await project.run(['seed', '--json'])).json() as { data: { details: { changed: number } } };

    expect(provision.data.details.variablesWritten).toEqual([]);
    expect(seed.data.details.changed).toBe(0);
  });

  it('deploys a second release and takes it back: the domain serves the first again, and smoke is green', async () => {
    const sha = await project.commit('B');
    const deploy = await project.run(['deploy', '--json']);
    expect(deploy.exitCode, deploy.stdout).toBe(0);
    expect(await health()).toMatchObject({ version: sha });

    const rollback = await project.run(['rollback', '--json']);

    expect(rollback.exitCode, rollback.stdout).toBe(0);
    expect(rollback.json()).toMatchObject({ data: { verdict: 'green', details: { to: first.id, gitSha: first.sha } } });
    expect(await health()).toMatchObject({ version: first.sha });
    const smoke = await project.run(['smoke', '--json']);
    expect(smoke.json()).toMatchObject({ ok: true, data: { verdict: 'green' } });
  });

  it('refuses to roll back when there is nothing before', async () => {
    const rollback = await project.run(['rollback', '--json']);

    expect(rollback.exitCode).toBe(3);
    expect(rollback.json()).toMatchObject({ ok: false, error: { code: 'RELEASE_NO_PREVIOUS' } });
  });

  it('goes out again after a rollback, although the platform had pinned the domain', async () => {
    const sha = await project.commit('C');

    const deploy = await project.run(['deploy', '--json']);

    expect(deploy.exitCode, deploy.stdout).toBe(0);
    expect(await health()).toMatchObject({ version: sha });
  });
});
