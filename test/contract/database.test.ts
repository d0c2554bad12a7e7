import { randomBytes } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import type { Session } from '../../src/adapters/postgres/session.ts';
import { openTransactions } from '../../src/adapters/postgres/transactions.ts';
import type { Database } from '../../src/core/ports/database.ts';
import { fakeDatabase } from '../fakes/database.ts';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { databaseContract, migrationOf, recordOf } from './database.contract.ts';

let server: TestPostgres;
let admin: Sql;
const { signal } = new AbortController();

beforeAll(async () => {
  server = await startPostgres();
  admin = postgres(server.url, { max: 1, onnotice: () => undefined });
}, 60_000);

afterAll(async () => {
  await admin.end();
  await server.remove();
});

async function newDatabaseUrl(): Promise<string> {
  const name = `test_${randomBytes(4).toString('hex')}`;
  await admin.unsafe(`create database ${name}`);
  return server.url.replace(/\/app$/, `/${name}`);
}

databaseContract('the fake', async () => fakeDatabase());

databaseContract('Postgres', async () => postgresDatabase(await newDatabaseUrl()));

/** The statement alone, as the protocol carries it: settings have the word in their names. */
const commitMessage = 'Q\0\0\0\u000bcommit\0';
/** A file's commit is the end of its last message. */
const fileCommit = '; commit\0';

describe('Postgres alone', () => {
  let url: string;
  let database: Database;
  let sql: Sql;

  beforeEach(async () => {
    url = await newDatabaseUrl();
    database = postgresDatabase(url);
    sql = postgres(url, { max: 2, onnotice: () => undefined });
    return async () => {
      await database.close();
      await sql.end();
    };
  });

  test('it says whose it is by its own mark, and what its triggers call', async () => {
    await sql.unsafe(`
      create schema jv_staging;
      create table jv_staging.environment (name text primary key);
      insert into jv_staging.environment values ('production');
      create schema supabase_functions;
      create function supabase_functions.http_request() returns trigger language plpgsql as $$ begin return new; end $$;
      create table bookings (id int);
      create trigger called after insert on bookings for each row
        execute function supabase_functions.http_request('https://jet.test/hooks', 'POST', '{}', '{}', '1000');`);

    expect(await database.identity(signal)).toEqual({ environments: ['production'], webhooks: ['https://jet.test/hooks'] });
  });

  test('it counts the rows that were inserted or changed since a mark, in the environment’s own tables alone', async () => {
    await sql.unsafe('create table kept (id int, note text); insert into kept select generate_series(1, 10); create table empty (id int)');
    const mark = await database.writeMark(signal);
    await database.appendRelease(recordOf('rel_1', 'staging', null), signal);

    expect(await database.rowsWrittenSince(mark, signal)).toBe(0);
    await sql.unsafe("insert into kept values (11); update kept set note = 'x' where id <= 2; delete from kept where id = 3");

    expect(await database.rowsWrittenSince(mark, signal)).toBe(3);
  });

  test('what was applied is on disk once it is settled', async () => {
    const flushed = async (mark: string) => await sql`select pg_current_wal_flush_lsn() >= ${mark}::text::pg_lsn as done`;
    await database.applyMigration(migrationOf('20260101000000', 'create table a (id int)'), signal);
    const [{ mark } = { mark: '' }] = await sql<{ mark: string }[]>`select pg_current_wal_insert_lsn()::text as mark`;

    await database.settle(signal);

    expect([...(await flushed(mark))]).toEqual([{ done: true }]);
    expect([...(await sql`select current_setting('synchronous_commit') as commit`)]).toEqual([{ commit: 'on' }]);
  });

  test('a drop takes schemas, types, extensions, publications and what elsewhere depends on it; of others’ nothing', async () => {
    const text = `create type mood as enum ('calm'); create domain code as text; create sequence counter;
      create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
      create schema billing; create table billing.bills (id int primary key, mood mood); create view bills as select * from billing.bills;
      create extension pg_trgm; create publication ours for table billing.bills;
      create trigger touched before update on auth.users for each row execute function touch();
      create policy ours on storage.objects for select using (true);`;
    await sql.unsafe('create schema auth; create table auth.users (id int); create schema storage; create table storage.objects (id int)');
    await sql.unsafe('insert into auth.users values (1)');
    await database.applyMigration(migrationOf('20260101000000', text), signal);
    expect(await database.ownTables(signal)).toEqual(['billing.bills']);

    for (const _ of ['once', 'again']) {
      await database.dropOwned(signal);
      expect(await database.ownTables(signal)).toEqual([]);
      await database.applyMigration(migrationOf('20260101000000', text), signal);
    }

    expect([...(await sql`select count(*)::int as users from auth.users`)]).toEqual([{ users: 1 }]);
    expect(await database.ownTables(signal)).toEqual(['billing.bills']);
  });

  test('the ledger is the Supabase CLI’s: version, name, and the statements without their semicolons', async () => {
    const text = '-- first\ncreate table a (id int);;\n\ninsert into a values (1); -- after\nselect \';\' as "x;y", $$ ; $$;\n-- end\n';

    await database.applyMigration(migrationOf('20260101000000', text), signal);

    const rows = await sql`select * from supabase_migrations.schema_migrations`;
    expect([...rows]).toEqual([
      {
        version: '20260101000000',
        name: 'change',
        statements: ['-- first\ncreate table a (id int)', 'insert into a values (1)', '-- after\nselect \';\' as "x;y", $$ ; $$', '-- end'],
      },
    ]);
  });

  test('a ledger that an older CLI left (versions alone) is read and widened', async () => {
    await sql.unsafe(
      "create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text not null primary key); insert into supabase_migrations.schema_migrations values ('20250101000000')",
    );

    const before = await database.appliedMigrations(signal);
    await database.applyMigration(migrationOf('20250101000000', 'select 1'), signal);
    await database.applyMigration(migrationOf('20260101000000', 'select 1'), signal);

    expect(before).toEqual([{ version: '20250101000000', name: null, checksum: null }]);
    expect((await database.appliedMigrations(signal)).map(({ version, name }) => [version, name])).toEqual([
      ['20250101000000', null],
      ['20260101000000', 'change'],
    ]);
  });

  test.each([
    ['a missing table', 'create table a (id int);\nselect *\n  from nope;', 3, 8, '42P01'],
    [
      'a duplicate key (no position: the statement’s own start)',
      'create table a (id int primary key);\n-- twice\n  insert into a values (1), (1);',
      3,
      3,
      '23505',
    ],
    ['wide characters before it', "select 'é😀', nope;", 1, 14, '42703'],
    ['a division in a function', 'do $$ begin\n perform 1/0;\nend $$;', 1, 1, '22012'],
  ])('%s is told with line, column and SQLSTATE', async (_name, text, line, column, sqlState) => {
    await expect(database.applyMigration(migrationOf('20260101000000', text), signal)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining(`20260101000000_change.sql:${line}:${column} failed`),
      data: expect.objectContaining({ line, column, sqlState }),
    });
    expect(await database.appliedMigrations(signal)).toEqual([]);
    expect(await database.tableProtection(signal)).toEqual([]);
  });

  test('Postgres’s hint and detail stand in the message', async () => {
    await expect(
      database.applyMigration(migrationOf('20260101000000', 'create table a (alpha int); select alpah from a;'), signal),
    ).rejects.toMatchObject({
      message: expect.stringContaining('Postgres hints: Perhaps you meant to reference the column "a.alpha"'),
    });
  });

  test('what a file sets for its session is gone for the next one', async () => {
    await database.applyMigration(migrationOf('20260101000000', "set search_path to ''; create table public.a (id int);"), signal);
    await database.applyMigration(migrationOf('20260101000001', 'create table b (id int); insert into a values (1);'), signal);

    expect((await database.tableProtection(signal)).map(({ table }) => table)).toEqual(['a', 'b']);
  });

  test('a byte order mark, CRLF and dollar quotes are taken as they are', async () => {
    const text =
      '\uFEFFcreate table a (id int);\r\ncreate function f() returns int language plpgsql as $body$\r\nbegin\r\n return 1; -- ; \r\nend $body$;\r\n';

    await database.applyMigration(migrationOf('20260101000000', text), signal);

    expect(await sql`select f()`).toHaveLength(1);
  });

  test('an empty file and one of comments are applied', async () => {
    await database.applyMigration(migrationOf('20260101000000', ''), signal);
    await database.applyMigration(migrationOf('20260101000001', '-- nothing yet\n'), signal);

    expect(await database.appliedMigrations(signal)).toHaveLength(2);
  });

  test('an interrupted migration is undone, and the call ends at once', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped by the user');
    const startedAt = performance.now();
    setTimeout(() => controller.abort(reason), 200);

    await expect(
      database.applyMigration(migrationOf('20260101000000', 'create table a (id int); select pg_sleep(30)'), controller.signal),
    ).rejects.toBe(reason);

    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(await database.appliedMigrations(signal)).toEqual([]);
    expect(await database.tableProtection(signal)).toEqual([]);
  });

  test('a connection that dies in the middle is DATABASE_UNREACHABLE, and nothing is applied', async () => {
    const running = database.applyMigration(migrationOf('20260101000000', 'create table a (id int); select pg_sleep(30)'), signal);
    const killed = running.catch((error: unknown) => error);
    for (let found = 0; found === 0;) {
      const rows =
        await sql`select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid() and state = 'active' and datname = current_database()`;
      found = rows.length;
    }

    expect(await killed).toMatchObject({ kind: 'vendor', code: 'DATABASE_UNREACHABLE' });
    expect(await database.appliedMigrations(signal)).toEqual([]);
    await database.applyMigration(migrationOf('20260101000000', 'create table a (id int)'), signal);
    expect(await database.appliedMigrations(signal)).toHaveLength(1);
  });

  describe('a connection cut at the commit', () => {
    let proxy: CuttingProxy;
    let proxied: Database;

    beforeEach(async () => {
      proxy = await startCuttingProxy(server.port);
      proxied = postgresDatabase(url.replace(`:${server.port}/`, `:${proxy.port}/`));
      return async () => {
        await proxied.close();
        await proxy.close();
      };
    });

    test('whose answer is lost: the migration stands, once, and the call says so', async () => {
      proxy.cutAt(fileCommit, 'after');

      await proxied.applyMigration(migrationOf('20260101000000', 'create table a (id int); insert into a values (1);'), signal);

      expect(proxy.cuts()).toBe(1);
      expect(await database.appliedMigrations(signal)).toHaveLength(1);
      expect(await sql`select * from a`).toHaveLength(1);
    });

    test('while the server works on: the outcome is looked at when it has ended', async () => {
      proxy.cutAt(fileCommit, 'meanwhile');

      await proxied.applyMigration(migrationOf('20260101000000', 'create table a (id int); select pg_sleep(1);'), signal);

      expect(proxy.cuts()).toBe(1);
      expect(await database.appliedMigrations(signal)).toHaveLength(1);
      expect(await sql`select * from a`).toHaveLength(0);
    });

    test('that never arrives: nothing stands, the call says so, and the next one applies it', async () => {
      const migration = migrationOf('20260101000000', 'create table a (id int); insert into a values (1);');
      proxy.cutAt(fileCommit, 'before');

      await expect(proxied.applyMigration(migration, signal)).rejects.toMatchObject({ kind: 'vendor', code: 'DATABASE_UNREACHABLE' });
      expect(await database.appliedMigrations(signal)).toEqual([]);

      await proxied.applyMigration(migration, signal);
      expect(proxy.cuts()).toBe(1);
      expect(await sql`select * from a`).toHaveLength(1);
    });

    test.each(['create table a', 'pg_advisory_xact_lock', 'insert into supabase_migrations'])(
      'or at `%s`: nothing stands, and nothing is sent outside of the transaction',
      async (text) => {
        proxy.cutAt(text, 'before');

        await expect(
          proxied.applyMigration(migrationOf('20260101000000', 'create table a (id int); create table b (id int);'), signal),
        ).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });

        expect(proxy.cuts()).toBe(1);
        expect(await database.tableProtection(signal)).toEqual([]);
        expect(await database.appliedMigrations(signal)).toEqual([]);
      },
    );

    test('or while nothing was under way: nothing more is sent for that transaction, nor outside of it', async () => {
      const transactions = openTransactions(url.replace(`:${server.port}/`, `:${proxy.port}/`), { prepare: false, fetch_types: false });
      const work = async (session: Session) => {
        await session.query((on) => on`create table a (id int)`);
        proxy.cutAll();
        // The loss must have reached the client: it is what comes after it that counts.
        await new Promise((resolve) => setTimeout(resolve, 100));
        await session.query((on) => on`create table b (id int)`);
      };

      const ran = transactions.run(signal, work, async (error) => {
        throw error;
      });

      await expect(ran).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      expect(await database.tableProtection(signal)).toEqual([]);
      await transactions.run(
        signal,
        async (session) => void (await session.query((on) => on`create table c (id int)`)),
        async () => undefined,
      );
      expect((await database.tableProtection(signal)).map(({ table }) => table)).toEqual(['c']);
      await transactions.close();
    });

    test('of a release whose answer is lost: the record stands once', async () => {
      proxy.cutAt(commitMessage, 'after');

      await proxied.appendRelease(recordOf('rel_1', 'staging', null), signal);

      expect(proxy.cuts()).toBe(1);
      await expect(database.releases('staging', signal)).resolves.toHaveLength(1);
    });
  });

  test('another session’s lock ends a migration as red with 55P03 instead of blocking everybody', async () => {
    await sql.unsafe('create table a (id int)');
    const holder = await sql.reserve();
    await holder.unsafe("set application_name = 'the one in the way'; begin; lock table a in access exclusive mode").simple();

    await expect(database.applyMigration(migrationOf('20260101000000', 'alter table a add column b int'), signal)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(/It waited for process \d+ \(postgres, the one in the way, idle in transaction, open for \d+ s\)/),
      data: expect.objectContaining({ sqlState: '55P03', blockers: [expect.objectContaining({ application: 'the one in the way' })] }),
      fix: expect.stringContaining('pg_terminate_backend('),
    });

    await holder.unsafe('rollback').simple();
    holder.release();
  }, 30_000);

  test('two runs of the same migrations at once apply each once', async () => {
    const other = postgresDatabase(url);
    const files = [1, 2, 3].map((step) => migrationOf(`2026010100000${step}`, `create table t${step} (id int)`));
    const run = async (each: Database) => {
      for (const file of files) await each.applyMigration(file, signal);
    };

    await Promise.all([run(database), run(other)]);

    expect(await database.appliedMigrations(signal)).toHaveLength(3);
    await other.close();
  });

  test('our schema is closed to the API’s roles and to everybody, even where new things are open to them by default', async () => {
    const grants = ['usage on schemas', 'all on tables', 'all on sequences'].map(
      (what) => `alter default privileges grant ${what} to anon, authenticated, service_role, public;`,
    );
    await sql.unsafe(grants.join('\n'));
    await database.appendRelease(recordOf('rel_1', 'staging', null), signal);

    const [rights] = await sql`select
      bool_or(has_schema_privilege(role, 'jv_staging', 'usage')) as schema,
      bool_or(has_table_privilege(role, 'jv_staging.releases', 'select, insert, update, delete')) as releases,
      bool_or(has_table_privilege(role, 'jv_staging.migration_checksums', 'select, insert, update, delete')) as checksums,
      count(*)::int as looked_at from unnest(array['anon', 'authenticated', 'service_role']) as role`;
    const tables =
      await sql`select relname, relrowsecurity from pg_class where relnamespace = 'jv_staging'::regnamespace and relkind = 'r' order by relname`;

    expect(rights).toEqual({ schema: false, releases: false, checksums: false, looked_at: 3 });
    expect([...tables]).toEqual([
      { relname: 'leases', relrowsecurity: true },
      { relname: 'migration_checksums', relrowsecurity: true },
      { relname: 'migration_proofs', relrowsecurity: true },
      { relname: 'migrations_dirty', relrowsecurity: true },
      { relname: 'notices', relrowsecurity: true },
      { relname: 'releases', relrowsecurity: true },
    ]);
    expect(await database.tableProtection(signal)).toEqual([]);
  });

  test('a record that was damaged by hand is said, not skipped', async () => {
    await database.appendRelease(recordOf('rel_1', 'staging', null), signal);
    await sql`update jv_staging.releases set record = record - 'gitSha'`;

    await expect(database.releases('staging', signal)).rejects.toMatchObject({
      kind: 'missing',
      code: 'RELEASE_DAMAGED',
      message: expect.stringContaining('gitSha'),
    });
  });

  test.each([
    ['nobody listens', async () => `postgresql://postgres:canary-pw@127.0.0.1:${await freePort()}/app`, 'DATABASE_UNREACHABLE', 'vendor'],
    ['the password is wrong', async () => url.replace('postgres:postgres@', 'postgres:canary-pw@'), 'DATABASE_PASSWORD_REFUSED', 'missing'],
    ['the server speaks no TLS', async () => `${url}?sslmode=require`, 'DATABASE_TLS_REFUSED', 'vendor'],
    [
      'the database does not exist',
      async () => `${url}_not`.replace('postgres:postgres@', 'postgres:postgres@'),
      'DATABASE_QUERY_FAILED',
      'vendor',
    ],
  ])('when %s the error says so, without the password', async (_name, address, code, kind) => {
    const broken = postgresDatabase(await address());

    const error = await broken.ping(signal).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code, kind });
    expect(String(error)).not.toContain('canary-pw');
    await broken.close();
  });
});
