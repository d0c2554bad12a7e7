import { randomBytes } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { postgresRehearsal } from '../../src/adapters/postgres/rehearsal/rehearsal.ts';
import { templateCopies } from '../../src/adapters/postgres/rehearsal/template-copies.ts';
import { type MigrationProof, proofFor, type ReversibleMigration } from '../../src/core/migrate/proof.ts';
import type { Database } from '../../src/core/ports/database.ts';
import { appMigrations } from '../support/migrations.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { migrationOf } from './database.contract.ts';

const { signal } = new AbortController();

let server: TestPostgres;
let admin: Sql;
let url: string;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  admin = postgres(server.url, { max: 1, onnotice: () => undefined });
}, 60_000);

afterAll(async () => {
  await admin.end();
  await server.remove();
});

beforeEach(async () => {
  const name = `test_${randomBytes(4).toString('hex')}`;
  await admin.unsafe(`create database ${name}`);
  await admin.unsafe(`alter database ${name} set search_path = public, elsewhere`);
  url = server.url.replace(/\/app$/, `/${name}`);
  database = postgresDatabase(url);
  return () => database.close();
});

/** Runs statements in the database, with nobody left connected. */
async function run(statements: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(statements);
  await sql.end();
}

function pair(step: number, up: string, down?: string): ReversibleMigration {
  const version = `2026010100000${step}`;
  return { up: migrationOf(version, up), down: down === undefined ? undefined : migrationOf(version, down) };
}

async function rehearse(...migrations: readonly ReversibleMigration[]): Promise<readonly MigrationProof[]> {
  const release = async () => {
    await database.close();
    database = postgresDatabase(url);
  };
  return postgresRehearsal(templateCopies(url, release)).rehearse(migrations, signal);
}

describe('a rehearsal on a copy that holds the rows', () => {
  test('proves what leads back and up again, and leaves the database and the server as they were', async () => {
    await run('create table t (id int primary key); insert into t select generate_series(1, 1000)');
    const before = await admin`select datname from pg_database order by 1`;

    const proofs = await rehearse(
      pair(1, 'create table n (id int); create function f() returns int language sql as $$ select 1 $$', 'drop function f(); drop table n'),
      pair(2, "alter table t add column note text not null default ''", 'alter table t drop column note'),
    );

    expect(proofs.map(({ version, reversible, reason }) => [version, reversible, reason])).toEqual([
      ['20260101000001', true, null],
      ['20260101000002', true, null],
    ]);
    expect(proofs[0]).toMatchObject({ locks: [], lockMs: 0, losses: [{ table: 'public.n', column: null }] });
    expect(proofs[1]).toMatchObject({
      losses: [{ table: 'public.t', column: 'note' }],
      locks: [{ table: 'public.t', mode: 'AccessExclusiveLock', heldMs: expect.any(Number) }],
    });
    expect(proofs[1]?.lockMs).toBeGreaterThan(0);
    expect(await database.appliedMigrations(signal)).toEqual([]);
    expect(await database.rowsAtStake([{ table: 'public.n', column: null }], signal)).toMatchObject([{ rows: null }]);
    expect(await admin`select datname from pg_database order by 1`).toEqual(before);
  });

  test.each([
    ['no script', 'create table n (id int)', undefined, 'it has no reverse script'],
    ['a script that fails', 'create table n (id int)', 'drop table m', 'its reverse script fails: 20260101000001_change.sql:1:1'],
    ['a script that is no SQL', 'create table n (id int)', 'drop tabel n', 'its reverse script fails'],
    [
      'a script that leaves something',
      'create table n (id int); create table o (id int)',
      'drop table n',
      'does not lead back: table public.o is extra with',
    ],
    ['a script that does nothing', 'create table if not exists n (id int)', 'select 1', 'does not lead back: table public.n is extra'],
    [
      'a script that leads elsewhere',
      'alter table t alter word set not null',
      'alter table t alter word drop not null, alter id set default 7',
      'default public.t.id is extra',
    ],
    [
      'values that do not come back',
      'update t set word = upper(word)',
      'update t set word = lower(word)',
      'public.t.word does not hold the values of before',
    ],
    [
      'a column that comes back empty',
      'alter table t drop column word',
      'alter table t add column word text',
      'public.t.word does not hold the values of before',
    ],
    [
      'an empty column',
      'alter table t drop column never',
      'alter table t add column never text',
      'it loses column public.t.never, and the copy holds nothing there',
    ],
    [
      'a file that fails on the rows',
      'alter table t add constraint few check (id < 2)',
      'alter table t drop constraint few',
      'it fails: 20260101000001_change.sql:1:1',
    ],
    ['a script that up again trips over', 'create role jv_left', 'select 1', 'does not lead back: role jv_left is extra'],
  ])('%s is not reversible, and the reason says why', async (_, up, down, reason) => {
    await run("create table t (id int, word text, never text); insert into t values (1, 'One'), (2, 'Two')");

    const [proof] = await rehearse(pair(1, up, down));
    await admin`drop role if exists jv_left`;

    expect(proof?.reversible).toBe(false);
    expect(proof?.reason).toContain(reason);
  });

  test('a rename, and rows that were moved and moved back, are reversible', async () => {
    await run("create table t (id int, word text); insert into t values (1, 'One'), (2, 'Two')");

    const proofs = await rehearse(
      pair(1, 'alter table t rename word to name', 'alter table t rename name to word'),
      pair(2, "update t set name = name || '!'", 'update t set name = left(name, -1)'),
    );

    expect(proofs.map(({ reason }) => reason)).toEqual([null, null]);
  });

  test('those that are applied already are taken down and up again, as far as each leads back', async () => {
    const migrations = [
      pair(1, 'create table a (id int)', 'drop table a'),
      pair(2, 'create table b (id int)'),
      pair(3, 'create table c (id int)', 'drop table c'),
      pair(4, 'create table if not exists d (id int)', 'select 1'),
      pair(5, 'create table e (id int)', 'drop table e'),
    ];
    for (const { up } of migrations.slice(0, 4)) await database.applyMigration(up, signal);

    const proofs = await rehearse(...migrations);

    expect(proofs.map(({ reason }) => reason)).toEqual([
      'it cannot be reached on the copy, for 20260101000002_change.sql after it cannot be taken back',
      'it has no reverse script',
      null,
      'its reverse script changes nothing',
      null,
    ]);
    expect(await database.appliedMigrations(signal)).toHaveLength(4);
  });

  test('all migrations of the sample app are reversible', async () => {
    await run(`create schema auth; create function auth.jwt() returns jsonb language sql as $$ select '{}'::jsonb $$;
      create function auth.uid() returns uuid language sql as $$ select null::uuid $$; create publication supabase_realtime;`);
    const files = (await appMigrations()).map(({ up, down }, index) => pair(index, up, down));

    const pending = await rehearse(...files);
    for (const { up } of files) await database.applyMigration(up, signal);
    const applied = await rehearse(...files);

    for (const proofs of [pending, applied]) {
      expect(proofs).toHaveLength(files.length);
      expect(proofs.filter(({ reversible }) => !reversible)).toEqual([]);
    }
  });

  test('a database that somebody uses is not copied, and the message names who', async () => {
    const other = postgres(url, { max: 1, connection: { application_name: 'the app' } });
    await other`select 1`;

    await expect(rehearse(pair(1, 'select 1', 'select 1'))).rejects.toMatchObject({
      kind: 'missing',
      code: 'SCRATCH_SOURCE_BUSY',
      message: expect.stringMatching(/process \d+ \(the app\)/),
    });
    await other.end();
  });

  test('a role that may not create databases is told so', async () => {
    await admin.unsafe("create role small login password 'canary-pw'");
    const small = url.replace('postgres:postgres@', 'small:canary-pw@');

    const error = await postgresRehearsal(templateCopies(small, async () => undefined))
      .rehearse([pair(1, 'select 1', 'select 1')], signal)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ kind: 'missing', code: 'SCRATCH_NOT_ALLOWED' });
    expect(String(error)).not.toContain('canary-pw');
  });
});

describe('proofs', () => {
  test('are kept by both checksums, and one of other files says nothing', async () => {
    const migration = pair(1, 'create table n (id int)', 'drop table n');
    const edited = pair(1, 'create table n (id int)', 'drop table if exists n');
    const [proof] = await rehearse(migration);
    const kept = proof === undefined ? [] : [proof];

    expect(await database.proofs(signal)).toEqual([]);
    await database.keepProofs(kept, signal);
    await database.keepProofs(kept, signal);

    const stored = await database.proofs(signal);
    expect(stored).toEqual(kept);
    expect(proofFor(stored, migration)).toEqual(proof);
    expect(proofFor(stored, edited)).toBeUndefined();
    expect(proofFor(stored, { up: migration.up, down: undefined })).toBeUndefined();
  });
});

describe('a reverse script', () => {
  const up = (step: number) => migrationOf(`2026010100000${step}`, `create table t${step} (id int)`);
  const down = (step: number, sql = `drop table t${step}`) => migrationOf(`2026010100000${step}`, sql);
  const applied = async () => (await database.appliedMigrations(signal)).map(({ version }) => version.at(-1));

  test('takes the newest migration and its row of the ledger away, once', async () => {
    for (const step of [1, 2]) await database.applyMigration(up(step), signal);

    await database.reverseMigration(down(2), signal);
    await database.reverseMigration(down(2), signal);

    expect(await applied()).toEqual(['1']);
    expect((await database.tableProtection(signal)).map(({ table }) => table)).toEqual(['t1']);
    await database.applyMigration(up(2), signal);
    expect(await applied()).toEqual(['1', '2']);
  });

  test('that fails leaves table and ledger, and says where', async () => {
    await database.applyMigration(up(1), signal);

    await expect(database.reverseMigration(down(1, 'drop table t1;\ndrop table nope'), signal)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('20260101000001_change.sql:2:1'),
    });

    expect(await applied()).toEqual(['1']);
    expect(await database.tableProtection(signal)).toHaveLength(1);
  });

  test('of an older migration is refused: later ones build on it', async () => {
    for (const step of [1, 2]) await database.applyMigration(up(step), signal);

    await expect(database.reverseMigration(down(1), signal)).rejects.toMatchObject({
      kind: 'refused',
      code: 'MIGRATION_NOT_NEWEST',
      fix: expect.stringContaining('`jv-staging migrate down`'),
    });
    expect(await applied()).toEqual(['1', '2']);
  });
});

describe('a file outside of a transaction', () => {
  const file = (sql: string) => migrationOf('20260101000001', `-- jv:no-transaction\n${sql}`);

  test('is run statement by statement, and recorded once it is whole', async () => {
    await run('create table t (id int)');

    await database.applyMigration(file('create index concurrently t_id on t (id);\nvacuum t;'), signal);

    expect(await database.appliedMigrations(signal)).toHaveLength(1);
    expect(await database.dirtyMigrations(signal)).toEqual([]);
    expect(await database.invalidIndexes(signal)).toEqual([]);
  });

  test('without the first line it is red as Postgres says it', async () => {
    await run('create table t (id int)');

    await expect(
      database.applyMigration(migrationOf('20260101000001', 'create index concurrently t_id on t (id)'), signal),
    ).rejects.toMatchObject({ code: 'MIGRATION_FAILED', data: expect.objectContaining({ sqlState: '25001' }) });
  });

  test('that breaks half way is dirty: said with the index it left, refused again, and run again only on demand', async () => {
    await run('create table t (id int); insert into t values (1), (1)');
    const broken = file(
      'create table if not exists u (id int);\ncreate unique index concurrently if not exists t_id on t (id);\nselect 1;',
    );

    const error = await database.applyMigration(broken, signal).catch((thrown: unknown) => thrown);
    const dirty = await database.dirtyMigrations(signal);

    expect(error).toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('20260101000001_change.sql:3:1'),
      fix: expect.stringMatching(/1 of its 3 statements stand.*Invalid now: public\.t_id.*--retry 20260101000001/),
    });
    expect(dirty).toMatchObject([
      { version: '20260101000001', done: 1, of: 3, error: expect.stringContaining('could not create unique index') },
    ]);
    expect(await database.invalidIndexes(signal)).toEqual(['public.t_id']);
    expect(await database.appliedMigrations(signal)).toEqual([]);
    await expect(database.applyMigration(broken, signal)).rejects.toMatchObject({ kind: 'red', code: 'MIGRATION_DIRTY' });

    await run('drop index t_id');
    await run('delete from t');
    await database.applyMigration(broken, signal, { retryDirty: true });
    expect(await database.appliedMigrations(signal)).toHaveLength(1);
    expect(await database.dirtyMigrations(signal)).toEqual([]);
  });

  test('whose run is cut off is dirty, too', async () => {
    const controller = new AbortController();
    const running = database
      .applyMigration(file('create table u (id int);\nselect pg_sleep(30)'), controller.signal)
      .catch((thrown: unknown) => thrown);
    await expect.poll(async () => (await database.dirtyMigrations(signal))[0]?.done, { timeout: 10_000 }).toBe(1);
    controller.abort(new Error('stopped by the user'));
    await running;

    await expect(database.applyMigration(file('create table u (id int);\nselect pg_sleep(30)'), signal)).rejects.toMatchObject({
      code: 'MIGRATION_DIRTY',
      message: expect.stringContaining('1 of its 2 statements stand, then the run ended'),
    });
  });
});
