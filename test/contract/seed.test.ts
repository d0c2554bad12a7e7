import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateUp } from '../support/migrations.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { seedDatabase, seedUsers } from '../support/seed.ts';

let server: TestPostgres;
let sql: Sql;

beforeAll(async () => {
  server = await startPostgres();
  sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await migrateUp(sql);
}, 60_000);

afterAll(async () => {
  await sql.end();
  await server.remove();
});

test('the demo seed fills every table, and a second run on the same day changes no row', async () => {
  const nowMs = Date.now();
  expect(await seedDatabase(sql, { nowMs })).toEqual({ users: 3, clients: 2, flight_requests: 3, quotes: 4, proposals: 2 });

  expect(await seedDatabase(sql, { nowMs })).toEqual({ users: 0, clients: 0, flight_requests: 0, quotes: 0, proposals: 0 });
});

test('no seeded flight lies in the past', async () => {
  const [row] = await sql`select count(*)::int as past from flight_requests where departure_date <= current_date`;

  expect(row).toEqual({ past: 0 });
});

test('mends rows that were changed by hand and leaves others alone', async () => {
  await sql`update clients set phone = '+1-555-9999' where email = 'john@example.com'`;
  await sql`insert into clients (user_id, name, email) values (${seedUsers['agent1@staging.test']}, 'Somebody Else', 'else@example.com')`;

  expect(await seedDatabase(sql)).toMatchObject({ users: 0, clients: 1 });
  expect([...(await sql`select name, phone from clients order by name`)]).toEqual([
    { name: 'Jane Smith', phone: '+1-555-0101' },
    { name: 'John Doe', phone: '+1-555-0100' },
    { name: 'Somebody Else', phone: null },
  ]);
});

test('an auth user who was created anew keeps clients and requests', async () => {
  const newId = '99999999-9999-4999-8999-999999999999';

  expect(await seedDatabase(sql, { authUserIds: { ...seedUsers, 'agent2@staging.test': newId } })).toMatchObject({
    users: 1,
    clients: 0,
    flight_requests: 0,
  });
  expect([...(await sql`select name from clients where user_id = ${newId}`)]).toEqual([{ name: 'Jane Smith' }]);
});
