import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { managementApi } from '../../src/adapters/supabase/supabase-api.ts';
import { serveLoopback } from '../../src/local/loopback.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requires.ts';
import { startTestManagement, type TestManagement } from '../support/supabase-management.ts';

let cloud: TestManagement;
let ref: string;

beforeAll(async () => {
  cloud = await startTestManagement({ projectChangeMs: 200, projectLimit: 4 });
  ref = await cloud.project('staging');
});

afterAll(() => cloud.remove());

const path = (rest: string, of = ref) => `/v1/projects/${of}${rest}`;

async function login(
  of: string,
  url: (who: Awaited<ReturnType<TestManagement['credentials']>>) => { host: string; port: number; database: string; user: string } | null,
) {
  const who = await cloud.credentials(of);
  const address = url(who);
  if (address === null) throw new Error('There is no such address.');
  const { host, port, database, user } = address;
  return postgres({ host, port, database, user, password: who.password, max: 1, prepare: false, onnotice: () => undefined });
}

describe('Organisations and projects', () => {
  it('creates organisations, and projects in them', async () => {
    const created = await cloud.done('POST', '/v1/organizations', { name: 'Second' });
    const slug = String(Object(created).slug);
    const project = await cloud.done('POST', '/v1/projects', { name: 'theirs', db_pass: 'geheim', organization_slug: slug });
    await cloud.until(String(Object(project).ref), 'ACTIVE_HEALTHY');

    expect(await cloud.done('GET', '/v1/organizations')).toContainEqual({ id: slug, slug, name: 'Second' });
    expect(await cloud.done('GET', `/v1/organizations/${slug}`)).toMatchObject({ id: slug, name: 'Second' });
    expect(await cloud.done('GET', `/v1/organizations/${slug}/members`)).toHaveLength(1);
    expect(await cloud.done('GET', `/v1/organizations/${slug}/projects`)).toMatchObject({
      projects: [{ name: 'theirs', is_branch: false }],
      pagination: { count: 1 },
    });
    expect(await cloud.done('GET', `/v1/projects/available-regions?organization_slug=${slug}`)).toMatchObject({
      all: { specific: expect.any(Array) },
    });
    await cloud.done('DELETE', `/v1/projects/${String(Object(project).ref)}`);
  });

  it('renames, pauses and restores a project: paused, nothing of it answers; restored, its rows are there', async () => {
    const other = await cloud.project('pausing');
    await cloud.query(other, `create table kept (word text); insert into kept values ('stays')`);
    expect(await cloud.done('PATCH', path('', other), { name: 'renamed' })).toMatchObject({ name: 'renamed' });
    await cloud.done('POST', path('/pause', other));
    await cloud.until(other, 'INACTIVE');
    const { addresses } = await cloud.credentials(other);
    const sql = await login(other, (who) => who.addresses.direct);

    await expect(sql`select 1`).rejects.toMatchObject({ code: '55000' });
    await expect(fetch(`${addresses.url}/auth/v1/health`)).rejects.toThrow();
    expect(await cloud.api('POST', path('/pause', other))).toMatchObject({ status: 400 });
    expect(await cloud.api('POST', path('/database/query', other), { query: 'select 1' })).toMatchObject({ status: 400 });
    expect(await cloud.done('GET', path('/health?services=db', other))).toEqual([expect.objectContaining({ healthy: false })]);

    await cloud.done('POST', path('/restore', other));
    await cloud.until(other, 'ACTIVE_HEALTHY');
    expect(await cloud.query(other, 'select * from kept')).toEqual([{ word: 'stays' }]);
    await sql.end();
    await cloud.done('DELETE', path('', other));
  });

  it('refuses a project beyond the limit', async () => {
    const body = (name: string) => ({ name, db_pass: 'geheim', organization_slug: cloud.service.organization });
    const made = [];
    for (const name of ['a', 'b', 'c']) made.push(String(Object(await cloud.done('POST', '/v1/projects', body(name))).ref));
    const refused = await cloud.api('POST', '/v1/projects', body('d'));
    for (const one of made) await cloud.done('DELETE', path('', one));

    expect(refused).toMatchObject({ status: 400, body: { message: expect.stringContaining('maximum limits') } });
  });
});

describe('Keys', () => {
  it('creates keys that open the gateway, and deletes them so that they do not', async () => {
    const { addresses } = await cloud.credentials(ref);
    const created = Object(
      await cloud.done('POST', path('/api-keys?reveal=true'), { type: 'secret', name: 'worker', description: 'for jobs' }),
    );
    const statusOf = async () =>
      (
        await fetch(`${addresses.url}/auth/v1/admin/users`, {
          headers: { apikey: created.api_key, authorization: `Bearer ${created.api_key}` },
        })
      ).status;
    const before = await statusOf();
    const changed = await cloud.done('PATCH', path(`/api-keys/${created.id}`), { name: 'renamed' });
    const twice = await cloud.api('POST', path('/api-keys'), { type: 'secret', name: 'renamed' });
    await cloud.done('DELETE', path(`/api-keys/${created.id}`));
    const after = await statusOf();

    expect(created).toMatchObject({ type: 'secret', api_key: expect.stringMatching(/^sb_secret_/), description: 'for jobs' });
    expect(changed).toMatchObject({ name: 'renamed', api_key: expect.stringContaining('·') });
    expect(twice.status).toBe(409);
    expect([before, after]).toEqual([200, 401]);
    expect((await cloud.api('GET', path(`/api-keys/${created.id}`))).status).toBe(404);
  });

  it('switches the legacy keys off and on again', async () => {
    const { addresses, anonKey } = await cloud.credentials(ref);
    const health = async () => (await fetch(`${addresses.url}/auth/v1/health`, { headers: { apikey: anonKey } })).status;
    expect(await cloud.done('PUT', path('/api-keys/legacy?enabled=false'))).toEqual({ enabled: false });
    const off = await health();
    const listed = await cloud.done('GET', path('/api-keys'));
    expect(await cloud.done('GET', path('/api-keys/legacy'))).toEqual({ enabled: false });
    await cloud.done('PUT', path('/api-keys/legacy?enabled=true'));

    expect([off, await health()]).toEqual([401, 200]);
    expect(listed).not.toContainEqual(expect.objectContaining({ type: 'legacy' }));
  });
});

describe('Settings', () => {
  requires('pgbouncer')('binds the pool size of the pooler', async () => {
    expect(await cloud.done('PATCH', path('/config/database/pooler'), { default_pool_size: 2 })).toEqual({
      default_pool_size: 2,
      pool_mode: 'transaction',
    });
    expect(await cloud.done('GET', path('/config/database/pooler'))).toEqual([expect.objectContaining({ default_pool_size: 2 })]);
    const clients = await Promise.all(Array.from({ length: 6 }, () => login(ref, (who) => who.addresses.pooler)));
    const backends = async () => {
      const rows = await Promise.all(clients.map(async (sql) => await sql`select pg_backend_pid() as pid, pg_sleep(0.2)`));
      return new Set(rows.map((row) => String(row[0]?.['pid']))).size;
    };
    const two = await backends();
    await cloud.done('PATCH', path('/config/database/pooler'), { default_pool_size: 15 });
    await expect.poll(backends, { timeout: 20_000 }).toBe(6);
    await Promise.all(clients.map((sql) => sql.end()));

    expect(two).toBe(2);
  });

  it('applies to the database what a database can have for itself, and keeps the rest', async () => {
    const wanted = { work_mem: '9MB', statement_timeout: '45s', max_connections: 80 };
    const before = await cloud.query(ref, 'show work_mem');
    expect(await cloud.done('PUT', path('/config/database/postgres'), wanted)).toEqual(wanted);
    const applied = await cloud.query(ref, "select current_setting('work_mem') as mem, current_setting('statement_timeout') as timeout");
    const nonsense = await cloud.api('PUT', path('/config/database/postgres'), { work_mem: 'much' });
    expect(await cloud.done('GET', path('/config/database/postgres'))).toEqual(wanted);
    await cloud.done('PUT', path('/config/database/postgres'), {});

    expect(applied).toEqual([{ mem: '9MB', timeout: '45s' }]);
    expect(nonsense).toMatchObject({ status: 400, body: { message: expect.stringContaining('work_mem') } });
    expect(await cloud.query(ref, 'show work_mem')).toEqual(before);
    expect(await cloud.query(ref, 'show search_path')).toEqual([{ search_path: '"$user", public, extensions' }]);
  });

  it('follows the settings of Auth that it can, and keeps the others', async () => {
    const client = await cloud.client(ref, 'anon');
    const changed = await cloud.done('PATCH', path('/config/auth'), {
      disable_signup: true,
      password_min_length: 10,
      site_url: 'https://staging.test',
    });
    const refused = await client.auth.signUp({ email: 'shut@staging.test', password: 'geheim-geheim' });
    await cloud.done('PATCH', path('/config/auth'), { disable_signup: false, mailer_autoconfirm: false });
    const short = await client.auth.signUp({ email: 'short@staging.test', password: 'geheim1' });
    const waiting = await client.auth.signUp({ email: 'waiting@staging.test', password: 'geheim-geheim' });
    await cloud.done('PATCH', path('/config/auth'), { mailer_autoconfirm: true, password_min_length: 6, jwt_exp: 120 });
    const quick = await client.auth.signUp({ email: 'quick@staging.test', password: 'geheim1' });
    await cloud.done('PATCH', path('/config/auth'), { jwt_exp: 3600 });

    expect(changed).toMatchObject({
      disable_signup: true,
      site_url: 'https://staging.test',
      external_google_enabled: false,
      smtp_host: null,
    });
    expect(Object.keys(Object(changed))).toHaveLength(237);
    expect(refused.error).toMatchObject({ code: 'signup_disabled' });
    expect(short.error).toMatchObject({ code: 'weak_password' });
    expect(waiting).toMatchObject({ error: null, data: { session: null, user: { email: 'waiting@staging.test' } } });
    expect(quick.data.session?.expires_in).toBe(120);
    expect(await cloud.api('PATCH', path('/config/auth'), { no_such_setting: 1 })).toMatchObject({ status: 400 });
    expect(await cloud.api('PATCH', path('/config/auth'), { jwt_exp: 'long' })).toMatchObject({ status: 400 });
  });

  it('keeps network restrictions, TLS enforcement and what belongs to REST and Realtime', async () => {
    const restricted = await cloud.done('POST', path('/network-restrictions/apply'), { dbAllowedCidrs: ['10.0.0.0/8'] });
    const patched = await cloud.done('PATCH', path('/network-restrictions'), {
      add: { dbAllowedCidrs: ['192.0.2.0/24'] },
      remove: { dbAllowedCidrs: ['10.0.0.0/8'] },
    });
    const nonsense = await cloud.api('POST', path('/network-restrictions/apply'), { dbAllowedCidrs: ['everywhere'] });
    const enforced = await cloud.done('PUT', path('/ssl-enforcement'), { requestedConfig: { database: true } });
    await cloud.done('PATCH', path('/postgrest'), { max_rows: 50 });
    await cloud.done('PATCH', path('/config/realtime'), { max_joins_per_second: 7 });

    expect(restricted).toMatchObject({ config: { dbAllowedCidrs: ['10.0.0.0/8'] }, status: 'stored' });
    expect(patched).toMatchObject({ config: { dbAllowedCidrs: [{ address: '192.0.2.0/24', type: 'v4' }] } });
    expect(nonsense.status).toBe(400);
    expect(enforced).toEqual({ currentConfig: { database: true }, appliedSuccessfully: false });
    expect(await cloud.done('GET', path('/ssl-enforcement'))).toMatchObject({ currentConfig: { database: true } });
    expect(await cloud.done('GET', path('/postgrest'))).toMatchObject({ max_rows: 50, db_schema: 'public,graphql_public' });
    expect(await cloud.done('GET', path('/config/realtime'))).toMatchObject({ max_joins_per_second: 7, presence_enabled: true });
  });
});

describe('SQL', () => {
  it('gives values as postgres-meta does, and lets a read-only query write nothing', async () => {
    const values = await cloud.query(
      ref,
      `select '2026-01-02 03:04:05+00'::timestamptz as at, '2026-01-02'::date as day, 9007199254740991 as safe,
      9007199254740993 as large, 1.50 as price, array[1,2] as list, '{"a":1}'::jsonb as json, null as nothing`,
    );
    const sneaked = await cloud.api('POST', path('/database/query/read-only'), {
      query: 'set default_transaction_read_only = off; create table sneaked ()',
    });
    const bound = await cloud.done('POST', path('/database/query'), { query: 'select $1::int + $2::int as sum', parameters: [2, 3] });

    expect(values).toEqual([
      {
        at: '2026-01-02 03:04:05+00',
        day: '2026-01-02',
        safe: 9007199254740991,
        large: '9007199254740993',
        price: '1.50',
        list: [1, 2],
        json: { a: 1 },
        nothing: null,
      },
    ]);
    expect(sneaked).toMatchObject({ status: 400, body: { message: expect.stringMatching(/42501|25006/) } });
    expect(bound).toEqual([{ sum: 5 }]);
  });

  it('keeps the history of migrations: applied once for a key, recorded alone, rolled back', async () => {
    const migration = { query: 'create table planes (id int primary key)', name: 'planes', rollback: 'drop table planes' };
    await cloud.done('POST', path('/database/migrations'), migration);
    await cloud.done('PUT', path('/database/migrations'), { query: 'create table elsewhere ()', name: 'recorded', rollback: 'select 1' });
    const listed = await cloud.done('GET', path('/database/migrations'));
    const [first, second] = Array.isArray(listed) ? listed : [];
    const failing = await cloud.api('POST', path('/database/migrations'), { query: 'create table half (); select broken', name: 'half' });

    expect(listed).toEqual([
      { version: expect.stringMatching(/^\d{14}$/), name: 'planes' },
      { version: expect.stringMatching(/^\d{14}$/), name: 'recorded' },
    ]);
    expect(await cloud.done('GET', path(`/database/migrations/${Object(first).version}`))).toMatchObject({
      name: 'planes',
      statements: [migration.query],
      rollback: ['drop table planes'],
    });
    expect(await cloud.query(ref, `select to_regclass('planes') is null as planes, to_regclass('elsewhere') is null as elsewhere`)).toEqual(
      [{ planes: false, elsewhere: true }],
    );
    expect(failing.status).toBe(400);
    expect(await cloud.query(ref, `select to_regclass('half') as half`)).toEqual([{ half: null }]);

    await cloud.done('PATCH', path(`/database/migrations/${Object(second).version}`), { name: 'renamed' });
    await cloud.done('DELETE', path(`/database/migrations?gte=${Object(first).version}`));
    expect(await cloud.done('GET', path('/database/migrations'))).toEqual([]);
    expect(await cloud.query(ref, `select to_regclass('planes') as planes`)).toEqual([{ planes: null }]);
  });

  it('generates types with the vendor’s own generator', async () => {
    await cloud.query(
      ref,
      `create type cabin as enum ('light', 'heavy');
      create table jets (id bigint generated always as identity primary key, tail text not null unique, kind cabin, seats int default 8)`,
    );
    const { types } = Object(await cloud.done('GET', path('/types/typescript?included_schemas=public')));
    await cloud.query(ref, 'drop table jets; drop type cabin');

    expect(types).toContain('export type Database = {');
    expect(types).toMatch(/jets: \{\s+Row: \{\s+id: number;?\s+kind: Database\["public"\]\["Enums"\]\["cabin"\] \| null/);
    expect(types).toContain('cabin: "light" | "heavy"');
  });

  it('lends a login for a while, and changes the owner’s password', async () => {
    const other = await cloud.project('lending');
    const lent = Object(await cloud.done('POST', path('/cli/login-role', other), { read_only: false }));
    const reading = Object(await cloud.done('POST', path('/cli/login-role', other), { read_only: true }));
    const { addresses } = await cloud.credentials(other);
    const as = (who: { role: string; password: string }) =>
      postgres({ ...addresses.direct, user: who.role, password: who.password, max: 1, onnotice: () => undefined });
    const [owner, reader] = [as(lent), as(reading)];
    await owner`create table lent (id int)`;
    await expect(reader`insert into lent values (1)`).rejects.toMatchObject({ code: expect.stringMatching(/25006|42501/) });
    expect(await reader`select * from lent`).toHaveLength(0);
    const abroad = postgres({ ...addresses.direct, database: ref, user: lent.role, password: lent.password, max: 1 });
    await expect(abroad`select 1`).rejects.toMatchObject({ code: '42501' });
    await Promise.all([owner, reader, abroad].map((sql) => sql.end()));
    await cloud.done('DELETE', path('/cli/login-role', other));
    await expect(as(lent)`select 1`).rejects.toMatchObject({ code: '28P01' });

    await cloud.done('PATCH', path('/database/password', other), { password: 'another one' });
    const sql = await login(other, (who) => who.addresses.direct);
    expect((await cloud.credentials(other)).password).toBe('another one');
    expect(await sql`select current_user as who`).toEqual([{ who: 'postgres' }]);
    await sql.end();
    await cloud.done('DELETE', path('', other));
  });
});

describe('Backups', () => {
  it('takes a database back to a restore point, with what came before and without what came after', async () => {
    const other = await cloud.project('backed-up');
    const word = randomBytes(6).toString('hex');
    await cloud.query(
      other,
      `create table notes (word text); alter table notes enable row level security; insert into notes values ('${word}')`,
    );
    const client = await cloud.client(other, 'service_role');
    expect((await client.from('notes').select()).data).toEqual([{ word }]);
    const point = await cloud.done('POST', path('/database/backups/restore-point', other), { name: 'before' });
    await cloud.query(other, `delete from notes; insert into notes values ('later'); create table later ()`);
    const backups = await cloud.done('GET', path('/database/backups', other));
    await cloud.done('PUT', path('/config/database/postgres', other), { work_mem: '7MB' });
    await cloud.done('POST', path('/database/backups/undo', other), { name: 'before' });
    await cloud.until(other, 'ACTIVE_HEALTHY');

    expect(point).toEqual({ name: 'before', status: 'AVAILABLE', completed_on: expect.any(String) });
    expect(backups).toMatchObject({ backups: [{ id: 1, status: 'COMPLETED', is_physical_backup: true }], pitr_enabled: false });
    expect(await cloud.query(other, 'select * from notes')).toEqual([{ word }]);
    expect(await cloud.query(other, `select to_regclass('later') as later, current_setting('work_mem') as mem`)).toEqual([
      { later: null, mem: '7MB' },
    ]);
    expect((await client.from('notes').select()).data).toEqual([{ word }]);
    expect(await cloud.api('POST', path('/database/backups/undo', other), { name: 'nowhere' })).toMatchObject({ status: 404 });
    expect(await cloud.api('POST', path('/database/backups/restore-pitr', other), { recovery_time_target_unix: 1 })).toMatchObject({
      status: 400,
    });
    const stranger = await login(ref, (who) => ({ ...who.addresses.direct, database: other }));
    await expect(stranger`select 1`).rejects.toMatchObject({ code: '42501' });
    await stranger.end();
    await cloud.done('DELETE', path('', other));
    expect(await cloud.query(ref, `select datname from pg_database where datname like '${other}%'`)).toEqual([]);
  });

  it('makes a restore point while clients work: none of the gateway’s requests fails', async () => {
    const other = await cloud.project('busy');
    await cloud.query(other, 'create table ticks (id bigint generated always as identity primary key, word text)');
    const client = await cloud.client(other, 'service_role');
    await client.from('ticks').insert({ word: 'tick' });
    let working = true;
    const statuses: number[] = [];
    const work = (async () => {
      while (working) statuses.push((await client.from('ticks').insert({ word: 'tick' })).status);
    })();
    await cloud.done('POST', path('/database/backups/restore-point', other), { name: 'busy' });
    working = false;
    await work;
    await cloud.done('DELETE', path('', other));

    expect(statuses.length).toBeGreaterThan(0);
    expect([...new Set(statuses)]).toEqual([201]);
  });
});

describe('Branches', () => {
  it('makes a branch with the parent’s migrations, without its rows, and merges what the branch adds', async () => {
    const other = await cloud.project('branching');
    await cloud.done('POST', path('/database/migrations', other), { query: 'create table fleet (tail text)', name: 'fleet' });
    await cloud.query(other, `insert into fleet values ('N1')`);
    const created = Object(await cloud.done('POST', path('/branches', other), { branch_name: 'feature' }));
    await cloud.until(created.project_ref, 'ACTIVE_HEALTHY');
    const listed = await cloud.done('GET', path('/branches', other));
    const shown = Object(await cloud.done('GET', `/v1/branches/${created.id}`));
    expect(await cloud.query(created.project_ref, 'select count(*)::int as rows from fleet')).toEqual([{ rows: 0 }]);
    await cloud.done('POST', path('/database/migrations', created.project_ref), {
      query: 'alter table fleet add column base text',
      name: 'base',
    });
    await cloud.done('POST', `/v1/branches/${created.id}/merge`, {});

    expect(listed).toEqual([
      expect.objectContaining({ name: 'main', is_default: true }),
      expect.objectContaining({ name: 'feature', parent_project_ref: other, is_default: false }),
    ]);
    expect(shown).toMatchObject({ ref: created.project_ref, status: 'ACTIVE_HEALTHY', db_pass: expect.any(String) });
    expect(await cloud.query(other, 'select * from fleet')).toEqual([{ tail: 'N1', base: null }]);
    expect(await cloud.done('GET', path('/branches/feature', other))).toMatchObject({ id: created.id });
    expect(await cloud.done('GET', '/v1/projects')).not.toContainEqual(expect.objectContaining({ ref: created.project_ref }));
    expect(await cloud.done('DELETE', `/v1/branches/${created.id}`)).toEqual({ message: 'ok' });
    expect(await cloud.done('GET', path('/branches', other))).toEqual([]);
    await cloud.done('DELETE', path('', other));
  });

  it('makes a branch with the parent’s rows when it is asked for data', async () => {
    await cloud.query(ref, `create table passengers (name text); insert into passengers values ('Anna')`);
    const created = Object(await cloud.done('POST', path('/branches'), { branch_name: 'copy', with_data: true }));
    await cloud.until(created.project_ref, 'ACTIVE_HEALTHY');
    await cloud.query(created.project_ref, `insert into passengers values ('Bert')`);

    expect(await cloud.query(ref, 'select * from passengers')).toEqual([{ name: 'Anna' }]);
    expect(await cloud.query(created.project_ref, 'select name from passengers order by 1')).toEqual([{ name: 'Anna' }, { name: 'Bert' }]);
    await cloud.done('DELETE', path('/branches'));
    await cloud.query(ref, 'drop table passengers');
  });
});

describe('Advisors', () => {
  /** A schema that breaks each rule, by the rule's name. */
  const faults: Readonly<Record<string, string>> = {
    rls_disabled_in_public: 'create table f_open (id int primary key)',
    policy_exists_rls_disabled: 'create table f_off (id int primary key); create policy p on f_off using (true)',
    rls_enabled_no_policy: 'create table f_none (id int primary key); alter table f_none enable row level security',
    auth_users_exposed: 'create view f_users as select id, email from auth.users',
    security_definer_view: 'create view f_definer as select 1 as one',
    function_search_path_mutable: `create function f_mutable() returns int language sql as 'select 1'`,
    extension_in_public: '',
    rls_references_user_metadata: `create table f_meta (id int primary key); alter table f_meta enable row level security;
      create policy p on f_meta using ((auth.jwt() -> 'user_metadata' ->> 'role') = 'admin')`,
    unindexed_foreign_keys: 'create table f_fk (id int primary key, parent int references f_fk (id))',
    auth_rls_initplan: `create table f_plan (id uuid primary key); alter table f_plan enable row level security; create policy p on f_plan using (id = auth.uid())`,
    no_primary_key: 'create table f_keyless (id int)',
    unused_index: 'create table f_unused (id int primary key, a int); create index f_unused_a on f_unused (a)',
    multiple_permissive_policies: `create table f_many (id int primary key); alter table f_many enable row level security;
      create policy p1 on f_many for select to authenticated using (true); create policy p2 on f_many to authenticated using (true)`,
    duplicate_index:
      'create table f_twice (id int primary key, a int); create index f_twice_1 on f_twice (a); create index f_twice_2 on f_twice (a)',
  };

  it('finds nothing in a new project, and each fault where it is made', async () => {
    const other = await cloud.project('advised');
    const lints = async () => {
      const answers = await Promise.all(['security', 'performance'].map((kind) => cloud.done('GET', path(`/advisors/${kind}`, other))));
      return answers.flatMap((answer): { name: string; detail: string }[] => Object(answer).lints);
    };
    expect(await lints()).toEqual([]);
    await cloud.query(
      other,
      Object.values(faults)
        .filter((sql) => sql !== '')
        .join('; '),
    );
    const found = await lints();
    const about = (name: string) =>
      found
        .filter((lint) => lint.name === name)
        .map((lint) => lint.detail)
        .join('\n');

    for (const name of Object.keys(faults).filter((rule) => faults[rule] !== ''))
      expect(about(name), name).toContain(/f_\w+/.exec(faults[name] ?? '')?.[0]);
    expect(about('auth_rls_initplan')).not.toContain('f_many');
    expect(about('rls_disabled_in_public')).not.toContain('f_none');
    await cloud.query(other, 'drop policy p on f_plan; create policy p on f_plan using (id = (select auth.uid()))');
    expect((await lints()).filter((lint) => lint.detail.includes('f_plan')).map((lint) => lint.name)).not.toContain('auth_rls_initplan');
    await cloud.done('DELETE', path('', other));
  });
});

describe('Rate limit', () => {
  it('answers 429 with what is left of the window, per project; our own adapter waits and goes on', async () => {
    const limited = await startTestManagement({ rateLimit: { requests: 5, windowMs: 1500 }, projectChangeMs: 0 });
    const one = await limited.project('limited');
    const answers = [];
    for (let number = 0; number < 7; number += 1) answers.push(await limited.api('GET', `/v1/projects/${one}`));
    const elsewhere = await limited.api('GET', '/v1/organizations');
    const port = await freePort();
    const { headers } = await askRaw(limited, `/v1/projects/${one}`);
    const server = await serveLoopback(limited.service.app, port, 'the limited API');
    const waits: string[] = [];
    const api = managementApi({
      accessToken: limited.accessToken,
      localUrl: `http://127.0.0.1:${port}`,
      clock: { nowMs: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
      onWait: (line) => waits.push(line),
    });
    const asked = [];
    for (let number = 0; number < 8; number += 1) {
      asked.push((await api.send({ method: 'GET', path: `/v1/projects/${one}`, signal: AbortSignal.timeout(20_000) })).status);
    }
    await api.close();
    await server.stop();
    await limited.remove();

    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(answers[5]?.body).toEqual({ message: expect.stringContaining('Too Many Requests') });
    expect(headers.get('x-ratelimit-limit')).toBe('5');
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(0);
    expect(headers.get('retry-after')).toBe(headers.get('x-ratelimit-reset'));
    expect(elsewhere.status).toBe(200);
    expect(new Set(asked)).toEqual(new Set([200]));
    expect(waits.length).toBeGreaterThan(0);
  });
});

async function askRaw(limited: TestManagement, to: string): Promise<Response> {
  const headers = { host: '127.0.0.1', authorization: `Bearer ${limited.accessToken}` };
  return limited.service.app.fetch(new Request(`http://127.0.0.1${to}`, { headers }), {});
}
