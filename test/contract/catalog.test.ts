import { randomBytes } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plainFingerprint } from '../../src/adapters/files/sealed.ts';
import { postgresCatalog } from '../../src/adapters/postgres/catalog/reader.ts';
import { type CatalogSnapshot, catalogKinds, diffCatalogs, differenceText, fingerprintCatalog } from '../../src/core/catalog/catalog.ts';
import type { CatalogReader } from '../../src/core/ports/catalog.ts';
import { migrateDown, migrateUp } from '../support/migrations.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

const { signal } = new AbortController();

let server: TestPostgres;
let sql: Sql;
let catalog: CatalogReader;

beforeAll(async () => {
  server = await startPostgres();
  sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  catalog = postgresCatalog(server.url);
  await migrateUp(sql);
  await sql.unsafe(`
    create schema sales;
    create type sales.stage as enum ('new', 'won');
    create domain sales.amount as numeric check (value > 0);
    create table sales.deals (id bigint generated always as identity primary key, stage sales.stage not null default 'new',
      amount sales.amount, note text, doubled numeric generated always as (amount * 2) stored, token text);
    create table sales.parts (id int references sales.deals (id));
    create index deals_by_stage on sales.deals (stage);
    create view sales.won as select id from sales.deals where stage = 'won';
    create materialized view sales.totals as select count(*) from sales.deals;
    create sequence sales.numbers;
    create function sales.touch() returns trigger language plpgsql as $$ begin return new; end $$;
    create aggregate sales.total(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0');
    create trigger touched before update on sales.deals for each row execute function sales.touch();
    create rule no_delete as on delete to sales.parts do instead nothing;
    alter table sales.deals enable row level security;
    create policy everybody on sales.deals using (true);
    create publication for_search for table sales.deals (id, note) where (note is not null);
    create extension citext schema extensions;
    create role reporting nologin;
    grant select on sales.deals to reporting;
    grant update (note) on sales.deals to reporting;
    alter default privileges in schema sales grant select on tables to reporting`);
}, 60_000);

afterAll(async () => {
  await catalog.close();
  await sql.end();
  await server.remove();
});

/** Returns the catalog before a change, after it, and once it was taken back (what stands after `<-`). */
async function changed(change: string): Promise<{ before: CatalogSnapshot; after: CatalogSnapshot; restored: CatalogSnapshot }> {
  const before = await catalog.read({}, signal);
  const [forward, back] = change.split('<-');
  await sql.unsafe(forward ?? '');
  const after = await catalog.read({}, signal);
  await sql.unsafe(back ?? '');
  return { before, after, restored: await catalog.read({}, signal) };
}

test('every kind of thing is read, in an order that does not depend on the server', async () => {
  const { objects } = await catalog.read({}, signal);

  expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(catalogKinds));
  expect(objects.length).toBeGreaterThan(150);
  expect(new Set(objects.map(({ kind, identity }) => `${kind} ${identity}`)).size).toBe(objects.length);
  for (const { definition, kind, identity } of objects) expect(definition, `${kind} ${identity}`).not.toBe('');
});

test('what the platform made is not listed', async () => {
  await sql.unsafe('create schema if not exists jv_staging; create table if not exists jv_staging.probe (id int)');

  const { objects } = await catalog.read({}, signal);

  const schemas = new Set(objects.map(({ schema }) => schema));
  expect([...schemas].toSorted()).toEqual([null, 'public', 'sales'].toSorted());
  expect(objects.filter(({ kind }) => kind === 'role').map(({ identity }) => identity)).toEqual(['reporting']);
  expect(objects.filter(({ identity }) => /citext|auth\.uid|probe/.test(identity)).map(({ kind }) => kind)).toEqual(['extension']);
});

test('schemas can be chosen; what lies in none stays', async () => {
  const { objects } = await catalog.read({ schemas: ['public'] }, signal);

  expect(new Set(objects.map(({ schema }) => schema))).toEqual(new Set([null, 'public']));
  expect(objects.some(({ identity }) => identity === 'public.flight_requests')).toBe(true);
});

test.each([
  ['a table', 'create table sales.extra (id int primary key) <- drop table sales.extra', ['table sales.extra is extra with 4 parts']],
  ['a column', 'alter table sales.deals add color text <- alter table sales.deals drop color', ['column sales.deals.color is extra']],
  [
    'a column’s type',
    'alter table sales.parts alter id type bigint <- alter table sales.parts alter id type int',
    ['column sales.parts.id differs'],
  ],
  [
    'a column that takes null',
    'alter table sales.deals alter stage drop not null <- alter table sales.deals alter stage set not null',
    ['column sales.deals.stage differs'],
  ],
  [
    'a default',
    "alter table sales.deals alter stage set default 'won' <- alter table sales.deals alter stage set default 'new'",
    ['default sales.deals.stage differs'],
  ],
  [
    'a constraint',
    "alter table sales.deals add constraint noted check (note <> '') <- alter table sales.deals drop constraint noted",
    ['constraint sales.deals: noted is extra'],
  ],
  [
    'an index',
    'drop index sales.deals_by_stage <- create index deals_by_stage on sales.deals (stage)',
    ['index sales.deals_by_stage is missing'],
  ],
  [
    'a function’s body',
    'create or replace function sales.touch() returns trigger language plpgsql as $$ begin return old; end $$ <- create or replace function sales.touch() returns trigger language plpgsql as $$ begin return new; end $$',
    ['function sales.touch() differs'],
  ],
  [
    'a trigger that is off',
    'alter table sales.deals disable trigger touched <- alter table sales.deals enable trigger touched',
    ['trigger sales.deals: touched differs'],
  ],
  [
    'a policy',
    'alter policy everybody on sales.deals using (false) <- alter policy everybody on sales.deals using (true)',
    ['policy sales.deals: everybody differs'],
  ],
  [
    'row level security',
    'alter table sales.deals disable row level security <- alter table sales.deals enable row level security',
    ['table sales.deals differs'],
  ],
  [
    'a grant',
    'grant insert on sales.deals to reporting <- revoke insert on sales.deals from reporting',
    ['grant table sales.deals to reporting differs'],
  ],
  [
    'a grant on a column',
    'revoke update (note) on sales.deals from reporting <- grant update (note) on sales.deals to reporting',
    ['grant column sales.deals.note to reporting is missing'],
  ],
  [
    'a grant on what will be made',
    'alter default privileges in schema sales grant insert on tables to reporting <- alter default privileges in schema sales revoke insert on tables from reporting',
    ['grant new tables by postgres in sales to reporting differs'],
  ],
  ['an extension', 'drop extension citext <- create extension citext schema extensions', ['extension citext is missing']],
  [
    'a publication’s table',
    'alter publication supabase_realtime add table sales.parts <- alter publication supabase_realtime drop table sales.parts',
    ['publication supabase_realtime: sales.parts is extra'],
  ],
  [
    'a publication',
    "alter publication for_search set (publish = 'insert') <- alter publication for_search set (publish = 'insert, update, delete, truncate')",
    ['publication for_search differs'],
  ],
  ['a role', 'alter role reporting createdb <- alter role reporting nocreatedb', ['role reporting differs']],
  [
    'a view',
    "create or replace view sales.won as select id from sales.deals <- create or replace view sales.won as select id from sales.deals where stage = 'won'",
    ['view sales.won differs'],
  ],
  ['a sequence', 'alter sequence sales.numbers cycle <- alter sequence sales.numbers no cycle', ['sequence sales.numbers differs']],
  [
    'a rule',
    'alter table sales.parts disable rule no_delete <- alter table sales.parts enable rule no_delete',
    ['rule sales.parts: no_delete differs'],
  ],
])('%s is found, and nothing else', async (_, change, expected) => {
  const { before, after, restored } = await changed(change);

  expect(diffCatalogs(before, after).map(differenceText)).toEqual(expected);
  expect(fingerprintCatalog(after, plainFingerprint)).not.toBe(fingerprintCatalog(before, plainFingerprint));
  expect(diffCatalogs(before, restored)).toEqual([]);
  expect(fingerprintCatalog(restored, plainFingerprint)).toBe(fingerprintCatalog(before, plainFingerprint));
});

test('a difference has both definitions', async () => {
  const { before, after } = await changed('alter table sales.parts alter id type bigint <- alter table sales.parts alter id type int');

  expect(diffCatalogs(before, after)).toEqual([
    { change: 'changed', kind: 'column', identity: 'sales.parts.id', wanted: 'integer', actual: 'bigint', parts: 0 },
  ]);
  expect(diffCatalogs(after, before)[0]).toMatchObject({ wanted: 'bigint', actual: 'integer' });
});

test('an index that a broken CREATE INDEX CONCURRENTLY left says that it is invalid', async () => {
  await sql.unsafe('create table sales.twice (id int); insert into sales.twice values (1), (1)');
  await sql.unsafe('create unique index concurrently twice_id on sales.twice (id)').catch(() => undefined);

  const { objects } = await catalog.read({}, signal);
  await sql.unsafe('drop table sales.twice');

  expect(objects.find(({ identity }) => identity === 'sales.twice_id')?.definition).toMatch(/ INVALID$/);
});

test('two databases with the same migrations have one fingerprint, and reverse scripts lead back to it', async () => {
  const name = `test_${randomBytes(4).toString('hex')}`;
  await sql.unsafe(`create database ${name}`);
  const url = server.url.replace(/\/app$/, `/${name}`);
  const other = postgres(url, { max: 1, onnotice: () => undefined });
  const otherCatalog = postgresCatalog(url);
  await other.unsafe(`create schema auth; create function auth.jwt() returns jsonb language sql as $$ select '{}'::jsonb $$;
    create function auth.uid() returns uuid language sql as $$ select null::uuid $$; create publication supabase_realtime;`);
  const fingerprint = async () => fingerprintCatalog(await otherCatalog.read({}, signal), plainFingerprint);
  const before = await fingerprint();

  await migrateUp(other);
  const first = await fingerprint();
  await migrateDown(other);
  const down = await fingerprint();
  await migrateUp(other);
  const again = await fingerprint();
  await otherCatalog.close();
  await other.end();

  expect(again).toBe(first);
  expect(down).toBe(before);
  expect(first).not.toBe(before);
});

test('500 tables are read within seconds, by a connection that cannot write', async () => {
  await sql.unsafe(`create schema wide; do $$ begin for i in 1..500 loop
    execute format('create table wide.t%s (id int primary key, a text not null default ''x'', b int check (b > 0), c timestamptz, d jsonb)', i);
    execute format('create index on wide.t%s (c)', i);
  end loop; end $$`);
  const startedMs = performance.now();

  const { objects } = await catalog.read({}, signal);
  const tookMs = performance.now() - startedMs;
  await sql.unsafe('drop schema wide cascade');

  expect(objects.filter(({ schema, kind }) => schema === 'wide' && kind === 'table')).toHaveLength(500);
  // 0.13 s for its 5,700 objects, seen on two busy cores; the bound only catches a query for each table.
  expect(tookMs).toBeLessThan(10_000);
}, 60_000);

test('a database that is not there is said in words, without the password', async () => {
  const nowhere = postgresCatalog(server.url.replace('postgres:postgres@', 'postgres:canary-pw@'));

  const error = await nowhere.read({}, signal).catch((thrown: unknown) => thrown);
  await nowhere.close();

  expect(error).toMatchObject({ code: 'DATABASE_PASSWORD_REFUSED' });
  expect(JSON.stringify(error)).not.toContain('canary-pw');
});
