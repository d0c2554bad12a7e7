import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createStagingProject, gitOf, pushToOrigin, type StagingProject } from '../support/staging-project.ts';

const branch = 'feature/Quotes';
const upShape = z.object({
  verdict: z.string(),
  details: z.object({
    slug: z.string(),
    url: z.string(),
    deploymentId: z.string(),
    gitSha: z.string(),
    prefix: z.string(),
    comment: z.string(),
  }),
});
const listShape = z.object({
  details: z.object({
    previews: z.array(z.object({ branch: z.string().nullable(), deploymentId: z.string().nullable(), hasBranch: z.boolean() })),
  }),
});
const removeShape = z.object({ details: z.object({ previews: z.array(z.object({ slug: z.string() })), removed: z.array(z.string()) }) });
const environmentShape = z.record(z.string(), z.string());

/** Previews with the built tool, as a pull request's workflow runs it. */
describe('previews of branches', () => {
  const it = requires('git', 'redis-server', 'pgbouncer');
  let project: StagingProject;
  let first: z.infer<typeof upShape>['details'];
  const git = (...args: string[]) => gitOf(project)(...args);
  const variables = async () =>
    (await project.run(['local', 'env', '--project', 'jetvision-staging', '--json'])).json(environmentShape).data;
  const tokens = {
    VERCEL_TOKEN: 'canary-vercel',
    SUPABASE_ACCESS_TOKEN: 'canary-supabase',
    UPSTASH_API_KEY: 'canary-upstash',
    JV_STATE_KEY_CANARY: 'x',
  };

  beforeAll(async () => {
    project = await createStagingProject();
    const config = await readFile(join(project.dir, 'staging.config.ts'), 'utf8');
    const leaky = `...sample,\n  app: { dir: 'app', build: ['sh', '-c', 'env > build-env.txt && node build.ts'], output: '.vercel/output' },`;
    await writeFile(join(project.dir, 'staging.config.ts'), config.replace('...sample,', leaky));
    await pushToOrigin(project, ['build-env.txt']);
    expect(await project.run(['provision', '--yes'])).toMatchObject({ exitCode: 0 });
    await git('switch', '--quiet', '--create', branch);
    const migration = `create table public.quote_notes (id int primary key); alter table public.quote_notes enable row level security;
      create policy quote_notes_own on public.quote_notes for all to authenticated using (true);`;
    await writeFile(join(project.dir, 'supabase/migrations/20261126000000_quote_notes.sql'), migration);
  }, 240_000);
  afterAll(async () => {
    await project.remove();
  });

  it('refuse what origin does not have: a fork’s branch, and a commit that was not pushed', async () => {
    const foreign = await project.run(['preview', 'up', '--branch', branch, '--json']);
    await git('push', '--quiet', 'origin', branch);
    const sha = await project.commit('not pushed');
    const ahead = await project.run(['preview', 'up', '--branch', branch, '--json']);
    const databases = await project.run(['preview', 'list', '--json']);

    expect(foreign).toMatchObject({ exitCode: 6 });
    expect(foreign.json(z.unknown()).error?.code).toBe('PREVIEW_BRANCH_FOREIGN');
    expect(ahead).toMatchObject({ exitCode: 6 });
    expect(ahead.json(z.unknown()).error).toMatchObject({
      code: 'PREVIEW_COMMIT_FOREIGN',
      message: expect.stringContaining(sha.slice(0, 12)),
    });
    expect(databases.json(listShape).data.details.previews).toEqual([]);
  });

  it('have a deployment, a database and keys of their own; staging’s stay as they are, and the build saw no token', async () => {
    await git('push', '--quiet', 'origin', branch);
    const run = await project.run(['preview', 'up', '--branch', branch, '--json'], { env: tokens });
    expect(run.exitCode, run.stdout).toBe(0);
    const { verdict, details } = run.json(upShape).data;
    first = details;
    const env = await variables();
    const staging = postgres(databaseUrl(env), { max: 1 });
    const redis = new Redis(redisUrl(env));
    const buildEnvironment = await readFile(join(project.dir, 'app/build-env.txt'), 'utf8');

    expect(verdict).toBe('green');
    expect(JSON.parse(await get(details.url, '/api/health'))).toMatchObject({
      status: 'ok',
      version: details.gitSha,
      deployment: details.deploymentId,
    });
    expect(await staging`select to_regclass('public.quote_notes') as added, (select count(*)::int from users) as users`).toEqual([
      { added: null, users: 0 },
    ]);
    const keys = await redis.keys('*');
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !key.startsWith(details.prefix))).toEqual([]);
    expect(buildEnvironment).toContain('PATH=');
    for (const value of Object.values(tokens).filter((token) => token.startsWith('canary'))) expect(buildEnvironment).not.toContain(value);
    expect(buildEnvironment).not.toMatch(/jvlocal_|^JV_|VERCEL_TOKEN|SUPABASE_ACCESS_TOKEN|UPSTASH/m);
    expect(details.comment).toContain(`### Preview of \`${branch}\``);
    await staging.end();
    redis.disconnect();
  });

  it('come out again in the same place, and only the newest deployment stays; --markdown prints the comment', async () => {
    const run = await project.run(['preview', 'up', '--markdown']);
    const list = await project.run(['preview', 'list', '--json']);

    expect(run).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^<!-- jv-staging preview feature\/Quotes -->\n### Preview of/),
    });
    expect(run.stdout).toContain(first.url);
    const { previews } = list.json(listShape).data.details;
    expect(previews).toEqual([{ branch, deploymentId: expect.any(String), hasBranch: true }]);
    expect(previews[0]?.deploymentId).not.toBe(first.deploymentId);
  });

  it('are removed by gc once their branch is gone, after it was said what would go', async () => {
    const early = await project.run(['preview', 'gc', '--dry-run', '--json']);
    await git('push', '--quiet', 'origin', '--delete', branch);
    const planned = await project.run(['preview', 'gc', '--dry-run', '--json']);
    const refused = await project.run(['preview', 'gc', '--yes', '--json']);
    const wrong = await project.run(['preview', 'down', '--branch', branch, '--confirm', 'jetvision-production', '--json']);
    const removed = await project.run(['preview', 'gc', '--confirm', 'jetvision-staging', '--json']);
    const again = await project.run(['preview', 'down', '--branch', branch, '--confirm', 'jetvision-staging', '--json']);
    const redis = new Redis(redisUrl(await variables()));
    const list = await project.run(['preview', 'list', '--json']);

    expect(early.json(removeShape).data.details.previews).toEqual([]);
    expect(planned.json(removeShape).data.details).toMatchObject({ previews: [{ slug: first.slug }], removed: [] });
    expect(refused).toMatchObject({ exitCode: 6 });
    expect(refused.json(z.unknown()).error).toMatchObject({
      code: 'PREVIEW_UNCONFIRMED',
      fix: expect.stringContaining('gc --confirm jetvision-staging'),
    });
    expect(wrong).toMatchObject({ exitCode: 6 });
    expect(removed.json(removeShape).data.details.removed).toEqual([first.slug]);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(await redis.keys('*')).toEqual([]);
    expect(list.json(listShape).data.details.previews).toEqual([]);
    await expect(get(first.url, '/api/health')).resolves.not.toContain('"status":"ok"');
    redis.disconnect();
  });
});

function databaseUrl(env: Readonly<Record<string, string>>): string {
  return Object.entries(env).find(([name, value]) => /DIRECT|DATABASE_URL/.test(name) && value.startsWith('postgres'))?.[1] ?? '';
}

function redisUrl(env: Readonly<Record<string, string>>): string {
  return Object.values(env).find((value) => value.startsWith('redis://')) ?? '';
}

/** Asks for a path at an address whose host name no DNS knows. */
function get(url: string, path: string): Promise<string> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers: { host, 'x-forwarded-host': hostname } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    asked.on('error', reject).end();
  });
}
