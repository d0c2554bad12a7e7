import { beforeEach, describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { fakeLease } from '../fakes/leases.ts';
import { stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

const confirm = 'jet-staging';
let world: StageWorld;

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  takeCalls(world);
});

describe('destroy', () => {
  it('removes both databases, then the project that says whose they are', async () => {
    const { error, result } = await world.destroy({ confirm });

    expect(error).toBeUndefined();
    expect(world.calls.slice(0, 2).toSorted()).toEqual([expect.stringMatching(/^remove Supabase a{20}$/), 'remove Upstash redis-1']);
    expect(world.calls.slice(2)).toEqual(['remove project prj_1']);
    expect(result).toMatchObject({ verdict: 'green', summary: '3 of 3 resources removed', details: { kept: world.secretFile.path } });
  });

  it('has nothing to do the second time, and needs no name for that', async () => {
    await world.destroy({ confirm });
    takeCalls(world);

    const { error, result } = await world.destroy();

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([]);
    expect(result).toMatchObject({ verdict: 'green', summary: 'nothing was there' });
  });

  it.each([undefined, 'jet', 'yes'])('lists what would go and removes nothing while %j is typed', async (typed) => {
    const { error } = await world.destroy({ confirm: typed });

    expect(error).toMatchObject({
      code: 'DESTROY_UNCONFIRMED',
      exitCode: 6,
      message: expect.stringContaining('Vercel project prj_1 with its deployments, 4 variables and the domain staging.jet.test'),
      fix: 'Run `jv-staging destroy --confirm jet-staging`.',
    });
    expect(world.calls).toEqual([]);
  });

  it('takes along the projects that are one preview’s database each, and names them first', async () => {
    const { ref } = await world.databases.create(
      { name: 'jet-staging-preview-fix', region: 'us-east-1', password: 'x' },
      new AbortController().signal,
    );
    const kept = {
      kind: 'project',
      slug: 'fix',
      id: ref,
      ref,
      name: 'jet-staging-preview-fix',
      createdAt: '2026-11-26T10:00:00.000Z',
    } as const;
    const previewDatabases = { ownProjects: async () => [kept] };
    takeCalls(world);

    const refused = await world.destroy({}, {}, { previewDatabases });
    const { result } = await world.destroy({ confirm }, {}, { previewDatabases });

    expect(refused.error).toMatchObject({ message: expect.stringContaining(`${ref} with the database of the preview fix`) });
    expect(world.calls).toContain(`remove Supabase ${ref}`);
    expect(result?.summary).toBe('4 of 4 resources removed');
  });

  it('only lists in a dry run', async () => {
    const { error, result } = await world.destroy({}, { dryRun: true });

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([]);
    expect(result).toMatchObject({ summary: '3 resources would be removed', details: { removed: [] } });
  });

  it('goes on after a run that was cut off half way', async () => {
    await world.caches.managed.remove('redis-1', new AbortController().signal);
    takeCalls(world);

    const { error, result } = await world.destroy({ confirm });

    expect(error).toBeUndefined();
    expect(result?.details.removed).toHaveLength(2);
  });

  it('refuses all of it when one thing bears no mark of this environment', async () => {
    world.hosting.world.markers.clear();

    const { error } = await world.destroy({ confirm });

    expect(error).toMatchObject({ code: 'RESOURCE_FOREIGN', exitCode: 6, message: expect.stringContaining('Upstash database redis-1') });
    expect(world.calls).toEqual([]);
  });

  it('refuses another database of the same name', async () => {
    await world.databases.create(
      { name: 'jet-staging', region: 'us-east-1', password: 'x'.repeat(40), size: undefined },
      new AbortController().signal,
    );
    takeCalls(world);

    const { error } = await world.destroy({ confirm });

    expect(error).toMatchObject({ code: 'RESOURCE_FOREIGN', exitCode: 6 });
    expect(world.calls).toEqual([]);
  });

  it('refuses production, by name and by id', async () => {
    const production = { ...stagingSettings.production, upstashDatabases: ['redis-1'] };

    const byId = await world.destroy({ confirm }, {}, { settings: { ...stagingSettings, production } });
    const byName = await world.destroy({ confirm: 'jet' }, {}, { settings: { ...stagingSettings, name: 'jet' } });

    expect([byId.error, byName.error]).toMatchObject([
      { code: 'PRODUCTION_REFUSED', exitCode: 6 },
      { code: 'PRODUCTION_REFUSED', exitCode: 6 },
    ]);
    expect(world.calls).toEqual([]);
  });

  it('waits for nobody’s lease, but is kept out by another run', async () => {
    const held = fakeLease(new StagingError('locked', 'RUN_LOCKED', 'Another run holds it.'));
    const unreachable = fakeLease(new StagingError('vendor', 'DATABASE_UNREACHABLE', 'It does not answer.'));

    const refused = await world.destroy({ confirm }, {}, { lease: held });
    expect(refused.error).toMatchObject({ code: 'RUN_LOCKED', exitCode: 7 });
    expect(world.calls).toEqual([]);
    const removed = await world.destroy({ confirm }, {}, { lease: unreachable });

    expect(removed.error).toBeUndefined();
    expect(removed.result?.details.removed).toHaveLength(3);
  });
});
