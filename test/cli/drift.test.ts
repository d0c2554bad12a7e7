import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const drift = z.object({
  verdict: z.string(),
  details: z.object({
    items: z.array(z.object({ area: z.string(), what: z.string(), seen: z.string(), waiver: z.unknown() })),
    compared: z.record(z.string(), z.number()),
  }),
});
const variables = z.record(z.string(), z.string());

/**
 * One object of each kind, changed in production by its owner: what `status --drift` must name, and the statement. Roles belong to the
 * whole server, which the projects of a local cloud share: `test/contract/catalog.test.ts` has them.
 */
const changes: readonly (readonly [what: string, sql: string])[] = [
  ['table public.invoices', 'create table public.invoices (id bigint)'],
  ['column public.quotes.discount', 'alter table public.quotes add column discount numeric'],
  ['default public.flight_requests.passengers', 'alter table public.flight_requests alter column passengers set default 3'],
  ['constraint public.proposals: proposals_drift', 'alter table public.proposals add constraint proposals_drift check (id is not null)'],
  ['index public.users_drift', 'create index users_drift on public.users (email)'],
  [
    'function public.drift()',
    "create function public.drift() returns int language sql as 'select 1'; revoke all on function public.drift() from public, anon, authenticated, service_role, postgres",
  ],
  [
    'trigger public.quotes: drift',
    'create trigger drift before update on public.quotes for each row execute function suppress_redundant_updates_trigger()',
  ],
  ['policy public.quotes: drift', 'create policy drift on public.quotes for select to anon using (false)'],
  ['grant table public.users to anon', 'grant trigger on public.users to anon'],
  ['extension citext', 'create extension citext schema extensions'],
  ['publication drift_feed', 'create publication drift_feed'],
];

/** An environment as it is, after a hand was laid on production, and after one was laid on staging. */
describe('status --drift', () => {
  const it = requires('git', 'redis-server');
  let project: StagingProject;

  beforeAll(async () => {
    project = await createStagingProject();
    const made = await project.run(['provision']);
    expect(made.exitCode, made.stderr).toBe(0);
  }, 120_000);
  afterAll(() => project.remove());

  const environmentOf = async (name: string) => (await project.run(['local', 'env', '--project', name, '--json'])).json(variables).data;

  it('finds nothing in an environment that was just provisioned', async () => {
    const run = await project.run(['status', '--drift', '--json']);

    expect(run.exitCode, run.stdout).toBe(0);
    const { details } = run.json(drift).data;
    expect(details.items).toEqual([]);
    expect(Object.values(details.compared).every((count) => count > 0)).toBe(true);
  }, 60_000);

  it('finds each object that was changed in production, invents none, and lets it be waived', async () => {
    const { DIRECT_URL = '' } = await environmentOf('jetvision-production');
    const sql = postgres(DIRECT_URL, { max: 1, onnotice: () => undefined });
    for (const [, statement] of changes) await sql.unsafe(statement);
    await sql.end();

    const found = await project.run(['status', '--drift', '--json']);
    const config = join(project.dir, 'staging.config.ts');
    const text = await readFile(config, 'utf8');
    const waiver = `drift: { waivers: [{ what: 'catalog *', reason: 'a trial', until: '2999-12-31' }] },`;
    await writeFile(config, text.replace('  ...sample,\n', `  ...sample,\n  ${waiver}\n`));
    const waived = await project.run(['status', '--drift']);
    await writeFile(config, text);

    expect(found.exitCode, found.stdout).toBe(5);
    const failed = z.object({ error: z.object({ code: z.string() }), data: drift }).parse(JSON.parse(found.stdout));
    expect(failed.error.code).toBe('DRIFT_FOUND');
    expect(failed.data.details.items.map(({ area, what }) => `${area} ${what}`).toSorted()).toEqual(
      changes.map(([what]) => `catalog ${what}`).toSorted(),
    );
    expect(waived.exitCode, waived.stderr).toBe(0);
    expect(waived.stdout).toContain('waived until 2999-12-31: a trial');
    expect(found.stdout).not.toContain(new URL(DIRECT_URL).password);
  }, 60_000);

  it('finds what was changed by hand at the vendors, which provision sets right', async () => {
    const own = await environmentOf('jetvision-staging');
    const vercel = await fetch(`${own['VERCEL_API_URL']}/v9/projects/${own['VERCEL_PROJECT_ID']}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${own['VERCEL_TOKEN']}`, 'content-type': 'application/json' },
      body: JSON.stringify({ nodeVersion: '22.x' }),
    });

    const found = await project.run(['status', '--drift', '--json']);
    const mended = await project.run(['provision']);
    const plan = await project.run(['plan', '--exit-code']);

    expect([vercel.status, found.exitCode, mended.exitCode, plan.exitCode]).toEqual([200, 5, 0, 0]);
    const { details } = z.object({ data: drift }).parse(JSON.parse(found.stdout)).data;
    expect(details.items.filter(({ area }) => area !== 'catalog').map(({ what, seen }) => `${what}: ${seen}`)).toEqual([
      'vercel-project nodeVersion: 22.x (changed outside)',
      'vercel-project nodeVersion: 22.x',
    ]);
  }, 120_000);
});
