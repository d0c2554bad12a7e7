import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresInsight } from '../../src/adapters/postgres/insight.ts';
import { statementsBetween } from '../../src/core/perf/database.ts';
import type { DatabaseInsight } from '../../src/core/ports/database-insight.ts';
import { freePort } from '../support/free-port.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

const never = new AbortController().signal;
let server: TestPostgres;
let sql: postgres.Sql;
let insight: DatabaseInsight;

beforeAll(async () => {
  server = await startPostgres();
  sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  insight = postgresInsight(server.url);
});

afterAll(async () => {
  await insight.close();
  await sql.end();
  await server.remove();
});

test('statements that ran in between are found with their mean time, our own are not', async () => {
  const before = (await insight.statements(never)) ?? [];
  for (let times = 0; times < 3; times += 1) await sql`select pg_sleep(0.05), ${'a value of a user'}::text`;
  const after = (await insight.statements(never)) ?? [];

  const [slowest, ...others] = statementsBetween(before, after);

  expect(slowest).toMatchObject({ calls: 3, text: expect.stringMatching(/pg_sleep\(\$\d\)/) });
  expect(slowest?.text).not.toContain('a value');
  expect((slowest?.totalMs ?? 0) / 3).toBeGreaterThanOrEqual(50);
  expect(others.filter(({ text }) => text.includes('pg_stat'))).toEqual([]);
});

test('where the extension is missing nothing is known of statements', async () => {
  await sql`create database bare`;
  const bare = postgresInsight(server.url.replace(/\/app$/, '/bare'));

  expect(await bare.statements(never)).toBeUndefined();

  await bare.close();
  await sql`drop database bare`;
});

test('foreign keys are found that no index begins with, of the user’s own schemas alone', async () => {
  await sql.unsafe(`
    create table public.parents (id int primary key, part int, unique (id, part));
    create table public.without_index (parent_id int references public.parents);
    create table public.partly_indexed (parent_id int references public.parents);
    create index on public.partly_indexed (parent_id) where parent_id > 5;
    create table public.indexed (parent_id int references public.parents);
    create index on public.indexed (parent_id);
    create table public.pair_turned (part int, id int, more int, foreign key (id, part) references public.parents (id, part));
    create index on public.pair_turned (part, id, more);
    create table public.pair_late (part int, id int, more int, foreign key (id, part) references public.parents (id, part));
    create index on public.pair_late (more, part, id)`);

  const keys = await insight.unindexedKeys(never);

  expect(keys.map(({ table, columns }) => [table, columns])).toEqual([
    ['pair_late', ['id', 'part']],
    ['partly_indexed', ['parent_id']],
    ['without_index', ['parent_id']],
  ]);
});

test('dead rows are counted, and sessions that were opened', async () => {
  const sessionsBefore = await insight.sessions(never);
  await sql`create table public.rows as select generate_series(1, 500) as id`;
  await sql`delete from public.rows where id > 200`;
  const other = postgres(server.url, { max: 1 });
  await other`select 1`;
  await other.end();

  await expect
    .poll(async () => (await insight.tableRows(never)).find(({ table }) => table === 'rows'), { timeout: 15_000 })
    .toMatchObject({
      live: 200,
      dead: 300,
      vacuumedAt: null,
    });
  await expect.poll(() => insight.sessions(never), { timeout: 15_000 }).toBeGreaterThan(sessionsBefore);
});

test('a database that is not there is an error that says where, and no password', async () => {
  const away = postgresInsight(`postgres://postgres:canary-secret@127.0.0.1:${await freePort()}/app`);

  const error: unknown = await away.sessions(never).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ kind: 'vendor', message: expect.stringMatching(/127\.0\.0\.1:\d+/) });
  expect(String(error)).not.toContain('canary-secret');
  await away.close();
});
