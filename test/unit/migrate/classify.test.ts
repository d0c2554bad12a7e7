import { describe, expect, it } from 'vitest';
import { parseMigration } from '../../../src/adapters/postgres/parse/migration.ts';
import { classifyMigrations } from '../../../src/core/migrate/classify.ts';
import { refuseInTransaction } from '../../../src/core/migrate/in-transaction.ts';
import { widening } from '../../../src/core/migrate/widening.ts';
import { migrationOf } from '../../contract/database.contract.ts';
import { insideStatements, outsideStatements } from '../../support/outside-statements.ts';
import { appMigrations } from '../../support/migrations.ts';

async function classify(...files: readonly string[]) {
  return classifyMigrations(await Promise.all(files.map((sql, index) => parseMigration(migrationOf(`2026010100000${index}`, sql)))));
}

/** Returns `class: reason` of the one statement of a file, the table t(id int, name varchar(20), price numeric(10,2)) being there. */
async function judged(sql: string): Promise<string> {
  const before = 'create table t (id int primary key, name varchar(20), price numeric(10,2), tags text[], at date)';
  const [, file] = await classify(before, sql);
  const [statement] = file?.statements ?? [];
  return `${statement?.class ?? 'nothing'}: ${statement?.reason ?? ''}`;
}

describe('what Postgres runs outside of a transaction only', () => {
  const parsed = (sql: string) => parseMigration(migrationOf('20260101000000', sql));

  it.each(outsideStatements)('%s is refused before it is run, unless the file says so in its first line', async (sql, called) => {
    const file = await parsed(`select 1;\n  ${sql}`);
    const marked = await parsed(`-- jv:no-transaction\n${sql}`);

    expect(() => refuseInTransaction(file)).toThrow(
      expect.objectContaining({
        code: 'MIGRATION_NEEDS_NO_TRANSACTION',
        exitCode: 5,
        message: expect.stringContaining(`:2:3 ${called} cannot run inside a transaction`),
        fix: expect.stringContaining('-- jv:no-transaction'),
      }),
    );
    expect(() => refuseInTransaction(marked)).not.toThrow();
  });

  it.each(insideStatements)('%s is not', async (sql) => {
    const file = await parsed(sql);

    expect(() => refuseInTransaction(file)).not.toThrow();
  });
});

describe('what a statement means for a database in use', () => {
  it.each([
    'create table n (id int)',
    'create index concurrently on t (name)',
    'alter table t add column note text',
    "alter table t add column note text not null default 'x'",
    'alter table t add column made timestamptz not null default now()',
    'alter table t alter name type varchar(40)',
    'alter table t alter name type text',
    'alter table t alter price type numeric(12,2)',
    'alter table t add constraint positive check (price > 0) not valid',
    'alter table t validate constraint positive',
    'alter table t add constraint named unique using index t_name',
    'alter table t alter name drop not null',
    'alter table t alter name drop default',
    'alter table t enable row level security',
    'create or replace function f() returns int language sql as $$ select 1 $$',
    'create policy p on t using (true)',
    'grant select on t to public',
    'alter default privileges revoke all on tables from public',
    'insert into t (id) values (1) on conflict do nothing',
    'select 1',
    'comment on table t is $$drop table t; -- jv:allow-destructive no$$',
    'do $$ begin if not exists (select 1) then create table z (id int); end if; end $$',
    'alter index t_name rename to t_names',
    'reindex table concurrently t',
    'create table n (id int); alter table n drop column id; update n set id = 1; drop table n',
  ])('%s is additive', async (sql) => {
    expect(await judged(sql)).toBe('additive: ');
  });

  it.each([
    ['create index on t (name)', 'builds an index'],
    ['create unique index t_n on t (name)', 'public.t'],
    ['alter table t add constraint positive check (price > 0)', 'not valid'],
    ['alter table t add foreign key (id) references t (id)', 'reads every row'],
    ['alter table t add unique (name)', 'builds an index'],
    ['alter table t alter id type bigint', 'from int4 to int8'],
    ['alter table t alter id type text using id::text', 'written again'],
    ['alter table t add column key uuid not null default gen_random_uuid()', 'calls a function for every row'],
    ['alter table t add column no bigserial', 'number'],
    ['alter table t add column double numeric generated always as (price * 2) stored', 'computes'],
    ["alter table t alter name set default 'x', alter name set not null", 'holds no null'],
    ['alter table t set unlogged', 'writes the table again'],
    ['lock table t', 'locks the table'],
    ['cluster t', 'in order'],
    ['refresh materialized view m', 'fills the view'],
  ])('%s is locking', async (sql, reason) => {
    expect(await judged(sql)).toMatch(/^locking: /);
    expect(await judged(sql)).toContain(reason);
  });

  it.each([
    ['drop table t', 'drops table public.t'],
    ['drop table if exists other.t cascade', 'drops table other.t'],
    ['alter table t drop column name', 'drops column public.t.name'],
    ['truncate t', 'empties public.t'],
    ['delete from t where false', 'deletes rows of public.t'],
    ['with gone as (delete from t returning 1) select 1', 'deletes rows of public.t'],
    ['alter table t alter id type smallint', 'narrows public.t.id from int4 to int2'],
    ['alter table t alter name type varchar(10)', 'from varchar(20) to varchar(10)'],
    ['alter table t alter price type numeric(10,1)', 'narrows'],
    ['alter table unknown alter a type int', 'a type that no migration before tells'],
    ['alter table t add column owner uuid not null', 'takes no null and has no default'],
    ['alter table t alter name set not null', 'takes no null any more'],
    ['alter table t rename to u', 'renames table public.t'],
    ['alter table t rename name to title', 'renames column public.t.name'],
    ['alter view v rename to w', 'renames view public.v'],
    ['alter table t set schema private', 'renames table public.t'],
    ['drop schema private cascade', 'drops schema private'],
    ['drop policy p on t', 'drops policy public.t: p'],
    ['drop function f(int)', 'drops function public.f'],
    ['drop type s.mood', 'drops type s.mood'],
    ['drop materialized view m', 'drops materialized view public.m'],
    ['drop extension citext', 'drops extension citext'],
    ['alter table t drop constraint c', 'drops constraint public.t: c'],
    ['drop owned by someone', 'owned by'],
    ['revoke select on t from public', 'takes rights on public.t away'],
    ['alter table t disable row level security', 'takes rights'],
    ["alter type mood rename value 'sad' to 'blue'", 'renames value of type public.mood.sad'],
    ['do $$ begin drop table t; end $$', 'drops table public.t'],
    ['alter table t add column a int, drop column name', 'drops column public.t.name'],
  ])('%s is destructive', async (sql, reason) => {
    expect(await judged(sql)).toMatch(/^destructive: /);
    expect(await judged(sql)).toContain(reason);
  });

  it.each([
    ['update t set name = null', 'overwrites values in public.t'],
    ["insert into t (id) values (1) on conflict (id) do update set name = 'x'", 'overwrites'],
    ["alter type mood add value 'calm'", 'adds a value to public.mood'],
    ["do $$ begin execute 'drop table t'; end $$", 'text that a DO block builds'],
    ['do language plperl $$ 1 $$', 'plperl'],
    ['call clean()', 'a procedure'],
  ])('%s is irreversible', async (sql, reason) => {
    expect(await judged(sql)).toMatch(/^irreversible: /);
    expect(await judged(sql)).toContain(reason);
  });

  it('a policy that is replaced in the same file is no loss; a table that is made again is', async () => {
    const [policy] = await classify('drop policy if exists p on t; create policy p on t using (true)');
    const [table] = await classify('drop table t; create table t (id int)');

    expect(policy?.class).toBe('additive');
    expect(table?.class).toBe('destructive');
    expect(table?.statements[0]?.losses).toEqual([{ table: 'public.t', column: null }]);
  });

  it('a column’s type is known by its new name, and what a file makes itself it may rename', async () => {
    const [, later, own] = await classify(
      'create table t (name varchar(20), price int4)',
      'alter table t rename name to title; alter table t rename to books; alter table books alter title type varchar(40)',
      'alter table books add column nick text; alter table books rename nick to alias; alter table books alter alias type varchar(3);' +
        'create table n (id int4); alter table n rename to m; alter table m add column must int not null',
    );

    expect(later?.statements.map((statement) => statement.class)).toEqual(['destructive', 'destructive', 'additive']);
    expect(own?.statements.map(({ class: one, reason }) => [one, reason])).toEqual([
      ['additive', null],
      ['additive', null],
      ['destructive', 'narrows public.books.alias from text to varchar(3)'],
      ['additive', null],
      ['additive', null],
      ['additive', null],
    ]);
  });

  it('what an earlier file made is there by then, and its types are known', async () => {
    const [, second, third] = await classify(
      'create table t (id int)',
      'alter table t alter id type bigint',
      'alter table t alter id type int',
    );

    expect([second?.class, third?.class]).toEqual(['locking', 'destructive']);
  });

  it('knows the place of each statement, and the gravest class of the file', async () => {
    const [file] = await classify('\uFEFF-- é\r\ncreate table n (id int);\r\n\r\n  drop table "T";\n');

    expect(file?.statements.map(({ line, column }) => [line, column])).toEqual([
      [2, 1],
      [4, 3],
    ]);
    expect(file).toMatchObject({ class: 'destructive', noTransaction: false, allowDestructive: null });
  });

  it('the sample app’s own migrations are additive', async () => {
    const files = await classify(...(await appMigrations()).map(({ up }) => up));

    expect(files.length).toBeGreaterThanOrEqual(7);
    for (const { class: found, statements } of files)
      expect([found, statements.find((each) => each.class !== 'additive')?.reason]).toEqual(['additive', undefined]);
  });
});

describe('what comments tell', () => {
  it.each([
    ['-- jv:allow-destructive the table was moved\ndrop table t', 'the table was moved'],
    ['create table n (id int);\n  -- jv:allow-destructive late\ndrop table t', 'late'],
    ['drop table t; -- jv:allow-destructive at the end', 'at the end'],
    ['-- jv:allow-destructive\ndrop table t', null],
    ['/* -- jv:allow-destructive in a comment that is no line */ drop table t', null],
    ["select '-- jv:allow-destructive in a text'", null],
    ['select $$\n-- jv:allow-destructive in a body\n$$', null],
    ['-- jv:allow-destructively so\ndrop table t', null],
  ])('%j allows %s', async (sql, reason) => {
    expect((await classify(sql))[0]?.allowDestructive).toBe(reason);
  });

  it('no-transaction must be the first line', async () => {
    const [first, second] = await classify('-- jv:no-transaction\nvacuum', 'select 1;\n-- jv:no-transaction\nvacuum');

    expect([first?.noTransaction, second?.noTransaction]).toEqual([true, false]);
  });
});

describe('a new type', () => {
  it.each([
    ['int4', 'int4', 'free'],
    ['varchar(10)', 'text', 'free'],
    ['text', 'varchar(10)', 'narrows'],
    ['varchar', 'varchar(10)', 'narrows'],
    ['int2', 'numeric', 'rewrites'],
    ['int8', 'numeric(10,0)', 'narrows'],
    ['numeric(10,2)', 'numeric', 'free'],
    ['numeric', 'numeric(10,2)', 'narrows'],
    ['float4', 'float8', 'rewrites'],
    ['float8', 'int8', 'narrows'],
    ['timestamptz', 'date', 'narrows'],
    ['text[]', 'text', 'rewrites'],
    ['text', 'text[]', 'narrows'],
    [undefined, 'text', 'rewrites'],
    [undefined, 'int8', 'narrows'],
  ] as const)('from %s to %s %s', (from, to, change) => {
    expect(widening(from, to)).toBe(change);
  });
});
