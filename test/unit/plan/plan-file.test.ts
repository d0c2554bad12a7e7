import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlanFile, writePlanFile } from '../../../src/adapters/files/plan-file.ts';
import { type SavedPlan, refuseForeignPlan } from '../../../src/core/plan/saved.ts';
import { samplePlan } from '../../support/sample-plan.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-plan-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const saved: SavedPlan = { adopt: false, plan: samplePlan };

describe('a saved plan', () => {
  it('is read as it was written, and is ours alone', async () => {
    const path = join(folder, 'plan.json');

    await writePlanFile(path, saved);

    await expect(readPlanFile(path)).resolves.toEqual(saved);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['an action', '"drift"', '"unchanged"'],
    ['a wanted value', '"24.x"', '"18.x"'],
    ['whether it takes things over', '"adopt": false', '"adopt": true'],
  ])('is refused once %s was edited', async (_what, before, after) => {
    const path = join(folder, 'edited.json');
    await writePlanFile(path, saved);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(before);
    await writeFile(path, text.replace(before, after));

    await expect(readPlanFile(path)).rejects.toMatchObject({ code: 'PLAN_TAMPERED', exitCode: 6 });
  });

  it.each([
    ['is cut', '{"adopt":false,"pl'],
    ['is empty', ''],
    ['is something else', '{"items":[]}'],
    ['is of a later version (fault 61)', '{"adopt":false,"plan":{"version":2},"sha256":""}'],
  ])('that %s is no plan', async (_what, text) => {
    const path = join(folder, 'broken.json');
    await writeFile(path, text);

    await expect(readPlanFile(path)).rejects.toMatchObject({ code: 'PLAN_FILE_UNREADABLE', exitCode: 2 });
    await expect(readPlanFile(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'PLAN_FILE_UNREADABLE' });
  });

  it.each([{ name: 'other' }, { environment: 'qa' }, { target: 'cloud' as const }])('of another environment is refused: %o', (other) => {
    const { name, environment, target } = samplePlan;
    const settings = { name, environment, target, ...other };

    expect(() => refuseForeignPlan(saved, settings, 'plan.json')).toThrow(
      expect.objectContaining({ code: 'PLAN_OF_ANOTHER', exitCode: 6 }),
    );
    expect(() => refuseForeignPlan(saved, { name, environment, target }, 'plan.json')).not.toThrow();
  });
});
