import { describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import type { KeptRecords, RestorePoint, RestorePoints } from '../../src/core/ports/restore-points.ts';
import type { ReleaseRecord } from '../../src/core/release/release.ts';
import { emptyResources } from '../../src/stages/resources.ts';
import { restorePointsOf } from '../../src/stages/restore/points.ts';
import { appendKept, restoreTo } from '../../src/stages/restore/restore.ts';
import { recordOf } from '../contract/database.contract.ts';
import { fakeDatabase } from '../fakes/database.ts';
import { fakeLease } from '../fakes/leases.ts';
import { stagingSettings as settings } from '../support/stage-world.ts';

const signal = new AbortController().signal;
const io = { signal, note: () => undefined };
const pointOf = (id: string, createdAt: string): RestorePoint => ({
  id,
  kind: id.startsWith('dump_') ? 'dump' : 'platform',
  place: 'here',
  reason: null,
  sizeBytes: null,
  createdAt,
  expiresAt: null,
});

function keeper(point: RestorePoint, refusal?: StagingError, restore: RestorePoints['restore'] = async () => undefined): RestorePoints {
  return {
    take: async () => {
      if (refusal !== undefined) throw refusal;
      return point;
    },
    list: async () => [point],
    restore,
    prune: async () => [],
    reseal: async () => ({ sealed: 0, unopened: [] }),
  };
}

const unsupported = new StagingError('missing', 'RESTORE_POINT_UNSUPPORTED', 'Supabase keeps none.');
const platformPoint = pointOf('rp_1', '2026-11-26T10:00:00.000Z');
const dumpPoint = pointOf('dump_1', '2026-11-26T11:00:00.000Z');

describe('the keepers of restore points', () => {
  it('take one on the platform, and a dump where the platform keeps none', async () => {
    const both = restorePointsOf({ platform: keeper(platformPoint), dump: keeper(dumpPoint), reasons: [] });
    const dumpAlone = restorePointsOf({ platform: keeper(platformPoint, unsupported), dump: keeper(dumpPoint), reasons: [] });

    expect([await both.take('x', signal), await dumpAlone.take('x', signal)]).toEqual([platformPoint, dumpPoint]);
    expect(await both.list([], signal)).toEqual([dumpPoint, platformPoint]);
  });

  it('refuse with 6 where neither can, with every reason', async () => {
    const neither = restorePointsOf({ platform: keeper(platformPoint, unsupported), dump: undefined, reasons: ['this is a CI runner'] });

    await expect(neither.take('x', signal)).rejects.toMatchObject({
      code: 'RESTORE_POINT_NO_PLACE',
      exitCode: 6,
      message: expect.stringMatching(/Supabase keeps none; this is a CI runner/),
      fix: expect.stringContaining('--accept-no-restore-point'),
    });
  });

  it('do not fall back when the platform fails: that is no answer', async () => {
    const failing = keeper(platformPoint, new StagingError('vendor', 'RESTORE_POINT_FAILED', 'It failed.'));

    await expect(restorePointsOf({ platform: failing, dump: keeper(dumpPoint), reasons: [] }).take('x', signal)).rejects.toMatchObject({
      code: 'RESTORE_POINT_FAILED',
    });
  });

  it('restore from whom the id names, and say so when that one cannot be used', async () => {
    const restored: string[] = [];
    const keeping = (name: string) => keeper(dumpPoint, undefined, async (id) => void restored.push(`${name} ${id}`));
    await restorePointsOf({ platform: keeping('platform'), dump: keeping('dump'), reasons: [] }).restore('dump_1', signal);
    await restorePointsOf({ platform: keeping('platform'), dump: keeping('dump'), reasons: [] }).restore('rp_1', signal);

    expect(restored).toEqual(['dump dump_1', 'platform rp_1']);
    await expect(
      restorePointsOf({ platform: keeping('platform'), dump: undefined, reasons: ['no'] }).restore('dump_1', signal),
    ).rejects.toMatchObject({
      code: 'RESTORE_POINT_NOT_FOUND',
      exitCode: 3,
    });
  });
});

function world(restore: (database: ReturnType<typeof fakeDatabase>) => Promise<void>) {
  const database = fakeDatabase();
  const kept: { records: readonly ReleaseRecord[] } = { records: [] };
  const keptRecords: KeptRecords<ReleaseRecord> = {
    read: async () => kept.records,
    write: async (records) => void (kept.records = records),
    clear: async () => void (kept.records = []),
  };
  const resources = emptyResources();
  resources.database.set({ ref: 'abcdefghijklmnopqrst', name: settings.name, region: 'us-east-1', state: 'healthy' });
  const points = keeper(platformPoint, undefined, async () => restore(database));
  const deps = { settings, openDatabase: () => database, restorePoints: () => points, lease: fakeLease(), keptRecords };
  return { database, kept, resources, deps };
}

const rewind = async (database: ReturnType<typeof fakeDatabase>) => void database.history.splice(1);

describe('going back to a restore point', () => {
  it('appends the release records again that went with it', async () => {
    const { database, kept, deps, resources } = world(rewind);
    for (const record of [recordOf('a', settings.environment, null), recordOf('b', settings.environment, 'a')])
      await database.appendRelease(record, signal);

    const appended = await restoreTo(deps, resources, 'rp_1', io);

    expect({ appended, ids: database.history.map(({ id }) => id), kept: kept.records }).toEqual({ appended: 1, ids: ['a', 'b'], kept: [] });
  });

  it('loses none when it is cut off after the restore: the next run appends them', async () => {
    const { database, kept, deps, resources } = world(async (of) => {
      await rewind(of);
      throw new Error('killed');
    });
    for (const record of [recordOf('a', settings.environment, null), recordOf('b', settings.environment, 'a')])
      await database.appendRelease(record, signal);
    await expect(restoreTo(deps, resources, 'rp_1', io)).rejects.toThrow('killed');
    expect(kept.records).toHaveLength(2);

    const appended = await appendKept(deps, io);

    expect({ appended, ids: database.history.map(({ id }) => id), kept: kept.records }).toEqual({ appended: 1, ids: ['a', 'b'], kept: [] });
    expect(await appendKept(deps, io)).toBe(0);
  });

  it('refuses production', async () => {
    const { deps, resources } = world(rewind);
    const production = { ...settings.production, supabaseProjects: ['abcdefghijklmnopqrst'] };

    await expect(restoreTo({ ...deps, settings: { ...settings, production } }, resources, 'rp_1', io)).rejects.toMatchObject({
      code: 'PRODUCTION_REFUSED',
      exitCode: 6,
    });
  });
});
