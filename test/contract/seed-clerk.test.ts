import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clerkUsers } from '../../src/adapters/clerk/clerk-users.ts';
import { StagingError } from '../../src/core/errors.ts';
import type { SignInUsers } from '../../src/core/ports/web.ts';
import type { SeedPlan } from '../../src/core/seed/plan.ts';
import { startClerk, type ClerkService } from '../../src/local/clerk/service.ts';
import { createClerkClient } from '../clients/vendors.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';
import { demoSeed, stageWorld, type StageWorld, takeCalls } from '../support/stage-world.ts';

let clerk: TestVendor<ClerkService>;
let users: SignInUsers;
let world: StageWorld;

const addresses = ['agent1@staging.test', 'agent2@staging.test'];
const plan: SeedPlan = {
  ...demoSeed,
  tables: demoSeed.tables.map((table) =>
    table.table === 'users'
      ? {
          ...table,
          rows: table.rows.map((row, index) => ({
            ...row,
            clerk_user_id: { kind: 'clerkUserId' as const, email: addresses[index] ?? '', without: `test_user_${index}` },
          })),
        }
      : table,
  ),
};

beforeAll(async () => {
  clerk = await startTestVendor((context) => startClerk(context, 'test'));
  users = clerkUsers({ secretKey: clerk.service().issued.secretKey, localUrl: clerk.url(), clock: steppingClock() });
});

afterAll(async () => {
  await users.close();
  await clerk.stop();
});

beforeEach(async () => {
  const { data } = await vendor().getUserList();
  for (const { id } of data) await vendor().deleteUser(id);
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  takeCalls(world);
});

/** Clerk's own client on the same instance. */
function vendor() {
  return createClerkClient({ secretKey: clerk.service().issued.secretKey, apiUrl: clerk.url() }).users;
}

const seeding = (openClerk: () => SignInUsers | undefined = () => users) => ({
  readSeed: async () => ({ plan, version: 'clerk-1' }),
  openClerk,
});

test('users are made in Clerk with their rows, and a second run changes nothing', async () => {
  const first = await world.seed(seeding());
  const second = await world.seed(seeding());

  const { data } = await vendor().getUserList({ emailAddress: addresses });
  const ids = addresses.map((address) => data.find(({ primaryEmailAddress }) => primaryEmailAddress?.emailAddress === address)?.id);
  expect(first.error).toBeUndefined();
  expect(first.details['users']).toBe('2 users, 2 of them in Clerk, too, 2 changed');
  expect(world.data.tables.get('users')?.map((row) => row['clerk_user_id'])).toEqual(ids);
  expect(data.every(({ passwordEnabled }) => passwordEnabled)).toBe(true);
  expect(second.details['done']).toBe('nothing to do: 0 rows changed');
});

test('without Clerk the row gets what the seed has for that', async () => {
  expect((await world.seed(seeding(() => undefined))).error).toBeUndefined();

  expect(world.data.tables.get('users')?.map((row) => row['clerk_user_id'])).toEqual(['test_user_0', 'test_user_1']);
  expect((await vendor().getUserList()).totalCount).toBe(0);
});

test('a row that is refused leaves no user anywhere, and a user whom Clerk refuses leaves none either', async () => {
  const refusal = new StagingError('vendor', 'SUPABASE_REQUEST_FAILED', 'no.');
  const refused = await world.seed({ ...seeding(), openDataApi: () => ({ ...world.data, upsert: () => Promise.reject(refusal) }) });
  const [afterRow, inSupabase] = [(await vendor().getUserList()).totalCount, world.data.users.size];
  world.secretFile.values.set('STAGING_USER_PASSWORD', 'short');

  const second = await world.seed(seeding());

  expect(refused.error).toBe(refusal);
  expect([afterRow, inSupabase]).toEqual([0, 0]);
  expect(second.error).toMatchObject({ kind: 'vendor', message: expect.stringContaining('Clerk') });
  expect(world.data.users.size).toBe(0);
});

test('a reset removes them from Clerk, and nobody else', async () => {
  const other = await vendor().createUser({ emailAddress: ['somebody@staging.test'] });
  await world.seed(seeding());

  const { error } = await world.seed(seeding(), { profile: 'demo', reset: { confirm: 'jet-staging', dryRun: true } }, { dryRun: true });
  const before = (await vendor().getUserList()).totalCount;
  const done = await world.seed(seeding(), { profile: 'demo', reset: { confirm: 'jet-staging', dryRun: false } });

  expect(error).toBeUndefined();
  expect(before).toBe(3);
  expect(done.details['users']).toContain('2 changed');
  expect((await vendor().getUser(other.id)).id).toBe(other.id);
});

test('no user is made with the key of a live instance, nor with another’s', async () => {
  expect(() => clerkUsers({ secretKey: 'sk_live_x', clock: steppingClock() })).toThrow(
    expect.objectContaining({ code: 'CLERK_LIVE_REFUSED', exitCode: 6 }),
  );
  const wrong = clerkUsers({ secretKey: 'sk_test_wrong', localUrl: clerk.url(), clock: steppingClock() });

  const { error } = await world.seed(seeding(() => wrong));
  await wrong.close();

  expect(error).toMatchObject({ code: expect.stringMatching(/^CLERK_/), kind: 'missing' });
  expect(world.data.users.size).toBe(0);
});
