import { beforeEach, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { guardProduction } from '../../src/core/guard.ts';
import { createTable, stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;
const confirmed = { confirm: stagingSettings.name };

beforeEach(async () => {
  world = stageWorld();
  await world.provision();
  takeCalls(world);
});

it('takes a restore point, drops, applies every migration and seeds, in this order', async () => {
  world.folder.migrations = [...world.folder.migrations, createTable('20260103', 'late')];

  const { error, result } = await world.reset(confirmed);

  expect(error).toBeUndefined();
  expect(world.calls.slice(0, 6)).toEqual([
    'take dump_1: migrate reset',
    'drop what is owned',
    'apply 20260101_users.sql',
    'apply 20260102_requests.sql',
    'apply 20260103_late.sql',
    'create user agent1@staging.test',
  ]);
  expect(result).toMatchObject({
    verdict: 'green',
    details: {
      dropped: ['public.requests', 'public.users'],
      applied: ['20260101_users.sql', '20260102_requests.sql', '20260103_late.sql'],
      restorePoint: 'dump_1',
    },
  });
});

it.each([undefined, 'yes', 'staging'])('refuses without the environment’s name typed (%s)', async (confirm) => {
  const { error } = await world.reset({ confirm });

  expect(error).toMatchObject({
    code: 'RESET_UNCONFIRMED',
    exitCode: 6,
    message: expect.stringContaining('public.requests, public.users with 0 rows'),
    fix: 'Add `--confirm jet-staging`.',
  });
  expect(world.calls).toEqual([]);
});

it('changes nothing in a dry run, which needs no name', async () => {
  const { error, outcomes, details } = await world.reset({}, { dryRun: true });

  expect(error).toBeUndefined();
  expect(world.calls).toEqual([]);
  expect(details['consent']).toBe(
    'would drop public.requests, public.users with 0 rows; roles, extensions in other schemas and Auth users stay',
  );
  expect(outcomes.slice(-6)).toEqual([
    'restore-point planned',
    'drop planned',
    'apply planned',
    'row-security planned',
    'seed planned',
    'end planned',
  ]);
});

it('refuses production, by its name and by what the database says of itself', async () => {
  const production = { ...stagingSettings.production, supabaseProjects: ['jet', 'jet-staging'] };
  const named = await world.reset(
    confirmed,
    {},
    { guard: () => guardProduction({ what: 'Supabase project', identities: ['jet-staging'] }, production) },
  );
  world.database.says.environments = ['production'];
  const said = await world.reset(confirmed);

  expect(named.error).toMatchObject({ code: 'PRODUCTION_REFUSED', exitCode: 6 });
  // The isolation check looks first, where it is part of finding the resources.
  expect(said.error).toMatchObject({ exitCode: 6 });
  expect(world.calls).toEqual([]);
});

it('drops nothing when a file could not be applied again, or no restore point can be kept, unless that is accepted', async () => {
  const nowhere = new StagingError('refused', 'RESTORE_POINT_NO_PLACE', 'There is no place.');
  const restorePoints = () => ({ ...world.restore, take: () => Promise.reject(nowhere) });
  const refused = await world.reset(confirmed, {}, { restorePoints });
  const kept = world.folder.migrations;
  world.folder.migrations = [...kept, createTable('20260102', 'twice')];
  const duplicate = await world.reset(confirmed);

  expect(refused.error).toMatchObject({ code: 'RESTORE_POINT_NO_PLACE' });
  expect(duplicate.error).toMatchObject({ code: 'MIGRATION_DUPLICATE' });
  expect(world.calls).toEqual([]);

  world.folder.migrations = kept;
  const accepted = await world.reset({ ...confirmed, acceptNoRestorePoint: true }, {}, { restorePoints });

  expect(accepted.error).toBeUndefined();
  expect(accepted.result).toMatchObject({ details: { restorePoint: null } });
});

it('goes on from wherever a run broke off: nothing is kept twice that is empty, and the end is the same', async () => {
  world.folder.migrations = [createTable('20260101', 'users'), { ...createTable('20260102', 'requests'), sql: 'create tabel requests' }];
  const broken = await world.reset(confirmed);
  expect(broken.error).toMatchObject({ code: 'MIGRATION_FAILED', exitCode: 5 });
  await world.database.dropOwned(new AbortController().signal);
  takeCalls(world);

  world.folder.migrations = [createTable('20260101', 'users'), createTable('20260102', 'requests')];
  const { error, outcomes } = await world.reset(confirmed);

  expect(error).toBeUndefined();
  expect(outcomes).toContain('restore-point skipped');
  expect(world.database.applied.map(({ version }) => version)).toEqual(['20260101', '20260102']);
});
