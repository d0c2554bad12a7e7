import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appMigrations, migrateDown, migrateUp } from '../support/migrations.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

const tables = ['clients', 'flight_requests', 'proposals', 'quotes', 'users'];
const agent1 = '11111111-1111-4111-8111-111111111111';
const agent2 = '22222222-2222-4222-8222-222222222222';
const admin = '33333333-3333-4333-8333-333333333333';

let server: TestPostgres;
let sql: Sql;
let afterFirstUp: readonly string[];
let afterDown: readonly string[];
let afterSecondUp: readonly string[];

beforeAll(async () => {
  server = await startPostgres();
  sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await migrateUp(sql);
  afterFirstUp = await schemaOf(sql);
  await migrateDown(sql);
  afterDown = await schemaOf(sql);
  await migrateUp(sql);
  afterSecondUp = await schemaOf(sql);
  await sql`insert into users ${sql([
    { id: agent1, clerk_user_id: 'test_user_1', email: 'agent1@staging.test', full_name: 'Test Agent 1', role: 'iso_agent' },
    { id: agent2, clerk_user_id: 'test_user_2', email: 'agent2@staging.test', full_name: 'Test Agent 2', role: 'iso_agent' },
    { id: admin, clerk_user_id: 'admin_user', email: 'admin@staging.test', full_name: 'Test Admin', role: 'admin' },
  ])}`;
}, 60_000);

afterAll(async () => {
  await sql.end();
  await server.remove();
});

test('every migration has a reverse script of the same name, and neither controls transactions', async () => {
  const migrations = await appMigrations();
  const rollbacks = await readdir(join(import.meta.dirname, '../../supabase/rollbacks'));

  expect(rollbacks.toSorted()).toEqual(migrations.map(({ file }) => file));
  expect(migrations.length).toBeGreaterThanOrEqual(5);
  for (const { file, up, down } of migrations) {
    expect(file).toMatch(/^\d{14}_[a-z_]+\.sql$/);
    expect(`${up}\n${down}`).not.toMatch(/^\s*(begin|commit|rollback|start transaction)\s*;/im);
  }
});

test('up, down and up again gives the same schema, and down leaves nothing behind', () => {
  expect(afterFirstUp.length).toBeGreaterThan(100);
  expect(afterDown).toEqual([]);
  expect(afterSecondUp).toEqual(afterFirstUp);
});

test('every table has row level security, policies, and nothing for anon', async () => {
  const protection = await sql`
    select relname as name, relrowsecurity as secured,
      (select count(*)::int from pg_policy where polrelid = pg_class.oid) as policies,
      has_table_privilege('anon', oid, 'select, insert, update, delete, truncate, references, trigger') as anon
    from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`;

  expect(protection.map(({ name }) => name)).toEqual(tables);
  for (const table of protection)
    expect(table).toMatchObject({ secured: true, anon: false, policies: expect.toSatisfy((n: number) => n > 0) });
});

test('every foreign key has an index that begins with its columns', async () => {
  const keys = await sql`
    select conname as name, exists (
      select from pg_index where indrelid = conrelid and (indkey::int2[])[0:cardinality(conkey) - 1] = conkey
    ) as indexed
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`;

  expect(keys.length).toBe(6);
  expect(keys.filter(({ indexed }) => indexed !== true)).toEqual([]);
});

test('changes of flight_requests are published for Realtime', async () => {
  const published = await sql`select schemaname, tablename from pg_publication_tables where pubname = 'supabase_realtime'`;

  expect([...published]).toEqual([{ schemaname: 'public', tablename: 'flight_requests' }]);
});

test.each([
  ['a Supabase token', agent1, agent1],
  ['a Clerk token', 'test_user_1', agent1],
  ['a token of a stranger', '44444444-4444-4444-8444-444444444444', null],
  ['a token whose subject is neither', "'; drop table users; --", null],
])('knows who is asking from %s', async (_, sub, expected) => {
  const [row] = await asUser(sub, (transaction) => transaction`select public.current_user_id() as id`);

  expect(row?.['id']).toBe(expected);
});

test('knows nobody without a token', async () => {
  expect(await sql`select public.current_user_id() as id, public.is_admin() as admin`).toEqual([{ id: null, admin: false }]);
});

test('gives an agent their own rows, an admin all, and anon nothing', async () => {
  await asUser(agent1, insertRequest);
  await asUser('test_user_2', insertRequest);

  const owners = (sub: string) => asUser(sub, (transaction) => transaction`select distinct user_id from flight_requests order by user_id`);

  expect([...(await owners(agent1))]).toEqual([{ user_id: agent1 }]);
  expect([...(await owners('test_user_2'))]).toEqual([{ user_id: agent2 }]);
  expect((await owners('admin_user')).length).toBe(2);
  expect((await asUser(agent1, (transaction) => transaction`select email from users`)).length).toBe(1);
  for (const table of tables) {
    await expect(asRole('anon', {}, (transaction) => transaction`select from ${sql(table)}`)).rejects.toMatchObject({ code: '42501' });
  }
});

test("refuses rows in another name, another agent's clients, and a role of one's own making", async () => {
  const [client] = await sql`insert into clients (user_id, name, email) values (${agent2}, 'Jane Smith', 'jane@example.com') returning id`;
  const clientId: string = client?.['id'];

  const inAnotherName = asUser(
    agent1,
    (transaction) => transaction`
    insert into flight_requests (user_id, departure_airport, arrival_airport, passengers, departure_date)
    values (${agent2}, 'KTEB', 'KVNY', 2, current_date)`,
  );
  const withForeignClient = asUser(
    agent1,
    (transaction) => transaction`
    insert into flight_requests (client_id, departure_airport, arrival_airport, passengers, departure_date)
    values (${clientId}, 'KTEB', 'KVNY', 2, current_date)`,
  );
  const asAdmin = asUser(agent1, (transaction) => transaction`update users set role = 'admin'`);

  await expect(inAnotherName).rejects.toMatchObject({ code: '42501' });
  await expect(withForeignClient).rejects.toMatchObject({ code: '42501' });
  await expect(asAdmin).rejects.toMatchObject({ code: '42501' });
});

test('shows quotes and proposals to whoever sees the request, and lets only them propose', async () => {
  const [request] = await asUser(agent1, insertRequest);
  const requestId: string = request?.['id'];
  const [quote] = await sql`
    insert into quotes (request_id, operator_name, aircraft_type, aircraft_category, price_usd, valid_until)
    values (${requestId}, 'Falcon Air', 'Citation XLS', 'midsize', 41250, current_date + 7) returning id`;
  const quoteId: string = quote?.['id'];
  const propose = (sub: string) =>
    asUser(
      sub,
      (transaction) => transaction`
    insert into proposals (request_id, quote_id, title, total_usd) values (${requestId}, ${quoteId}, 'Citation XLS', 44000) returning id`,
    );

  await propose(agent1);

  expect((await asUser(agent1, (transaction) => transaction`select id from quotes`)).length).toBe(1);
  expect((await asUser(agent2, (transaction) => transaction`select id from quotes`)).length).toBe(0);
  expect((await asUser(agent2, (transaction) => transaction`select id from proposals`)).length).toBe(0);
  await expect(propose(agent2)).rejects.toMatchObject({ code: '42501' });
  await expect(asUser(agent1, (transaction) => transaction`update quotes set price_usd = 1`)).rejects.toMatchObject({ code: '42501' });
  expect((await asUser(agent1, (transaction) => transaction`update quotes set status = 'ACCEPTED'`)).count).toBe(1);
});

test.each([
  ['no passengers', { passengers: 0 }],
  ['a flight to where it began', { arrival_airport: 'KTEB' }],
  ['an airport that is no ICAO code', { departure_airport: 'teb' }],
  ['a status nobody knows', { status: 'LOST' }],
])('refuses %s', async (_, columns) => {
  const row = { departure_airport: 'KTEB', arrival_airport: 'KVNY', passengers: 2, departure_date: '2030-01-01', ...columns };

  const inserting = asUser(agent1, (transaction) => transaction`insert into flight_requests ${transaction(row)}`);

  await expect(inserting).rejects.toMatchObject({ code: '23514' });
});

test('notes when a row was changed', async () => {
  const [row] = await asUser(agent1, insertRequest);
  const [changed] = await asUser(
    agent1,
    (transaction) => transaction`
    update flight_requests set passengers = 4 where id = ${row?.['id']} returning updated_at > created_at as later`,
  );

  expect(changed?.['later']).toBe(true);
});

function insertRequest(transaction: TransactionSql) {
  return transaction`
    insert into flight_requests (departure_airport, arrival_airport, passengers, departure_date)
    values ('KTEB', 'KVNY', 6, current_date + 30) returning id`;
}

function asUser<Result>(sub: string, work: (transaction: TransactionSql) => Promise<Result>) {
  return asRole('authenticated', { sub, role: 'authenticated' }, work);
}

function asRole<Result>(role: string, claims: object, work: (transaction: TransactionSql) => Promise<Result>) {
  return sql.begin(async (transaction) => {
    await transaction`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
    return work(transaction);
  });
}

/** Returns everything that migrations make in the schema public, one line a thing, sorted. */
async function schemaOf(connection: Sql): Promise<readonly string[]> {
  const rows = await connection<{ line: string }[]>`
    select line from (
      select format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) from information_schema.columns where table_schema = 'public'
      union all select format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint where connamespace = 'public'::regnamespace
      union all select indexdef from pg_indexes where schemaname = 'public'
      union all select format('policy %s %s %s %s %s %s', tablename, policyname, cmd, roles, qual, with_check) from pg_policies where schemaname = 'public'
      union all select format('grant %s %s', relname, relacl) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
      union all select format('column grant %s %s %s', attrelid::regclass, attname, attacl) from pg_attribute where attacl is not null and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
      union all select format('%s %s', pg_get_functiondef(oid), proacl) from pg_proc where pronamespace = 'public'::regnamespace
      union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
      union all select format('published %s.%s', schemaname, tablename) from pg_publication_tables
    ) as parts (line) order by line`;
  return rows.map(({ line }) => line);
}
