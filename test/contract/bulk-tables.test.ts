import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bulkTables } from '../../src/adapters/copy/bulk-tables.ts';
import { fakerVocabulary } from '../../src/adapters/faker/vocabulary.ts';
import type { BulkTable, BulkTables, CopyChunk } from '../../src/core/ports/bulk.ts';
import { copyLine } from '../../src/core/seed/copy-text.ts';
import { volumeRows, volumeTables } from '../../src/core/seed/volume/ids.ts';
import { volumeOf } from '../../src/core/seed/volume/volume.ts';
import { migrateUp } from '../support/migrations.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let server: TestPostgres;
let sql: Sql;
let bulk: BulkTables;

const vocabulary = await fakerVocabulary(1);
const nowMs = Date.now();
const nobody = () => undefined;
const { signal } = new AbortController();

beforeAll(async () => {
  server = await startPostgres();
  sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await migrateUp(sql);
  bulk = bulkTables(server.url);
}, 60_000);

beforeEach(async () => {
  await sql`truncate users cascade`;
});

afterAll(async () => {
  await bulk.close();
  await sql.end();
  await server.remove();
});

/** Returns a table of users whose lines `change` may spoil. */
function users(rows: number, change: (line: string, row: number) => string = (line) => line): BulkTable {
  const id = (row: number) => `5eed0001-0001-8000-8000-${row.toString(16).padStart(12, '0')}`;
  function* chunks(): Generator<CopyChunk> {
    for (let row = 1; row <= rows; row += 1)
      yield { text: change(copyLine([id(row), `agent${row}@staging.test`, `Agent ${row}`, 'iso_agent']), row), rows: 1 };
  }
  return { table: 'users', key: ['id'], columns: ['id', 'email', 'full_name', 'role'], chunks };
}

async function count(table: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from ${sql(table)}`;
  return row?.count ?? -1;
}

async function write(rows: number) {
  const merged = [];
  for (const table of volumeOf({ rows, seed: 1, nowMs, vocabulary })) merged.push(await bulk.merge(table, nobody, signal));
  return merged;
}

test('fills every table by the rules of the schema, and changes no row the second time', async () => {
  const first = await write(3000);
  const second = await write(3000);

  expect(first.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(3000);
  expect(second.reduce((sum, { inserted, updated }) => sum + inserted + updated, 0)).toBe(0);
  expect(second.map(({ fingerprint }) => fingerprint)).toEqual(first.map(({ fingerprint }) => fingerprint));
  expect(await bulk.orphans(volumeTables, signal)).toEqual([]);
});

test('sends no row the second time, of any table, and every row once one value differs or one is missing', async () => {
  await write(3000);
  const sent = async (name: string) => {
    let rows = 0;
    const table = volumeOf({ rows: 3000, seed: 1, nowMs, vocabulary }).find((each) => each.table === name);
    if (table === undefined) throw new Error(`There is no ${name}.`);
    await bulk.merge(table, (more) => (rows += more), signal);
    return [rows, table.count];
  };

  for (const name of volumeTables) expect((await sent(name))[0]).toBe(0);
  await sql`update proposals set sent_at = sent_at + interval '1 microsecond' where id = (select id from proposals where sent_at is not null limit 1)`;
  const [differing, all] = await sent('proposals');
  await sql`delete from proposals where id = (select id from proposals order by id offset 5 limit 1)`;

  expect(differing).toBe(all);
  expect((await sent('proposals'))[0]).toBe(all);
  expect((await sent('proposals'))[0]).toBe(0);
});

test.each([
  ['a null', null, String.raw`\N`],
  ['an escaped tab', String.raw`a\tb`, 'a\tb'],
])('takes text that reads like %s for what it is', async (_, wanted, stored) => {
  await sql`insert into users (id, email, full_name, clerk_user_id) values ('5eed0001-0001-8000-8000-000000000001', 'a@b.test', 'A', ${wanted})`;
  const first = '5eed0001-0001-8000-8000-000000000001';
  const table: BulkTable = {
    table: 'users',
    key: ['id'],
    columns: ['id', 'email', 'full_name', 'clerk_user_id'],
    lies: { first, last: first, rowsInChunk: 400 },
    chunks: () => [{ text: copyLine([first, 'a@b.test', 'A', wanted]), rows: 1 }],
  };

  const same = await bulk.merge(table, nobody, signal);
  await sql`update users set clerk_user_id = ${stored}`;
  const other = await bulk.merge(table, nobody, signal);

  expect([same.updated, other.updated]).toEqual([0, 1]);
  expect([...(await sql`select clerk_user_id from users`)]).toEqual([{ clerk_user_id: wanted }]);
});

test('mends exactly the rows that are missing or differ, and leaves others alone', async () => {
  const [, , , before] = await write(3000);
  await sql`update quotes set price_usd = 1 where id in (select id from quotes order by id limit 2)`;
  await sql`delete from quotes where id = (select id from quotes where status = 'RECEIVED' and not exists (select from proposals where quote_id = quotes.id) limit 1)`;
  await sql`insert into users (email, full_name) values ('somebody@else.test', 'Somebody Else')`;

  const [agents, , , quotes] = await write(3000);

  expect(quotes).toEqual({ ...before, inserted: 1, updated: 2 });
  expect(agents).toMatchObject({ inserted: 0, updated: 0 });
  expect([...(await sql`select full_name from users where email = 'somebody@else.test'`)]).toEqual([{ full_name: 'Somebody Else' }]);
});

test('removes what the seed made and nothing else', async () => {
  await write(500);
  await sql`insert into users (email, full_name) values ('somebody@else.test', 'Somebody Else')`;

  const removed = await bulk.remove(volumeTables.toReversed().map(volumeRows), signal);

  expect(removed.reduce((sum, rows) => sum + rows, 0)).toBe(500);
  expect(await count('users')).toBe(1);
});

test.each([
  { what: 'a value that is none of its type', spoil: () => 'not-a-uuid\ta@b.test\tA\tadmin\n', row: 777, sqlState: '22P02' },
  { what: 'a line with too few columns', spoil: () => '99999999-9999-4999-8999-999999999999\n', row: 777, sqlState: '22P04' },
  { what: 'a check constraint', spoil: (line: string) => line.replace('iso_agent', 'pilot'), row: 777, sqlState: '23514' },
  { what: 'a missing value', spoil: (line: string) => line.replace(/\tAgent \d+/, '\t\\N'), row: 777, sqlState: '23502' },
  { what: 'a key that comes twice', spoil: (line: string) => line.replace('agent777@', 'agent5@'), row: 777, sqlState: '23505' },
])('names the row and leaves the table as it was: $what', async ({ spoil, row, sqlState }) => {
  const table = users(1000, (line, at) => (at === row ? spoil(line) : line));

  await expect(bulk.merge(table, nobody, signal)).rejects.toMatchObject({
    code: 'SEED_ROW_REFUSED',
    kind: 'red',
    message: expect.stringContaining('Row 777 for users'),
    data: { row, sqlState },
  });

  expect(await count('users')).toBe(0);
  expect(await bulk.merge(users(1000), nobody, signal)).toMatchObject({ inserted: 1000 });
});

test('finds bad row 77,777 among as many as it takes, and a line that is bad only at the very end', async () => {
  const late = users(77_777, (line, row) => (row === 77_777 ? line.replace('iso_agent', 'pilot') : line));
  const end = users(2000, (line, row) => (row === 2000 ? 'broken\n' : line));

  await expect(bulk.merge(late, nobody, signal)).rejects.toMatchObject({ data: { row: 77_777, constraint: 'users_role_known' } });
  await expect(bulk.merge(end, nobody, signal)).rejects.toMatchObject({ data: { row: 2000 } });

  expect(await count('users')).toBe(0);
}, 60_000);

test('names the row whose foreign key leads nowhere', async () => {
  await bulk.merge(users(2), nobody, signal);
  const clients: BulkTable = {
    table: 'clients',
    key: ['email'],
    columns: ['user_id', 'name', 'email'],
    chunks: () =>
      [1, 2, 3].map((row) => ({ text: copyLine([`5eed0001-0001-8000-8000-00000000000${row}`, 'C', `c${row}@staging.test`]), rows: 1 })),
  };

  await expect(bulk.merge(clients, nobody, signal)).rejects.toMatchObject({
    code: 'SEED_ROW_REFUSED',
    data: { row: 3, sqlState: '23503', constraint: 'clients_user_id_fkey' },
  });
  expect(await count('clients')).toBe(0);
});

test.each([1, 500, 1000])('leaves nothing when it is interrupted as row %i leaves, and everything on the next run', async (at) => {
  const interruption = new AbortController();
  let sent = 0;
  const stopAt = (rows: number) => {
    sent += rows;
    if (sent === at) interruption.abort(new Error('interrupted'));
  };

  await expect(bulk.merge(users(1000), stopAt, interruption.signal)).rejects.toThrow('interrupted');

  expect(await count('users')).toBe(0);
  expect(await bulk.merge(users(1000), nobody, signal)).toMatchObject({ inserted: 1000 });
});

test('leaves nothing when the source of the rows fails', async () => {
  const table = users(1000, (line, row) => {
    if (row === 600) throw new Error('no more rows');
    return line;
  });

  await expect(bulk.merge(table, nobody, signal)).rejects.toThrow('no more rows');

  expect(await count('users')).toBe(0);
});

test('is red when a trigger changes what was sent, and leaves the table as it was', async () => {
  await sql.unsafe(`create function public.shout() returns trigger language plpgsql as $$ begin new.full_name = upper(new.full_name); return new; end $$;
    create trigger shout before insert on public.users for each row execute function public.shout()`);

  const merged = bulk.merge(users(3), nobody, signal);

  await expect(merged).rejects.toMatchObject({ code: 'SEED_ROWS_DIFFER', message: expect.stringContaining('3 of 3 rows of users') });
  await sql.unsafe('drop function public.shout() cascade');
  expect(await count('users')).toBe(0);
});

test('counts rows whose foreign key was never checked', async () => {
  await bulk.merge(users(1), nobody, signal);
  await sql.unsafe(`create table public.notes (id int, user_id uuid);
    insert into public.notes values (1, '5eed0001-0001-8000-8000-000000000001'), (2, gen_random_uuid()), (3, null);
    alter table public.notes add constraint notes_user foreign key (user_id) references public.users (id) not valid`);

  const found = await bulk.orphans(['notes', 'clients'], signal);

  await sql.unsafe('drop table public.notes');
  expect(found).toEqual([{ table: 'notes', constraint: 'notes_user', rows: 1 }]);
});

test('says so when the server has no connection free, or is not there', async () => {
  const limited = new URL(server.url);
  limited.username = 'narrow';
  await sql.unsafe(`create role narrow login password 'postgres' connection limit 1; grant create on schema public to narrow`);
  const holder = postgres(limited.href, { max: 1, onnotice: () => undefined });
  await holder`select 1`;
  const [full, gone] = [bulkTables(limited.href), bulkTables('postgres://postgres:postgres@127.0.0.1:1/app')];

  await expect(full.orphans(['users'], signal)).rejects.toMatchObject({
    code: 'DATABASE_BUSY',
    kind: 'vendor',
    message: expect.stringContaining('53300'),
  });
  await expect(gone.orphans(['users'], signal)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', kind: 'vendor' });

  await holder.end();
});

test('ends with what went wrong when the server ends the session in the middle of a COPY', async () => {
  const cut = users(5000);
  let killed: Promise<unknown> | undefined;
  const kill = () => {
    killed ??= sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jv-staging seed'`;
  };
  const slow: BulkTable = {
    ...cut,
    chunks: async function* () {
      for await (const chunk of cut.chunks()) {
        if (killed !== undefined) await killed;
        yield chunk;
      }
    },
  };

  const fresh = bulkTables(server.url);
  await expect(fresh.merge(slow, kill, signal)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', kind: 'vendor' });

  expect(await count('users')).toBe(0);
  await fresh.close();
});
