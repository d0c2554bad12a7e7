import { beforeEach, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
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

it('takes a user back whose row is refused: both come or neither', async () => {
  const refusal = new StagingError('vendor', 'SUPABASE_REQUEST_FAILED', 'no.');
  const api = { ...world.data, upsert: () => Promise.reject(refusal) };

  const { error } = await world.seed({ openDataApi: () => api });

  expect(error).toBe(refusal);
  expect(world.data.users.size).toBe(0);
  expect(world.calls).toContain('delete user');
});

it('takes no user back whose row is there', async () => {
  const api = {
    ...world.data,
    upsert: async (...call: Parameters<typeof world.data.upsert>) => {
      await world.data.upsert(...call);
      throw new StagingError('vendor', 'SUPABASE_REQUEST_FAILED', 'The answer was lost.');
    },
  };

  expect((await world.seed({ openDataApi: () => api })).error).toBeDefined();
  expect(world.data.users.size).toBe(2);

  expect((await world.seed()).result).toMatchObject({ summary: expect.stringContaining('1 changed') });
});

it('is red when a foreign key leads nowhere', async () => {
  world.bulk.orphaned = 3;

  const { result } = await world.seed();

  expect(result).toMatchObject({ verdict: 'red', details: { orphans: 3 } });
});

it('writes a volume seed table by table, and nothing the second time', async () => {
  const choice = { profile: 'volume', rows: 200 };

  const first = await world.seed({}, choice);
  const second = await world.seed({}, choice);

  expect(first.error).toBeUndefined();
  expect(first.result).toMatchObject({ verdict: 'green', summary: '200 rows, 200 changed', details: { seedVersion: 'volume-1-1-200' } });
  expect(second.details['done']).toBe('nothing to do: 0 rows changed');
  expect([...world.bulk.lines.keys()]).toEqual(['users', 'clients', 'flight_requests', 'quotes', 'proposals']);
});

it('refuses a number of rows for a profile that has its own', async () => {
  for (const profile of ['demo', 'queues']) {
    await expect(world.seed({}, { profile, rows: 10 })).rejects.toMatchObject({
      code: 'SEED_ROWS_UNMEANT',
      exitCode: 2,
      fix: expect.stringContaining('seed --profile volume --rows 10'),
    });
  }
});

it('empties a volume seed only when the environment’s name was typed, and only what the seed made', async () => {
  await world.seed({}, { profile: 'volume', rows: 200 });
  const reset = (confirm: string | undefined) => world.seed({}, { profile: 'volume', rows: 100, reset: { confirm, dryRun: false } });

  expect((await reset(undefined)).error).toMatchObject({ code: 'SEED_RESET_UNCONFIRMED', kind: 'refused' });
  expect((await reset('jet')).error).toMatchObject({ code: 'SEED_RESET_UNCONFIRMED' });
  expect(world.bulk.removed).toEqual([]);
  const done = await reset('jet-staging');

  expect(done.details['reset']).toBe('200 rows removed');
  expect(world.bulk.removed.map(({ table }) => table)).toEqual(['proposals', 'quotes', 'flight_requests', 'clients', 'users']);
  expect(world.bulk.removed.every(({ from, to }) => from.startsWith('5eed') && to.startsWith('5eed'))).toBe(true);
});

it('empties the rows and users of a seed file, and writes them anew', async () => {
  await seeded();

  const { error, details, result } = await world.seed({}, { profile: 'demo', reset: { confirm: 'jet-staging', dryRun: false } });

  expect(error).toBeUndefined();
  expect(details['reset']).toBe('3 rows and 2 users removed');
  expect(result?.details.users.changed).toBe(2);
});

it('removes nothing in a dry run, and needs no name for it', async () => {
  await seeded();

  const { error, details } = await world.seed({}, { profile: 'demo', reset: { confirm: undefined, dryRun: true } }, { dryRun: true });

  expect(error).toBeUndefined();
  expect(details['consent']).toBe('would remove the rows and users of the profile demo and 0 keys under jet: in Redis');
  expect(world.data.users.size).toBe(2);
});

it.each(['demo', 'volume'])('never writes the profile %s to a database that is named as production’s', async (profile) => {
  const settings = { ...stagingSettings, production: { ...stagingSettings.production, supabaseProjects: ['jet', 'jet-staging'] } };

  const { error } = await world.seed({ settings }, { profile });

  expect(error).toMatchObject({ code: 'PRODUCTION_REFUSED', kind: 'refused' });
  expect(world.calls).toEqual([]);
  expect(world.bulk.lines.size).toBe(0);
});
