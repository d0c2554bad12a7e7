import { beforeEach, expect, it } from 'vitest';
import { stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

const dayMs = 86_400_000;

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  takeCalls(world);
});

/** Seeds once, so that another run finds everything there. */
async function seeded(): Promise<void> {
  expect((await world.seed()).error).toBeUndefined();
  takeCalls(world);
}

it('makes the users first, then each table in order, since rows refer to users', async () => {
  const { error, result } = await world.seed();

  expect(error).toBeUndefined();
  expect(world.calls).toEqual([
    'create user agent1@staging.test',
    'create user agent2@staging.test',
    'write 2 rows of users',
    'write 1 rows of requests',
  ]);
  const [user] = world.data.users.values();
  expect(world.data.tables.get('users')?.[0]).toEqual({ id: user?.id, email: 'agent1@staging.test' });
  expect(user?.password).toBe(world.secretFile.values.get('STAGING_USER_PASSWORD'));
  expect(result).toMatchObject({
    verdict: 'green',
    summary: '2 users and 3 rows, 5 changed',
    details: { profile: 'demo', seedVersion: 'seed-1', users: { wanted: 2, changed: 2 }, changed: 5 },
  });
});

it('changes nothing the second time', async () => {
  await seeded();

  const { error, details, result } = await world.seed();

  expect(error).toBeUndefined();
  expect(world.calls).toEqual([]);
  expect(details['done']).toBe('nothing to do: 0 rows changed');
  expect(result).toMatchObject({ summary: '2 users and 3 rows, 0 changed', details: { changed: 0 } });
});

it('writes only the row that differs and the one that is missing', async () => {
  await seeded();
  const written = world.data.written.length;
  const users = world.data.tables.get('users') ?? [];
  users.pop();
  const requests = world.data.tables.get('requests') ?? [];
  requests[0] = { ...requests[0], seats: 2, note: 'kept: the seed does not name this column' };

  const { result } = await world.seed();

  expect(world.data.written.slice(written)).toMatchObject([{ email: 'agent2@staging.test' }, { code: 'R-1', seats: 6 }]);
  expect(world.data.tables.get('requests')?.[0]).toMatchObject({ seats: 6, note: 'kept: the seed does not name this column' });
  expect(result?.details.changed).toBe(2);
});

it('moves days along with today', async () => {
  await seeded();
  await world.clock.sleep(dayMs);

  const { result } = await world.seed();

  expect(world.calls).toEqual(['write 1 rows of requests']);
  expect(world.data.tables.get('requests')?.[0]?.['day']).toBe(new Date(world.clock.nowMs() + 3 * dayMs).toISOString().slice(0, 10));
  expect(result?.details.changed).toBe(1);
});

it('sets the password of a user who cannot sign in with it, and of no other', async () => {
  await seeded();
  const [first, second] = world.data.users.values();
  if (second !== undefined) second.password = 'changed by somebody';

  const { result } = await world.seed();

  expect(world.calls).toEqual(['set password']);
  expect(second?.password).toBe(first?.password);
  expect(result?.details.users).toEqual({ wanted: 2, changed: 1 });
});

it('is red when rows differ from the seed after they were written, naming the table and how many', async () => {
  const upsert: StageWorld['data']['upsert'] = async (table, key, rows, signal) =>
    world.data.upsert(
      table,
      key,
      rows.map((row) => (table === 'requests' ? { ...row, seats: 1 } : row)),
      signal,
    );

  const { error, result } = await world.seed({ openDataApi: () => ({ ...world.data, upsert }) });

  expect(error).toMatchObject({
    kind: 'red',
    code: 'SEED_ROWS_DIFFER',
    exitCode: 5,
    message: '1 of 1 rows of requests differ from the seed after writing, expected 0.',
  });
  expect(result).toBeUndefined();
});

it.each([
  ['name', 'jet-staging'],
  ['reference', 'a'.repeat(20)],
])('refuses a database that is production’s by its %s, before a user or row is written', async (_by, identity) => {
  const production = { ...stagingSettings.production, supabaseProjects: [identity] };

  const { error } = await world.seed({ settings: { ...stagingSettings, production } });

  expect(error).toMatchObject({ kind: 'refused', code: 'PRODUCTION_REFUSED', exitCode: 6 });
  expect(world.calls).toEqual([]);
  expect(world.data.users.size).toBe(0);
});

it('makes no user without the password that all of them sign in with', async () => {
  world.secretFile.values.delete('STAGING_USER_PASSWORD');

  const { error } = await world.seed();

  expect(error).toMatchObject({ kind: 'missing', code: 'SEED_PASSWORD_MISSING', exitCode: 3 });
  expect(world.calls).toEqual([]);
});
