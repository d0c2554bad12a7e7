import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const planned = z.object({ items: z.array(z.object({ resource: z.string(), id: z.string(), action: z.string() })) }).loose();

/** Planning and converging as a user does: look, keep the plan, carry out just that. */
describe('plan', () => {
  const it = requires('git', 'redis-server');
  let project: StagingProject;

  beforeAll(async () => {
    project = await createStagingProject();
  });
  afterAll(() => project.remove());

  it('shows what provision would make, and ends with 8 where that is asked for', async () => {
    const plain = await project.run(['plan', '--json']);
    const counted = await project.run(['plan', '--exit-code', '--json']);

    expect(plain.exitCode, plain.stdout).toBe(0);
    expect(new Set(plain.json(planned).data.items.map((item) => item.action))).toEqual(new Set(['create']));
    expect(counted.exitCode, counted.stdout).toBe(8);
  }, 120_000);

  it('is asked for before anything is made: without a terminal and without --yes nothing is', async () => {
    const refused = await project.run(['provision', '--json'], { env: { JV_YES: 'false' } });

    expect(refused.exitCode, refused.stdout).toBe(2);
    expect(refused.json(z.unknown()).error?.code).toBe('CONSENT_MISSING');
  }, 120_000);

  it('is carried out as it was kept, and refused once it is stale or was edited', async () => {
    const file = join(project.dir, 'plan.json');
    await project.run(['plan', '--out', file]);
    const made = await project.run(['provision', '--plan', file, '--json']);
    const stale = await project.run(['provision', '--plan', file, '--json']);
    await project.run(['plan', '--out', file]);
    await writeFile(file, (await readFile(file, 'utf8')).replace('is as wished', 'was as wished'));
    const edited = await project.run(['provision', '--plan', file, '--json']);
    const now = await project.run(['plan', '--exit-code', '--json']);

    expect(made.exitCode, made.stdout).toBe(0);
    expect([stale.exitCode, edited.exitCode]).toEqual([6, 6]);
    expect(stale.json(z.unknown()).error?.code).toBe('PLAN_STALE');
    expect(edited.json(z.unknown()).error?.code).toBe('PLAN_TAMPERED');
    expect(now.exitCode, now.stdout).toBe(0);
  }, 120_000);
});
