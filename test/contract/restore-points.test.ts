import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dumpPoints, type DumpPointsOptions } from '../../src/adapters/restore/dump-points.ts';
import { postgresPrograms } from '../../src/adapters/restore/postgres-programs.ts';
import { postgresFolders } from '../../src/adapters/system/postgres-folders.ts';
import { postgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { managementApi } from '../../src/adapters/supabase/supabase-api.ts';
import { supabaseRestorePoints } from '../../src/adapters/supabase/supabase-restore-points.ts';
import { findProgram } from '../../src/adapters/system/toolbox.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { connectionUrl } from '../../src/local/supabase/connections.ts';
import { type LoopbackServer, serveLoopback } from '../../src/local/loopback.ts';
import { fakeProgram } from '../support/fake-program.ts';
import { freePort } from '../support/free-port.ts';
import { migrateUp } from '../support/migrations.ts';
import { requires } from '../support/requires.ts';
import { startTestManagement, type TestManagement } from '../support/supabase-management.ts';
import { recordOf } from './database.contract.ts';

const none = new AbortController().signal;
const folders = postgresFolders((process.env['PATH'] ?? '').split(':'), undefined);
const environment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
const stateKey = 'k'.repeat(43);
const it = requires('postgres-client');

let cloud: TestManagement;
let ref: string;
let url: string;
let sql: Sql;
let root: string;
let dir: string;
let count = 0;

beforeAll(async () => {
  cloud = await startTestManagement({ projectChangeMs: 50 });
  ref = await cloud.project('staging');
  const { addresses, password } = await cloud.credentials(ref);
  const { host, port, user, database } = addresses.direct;
  expect({ host, database }).toEqual({ host: '127.0.0.1', database: ref });
  url = connectionUrl(user, password, port, ref);
  sql = postgres(url, { max: 1, onnotice: () => undefined });
  root = await mkdtemp(join(tmpdir(), 'jv-restore-'));
});

afterAll(async () => {
  await sql.end();
  await rm(root, { recursive: true, force: true });
  await cloud.remove();
});

/** JetVision's schema with rows, what migrations of real projects add to it, and the ledger. */
beforeEach(async () => {
  count += 1;
  dir = join(root, String(count));
  await sql.unsafe(`drop schema if exists supabase_migrations cascade; drop schema if exists jv_staging cascade; drop schema if exists later cascade;
    drop schema if exists billing cascade;`);
  await sql.unsafe(`do $$ declare statement text; begin
    for statement in select format('drop table %I.%I cascade', schemaname, tablename) from pg_tables where schemaname = 'public' loop execute statement; end loop;
    for statement in select format('drop routine %s cascade', oid::regprocedure) from pg_proc where pronamespace = 'public'::regnamespace loop execute statement; end loop;
    for statement in select format('drop type %s cascade', oid::regtype) from pg_type where typnamespace = 'public'::regnamespace and typtype in ('e', 'd') loop execute statement; end loop;
  end $$`);
  await migrateUp(sql);
  await sql.unsafe(`
    insert into users (email, full_name) select 'agent' || n || '@staging.test', 'Agent ' || n from generate_series(1, 500) n;
    create type mood as enum ('calm', 'busy');
    create domain code as text check (value ~ '^[A-Z]{4}$');
    create table notes (id bigint generated always as identity primary key, word text, mood mood default 'calm', at code,
      data bytea, doc jsonb, body text);
    insert into notes (word, mood, at, data, doc, body) select 'w' || n, 'busy', 'KTEB', decode(md5(n::text), 'hex'),
      jsonb_build_object('n', n, 'text', E'line\\nfeed \\\\. tab\\t'), repeat('x', n) from generate_series(1, 200) n;
    create view busy as select * from notes where mood = 'busy';
    create materialized view words as select count(*) as words from notes;
    create schema billing; create table billing.bills (id int primary key, note bigint references notes);
    insert into billing.bills values (1, 1);
    create function new_user() returns trigger language plpgsql as $$ begin return new; end $$;
    alter default privileges grant select on tables to anon; alter default privileges revoke execute on functions from public;
    create schema supabase_migrations;
    create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
    insert into supabase_migrations.schema_migrations values ('20251020000000', '{}', 'users')`);
});

const options = (changed: Partial<DumpPointsOptions> = {}): DumpPointsOptions => ({
  dir,
  keep: 2,
  stateKeys: () => [stateKey],
  url: () => url,
  programs: (of) => postgresPrograms(of, { folders, environment }),
  environment: 'staging',
  database: () => ref,
  clock: systemClock,
  ...changed,
});

/** Everything that our schemas hold, by a witness of its own: Postgres's dump as text, schema and rows; and who publishes what. */
async function everything(): Promise<string> {
  const program = findProgram(['pg_dump'], folders) ?? 'pg_dump';
  const { username, password, port } = new URL(url);
  const env = {
    ...environment,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGPORT: port,
    PGHOST: '127.0.0.1',
    PGDATABASE: ref,
  };
  const text = execFileSync(program, ['--schema=public', '--schema=billing', '--schema=supabase_migrations', '--schema=later'], {
    env,
    encoding: 'utf8',
  });
  const published = await sql`select * from pg_publication_tables order by 1, 2, 3`;
  const defaults =
    await sql`select n.nspname, d.defaclobjtype, x.* from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace,
    aclexplode(d.defaclacl) x order by n.nspname, d.defaclobjtype, x.grantor, x.grantee, x.privilege_type`;
  const lines = text.split('\n').filter((line) => !/^\\(?:un)?restrict /.test(line));
  return `${lines.join('\n')}\n${JSON.stringify([published, defaults])}`;
}

const destroy = () =>
  sql.unsafe(`drop table notes cascade; delete from quotes; truncate users cascade; create table users_new (id int);
    alter table clients drop column email; drop type mood; create type mood as enum ('other'); create schema later; create table later.things (id int);
    drop schema billing cascade; insert into supabase_migrations.schema_migrations values ('20261101000000', '{}', 'destroy');
    alter publication supabase_realtime drop table flight_requests; create function later_on() returns int language sql as 'select 1'`);

describe('a dump as restore point', () => {
  it('brings schema, rows, ledger and publications back as they were, and nothing that came later stays', async () => {
    const before = await everything();
    const points = dumpPoints(options());
    const point = await points.take('not purely additive: contract.sql', none);
    await destroy();
    expect(await everything()).not.toBe(before);

    await points.restore(point.id, none);

    expect(await everything()).toBe(before);
    expect(before).toContain('agent500@staging.test');
    expect(before.length).toBeGreaterThan(50_000);
    expect(await sql`select 1 from pg_namespace where nspname = 'later'`).toHaveLength(0);
  });

  it('is done when pg_restore has ended well, though it left the end of the file unread', async () => {
    // What pg_restore does not wait for: more than a pipe holds, behind the last entry of the dump.
    const real = findProgram(['pg_dump'], folders) ?? '';
    const padded = join(root, 'padded');
    await fakeProgram(join(padded, 'pg_dump'), `'${real}' "$@" && head -c 4000000 /dev/zero`);
    const points = dumpPoints(options({ programs: (of) => postgresPrograms(of, { folders: [padded, ...folders], environment }) }));
    const before = await everything();

    const { id } = await points.take('before', none);
    await sql.unsafe('delete from billing.bills; delete from notes');
    await points.restore(id, none);

    expect(await everything()).toBe(before);
  });

  it('keeps the release history, which is not part of it', async () => {
    const database = postgresDatabase(url);
    await database.appendRelease(recordOf('rel_1', 'staging', null), none);
    const points = dumpPoints(options());
    const point = await points.take('test', none);
    await database.appendRelease(recordOf('rel_2', 'staging', 'rel_1'), none);

    await points.restore(point.id, none);

    expect((await database.releases('staging', none)).map(({ id }) => id)).toEqual(['rel_1', 'rel_2']);
    await database.close();
  });

  it('makes triggers and foreign keys elsewhere again that go with its schemas', async () => {
    await sql.unsafe(`create table extensions.keeps (id int primary key, note bigint references public.notes (id));
      create trigger kept after insert on extensions.keeps for each row execute function public.new_user();
      insert into extensions.keeps values (1, 7)`);
    const elsewhere = () => sql`select pg_get_triggerdef(oid) as is from pg_trigger where tgname = 'kept' union all
      select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'extensions.keeps'::regclass and contype = 'f'`;
    const before = await elsewhere();
    const points = dumpPoints(options());
    const point = await points.take('test', none);
    await destroy();

    await points.restore(point.id, none);

    expect(before).toHaveLength(2);
    expect(await elsewhere()).toEqual(before);
    await sql.unsafe('drop table extensions.keeps');
  });

  it('changes nothing when the restore breaks in its last statement', async () => {
    await sql.unsafe(`create table extensions.keeps (id int primary key);
      create trigger kept after insert on extensions.keeps for each row execute function public.new_user()`);
    const points = dumpPoints(options());
    const point = await points.take('test', none);
    await destroy();
    await sql.unsafe('drop table extensions.keeps');
    const before = await everything();

    const outcome = points.restore(point.id, none);

    await expect(outcome).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      exitCode: 4,
      message: expect.stringContaining('extensions.keeps'),
    });
    expect(await everything()).toBe(before);
  });

  it('refuses to be taken when a view elsewhere would be lost by a restore', async () => {
    await sql.unsafe('create view extensions.uses_users as select id from public.users');

    await expect(dumpPoints(options()).take('test', none)).rejects.toMatchObject({
      code: 'RESTORE_POINT_OUTSIDE',
      exitCode: 6,
      message: expect.stringContaining('extensions.uses_users'),
    });
    expect(await readdir(dir).catch(() => [])).toEqual([]);
    await sql.unsafe('drop view extensions.uses_users');
  });

  it('is sealed: no row, no password in its file, and neither another key nor a changed or cut file opens it', async () => {
    const points = dumpPoints(options());
    const { place, id, sizeBytes, reason } = await points.take('test', none);
    const bytes = await readFile(place);
    const before = await everything();
    const changed = Buffer.from(bytes);
    changed[changed.length - 40] = (changed.at(-40) ?? 0) ^ 1;

    expect({ reason, sizeBytes, text: bytes.includes('staging.test'), key: bytes.includes(stateKey) }).toEqual({
      reason: 'test',
      sizeBytes: bytes.length,
      text: false,
      key: false,
    });
    const sealed = { code: 'RESTORE_POINT_SEALED', exitCode: 3 };
    await expect(dumpPoints(options({ stateKeys: () => ['o'.repeat(43)] })).restore(id, none)).rejects.toMatchObject(sealed);
    await writeFile(place, changed);
    await expect(points.restore(id, none)).rejects.toMatchObject(sealed);
    await writeFile(place, Buffer.from(bytes.toString('latin1').replace('"reason":"test"', '"reason":"best"'), 'latin1'));
    await expect(points.restore(id, none)).rejects.toMatchObject(sealed);
    await writeFile(place, bytes);
    await truncate(place, bytes.length - 20);
    await expect(points.restore(id, none)).rejects.toMatchObject(sealed);
    expect(await everything()).toBe(before);
  });

  it('is sealed anew under another key, in place and whole; the former key restores it until then, and not afterwards', async () => {
    const before = await everything();
    const { id, place } = await dumpPoints(options()).take('test', none);
    const newKey = 'n'.repeat(43);
    const ring = dumpPoints(options({ stateKeys: () => [newKey, stateKey] }));
    await destroy();

    await ring.restore(id, none);
    const first = await ring.reseal(none);
    const text = await readFile(place);
    const again = await ring.reseal(none);

    expect([first, again]).toEqual([
      { sealed: 1, unopened: [] },
      { sealed: 1, unopened: [] },
    ]);
    expect(await readFile(place)).toEqual(text);
    await expect(dumpPoints(options()).reseal(none)).resolves.toEqual({ sealed: 0, unopened: [id] });
    await expect(dumpPoints(options()).restore(id, none)).rejects.toMatchObject({ code: 'RESTORE_POINT_SEALED' });
    await dumpPoints(options({ stateKeys: () => [newKey] })).restore(id, none);
    expect(await everything()).toBe(before);
    expect(await readdir(dir)).toHaveLength(1);
  });

  it('of another environment, another database, or into one that says it is production’s is refused', async () => {
    const points = dumpPoints(options());
    const point = await points.take('test', none);
    const another = { code: 'RESTORE_POINT_OF_ANOTHER', exitCode: 6 };

    await expect(dumpPoints(options({ environment: 'demo' })).restore(point.id, none)).rejects.toMatchObject(another);
    await expect(dumpPoints(options({ database: () => 'another' })).restore(point.id, none)).rejects.toMatchObject(another);
    await sql.unsafe(`create schema jv_staging; create table jv_staging.environment (name text primary key);
      insert into jv_staging.environment values ('production')`);
    await expect(points.restore(point.id, none)).rejects.toMatchObject({ ...another, message: expect.stringContaining('production') });
    await expect(points.restore('dump_0', none)).rejects.toMatchObject({ code: 'RESTORE_POINT_NOT_FOUND', exitCode: 3 });
  });

  it('is listed newest first, and the oldest go when there are too many', async () => {
    const points = dumpPoints(options());
    const taken = [await points.take('1', none), await points.take('2', none), await points.take('3', none)];

    const removed = await points.prune(none);

    expect(removed).toEqual([taken[0]?.id]);
    expect(await points.list([], none)).toEqual([taken[2], taken[1]]);
  });

  test('without Postgres’s client programs exits 3 with the command that mends it', async () => {
    const programs = () => postgresPrograms(url, { folders: ['/nowhere'], environment });

    await expect(dumpPoints(options({ programs })).take('test', none)).rejects.toMatchObject({
      code: 'POSTGRES_CLIENT_MISSING',
      exitCode: 3,
      fix: expect.stringContaining('apt-get install -y postgresql-client'),
    });
  });

  it('ends with its signal and leaves no half file', async () => {
    const stopping = new AbortController();
    const programs = (of: string) => {
      stopping.abort(new Error('interrupted'));
      return postgresPrograms(of, { folders, environment });
    };

    await expect(dumpPoints(options({ programs })).take('test', stopping.signal)).rejects.toThrow('interrupted');
    expect(await readdir(dir).catch(() => [])).toEqual([]);
  });
});

describe('a restore point of the platform', () => {
  let server: LoopbackServer;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    server = await serveLoopback(cloud.service.app, port, 'the Management API');
  });
  afterAll(() => server.stop());

  const open = () => {
    const api = managementApi({ accessToken: cloud.accessToken, localUrl: `http://127.0.0.1:${port}`, clock: systemClock });
    return { api, points: supabaseRestorePoints(api, { ref: () => ref, clock: systemClock }) };
  };

  it('takes the whole database back, and is listed by the name that a release record has', async () => {
    const { api, points } = open();
    const before = await everything();
    const point = await points.take('test', none);
    await destroy();

    await points.restore(point.id, none);

    expect(await everything()).toBe(before);
    expect(point).toMatchObject({ kind: 'platform', place: `Supabase project ${ref}`, id: expect.stringMatching(/^rp_.{17}$/) });
    expect(await points.list(['rp_00000000000000000', point.id, 'dump_1'], none)).toEqual([point]);
    await expect(points.restore('rp_00000000000000000', none)).rejects.toMatchObject({ code: 'RESTORE_POINT_NOT_FOUND', exitCode: 3 });
    await api.close();
  });
});
