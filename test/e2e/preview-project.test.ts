import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createStagingProject, gitOf, pushToOrigin, type StagingProject } from '../support/staging-project.ts';

const branch = 'fix-quotes';
const upShape = z.object({
  verdict: z.string(),
  findings: z.array(z.object({ id: z.string(), seen: z.string() })),
  details: z.object({ slug: z.string(), database: z.string(), databaseKind: z.string(), seedVersion: z.string(), comment: z.string() }),
});
const listShape = z.object({
  details: z.object({
    previews: z.array(z.object({ slug: z.string(), deploymentId: z.string().nullable(), database: z.string().nullable() })),
  }),
});
const removeShape = z.object({ details: z.object({ removed: z.array(z.string()) }) });

/** Previews on a plan of Supabase's that has no branching. */
describe('previews without branching', () => {
  const it = requires('git', 'redis-server', 'pgbouncer');
  let project: StagingProject;
  const git = (...args: string[]) => gitOf(project)(...args);
  const env = (name: string) => project.run(['local', 'env', '--project', name, '--json']);

  beforeAll(async () => {
    project = await createStagingProject();
    await pushToOrigin(project);
    expect(await project.run(['provision', '--yes'])).toMatchObject({ exitCode: 0 });
    const fault = ['local', 'fault', 'add', '--service', 'supabase', '--match', 'POST /v1/projects/*/branches', '--status', '402'];
    expect(await project.run([...fault, '--times', '99'])).toMatchObject({ exitCode: 0 });
    await git('switch', '--quiet', '--create', branch);
    await git('push', '--quiet', 'origin', branch);
  }, 240_000);
  afterAll(async () => {
    await project.remove();
  });

  it('say beforehand what it may come to', async () => {
    const run = await project.run(['preview', 'up', '--dry-run']);

    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stderr).toContain('a Supabase project where the plan has no branches (costs as one does)');
    expect((await project.run(['preview', 'list', '--json'])).json(listShape).data.details.previews).toEqual([]);
  });

  it('that were killed while their database was made are found, and the next run goes on with that one', async () => {
    const killed = project.start(['preview', 'up']);
    await killed.said(/Supabase project jetvision-staging-preview-fix-quotes-/);
    killed.signal('SIGKILL');
    await killed.done;
    const left = (await project.run(['preview', 'list', '--json'])).json(listShape).data.details.previews;
    const run = await project.run(['preview', 'up', '--json']);
    expect(run.exitCode, run.stdout).toBe(0);
    const { verdict, findings, details } = run.json(upShape).data;

    expect(left).toEqual([{ slug: branch, deploymentId: null, database: details.database }]);
    expect(verdict).toBe('green');
    expect(details).toMatchObject({ databaseKind: 'project', database: expect.stringMatching(/^jetvision-staging-preview-fix-quotes-/) });
    expect(findings.find(({ id }) => id === 'database')?.seen).toMatch(/^Supabase project jetvision-staging-preview-fix-quotes-/);
    expect(details.comment).toContain('Supabase project `jetvision-staging-preview-fix-quotes-');
  });

  it('have the seed and no row of staging’s; staging’s database is as it was', async () => {
    const { database } = (await project.run(['preview', 'list', '--json'])).json(listShape).data.details.previews[0] ?? { database: '' };
    const [own, staging] = await Promise.all([users(await env(database ?? '')), users(await env('jetvision-staging'))]);

    expect(own).toBeGreaterThan(0);
    expect(staging).toBe(0);
  });

  it('come out again after the state key was rotated, from which their password is derived', async () => {
    expect(await project.run(['secrets', 'rotate', 'JV_STATE_KEY'])).toMatchObject({ exitCode: 0 });

    const run = await project.run(['preview', 'up', '--json']);

    expect(run.exitCode, run.stdout).toBe(0);
    expect(run.json(upShape).data.verdict).toBe('green');
  });

  it('go whole with gc once their branch is gone', async () => {
    await git('push', '--quiet', 'origin', '--delete', branch);

    const removed = await project.run(['preview', 'gc', '--confirm', 'jetvision-staging', '--json']);

    expect(removed.json(removeShape).data.details.removed).toEqual([branch]);
    expect((await project.run(['preview', 'list', '--json'])).json(listShape).data.details.previews).toEqual([]);
  });

  it('go with destroy, which names them first', async () => {
    await git('push', '--quiet', 'origin', branch);
    expect(await project.run(['preview', 'up'])).toMatchObject({ exitCode: 0 });
    const said = await project.run(['destroy', '--json']);
    const run = await project.run(['destroy', '--confirm', 'jetvision-staging', '--json']);

    expect(said.json(z.unknown()).error).toMatchObject({ message: expect.stringContaining('the database of the preview fix-quotes') });
    expect(run.exitCode, run.stdout).toBe(0);
    expect(run.json(z.object({ summary: z.string() })).data.summary).toBe('4 of 4 resources removed');
  });
});

async function users(run: Awaited<ReturnType<StagingProject['run']>>): Promise<number> {
  const variables = run.json(z.record(z.string(), z.string())).data;
  const url =
    Object.entries(variables).find(([name, value]) => /DIRECT|DATABASE_URL/.test(name) && value.startsWith('postgres'))?.[1] ?? '';
  const sql = postgres(url, { max: 1 });
  try {
    const [row] = await sql<{ count: number }[]>`select count(*)::int as count from public.users`;
    return row?.count ?? -1;
  } finally {
    await sql.end();
  }
}
