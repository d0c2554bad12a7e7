import { randomBytes } from 'node:crypto';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSupabase, type ProjectCredentials, type SupabaseService } from '../../src/local/supabase/service.ts';
import { ask, type ApiAnswer } from '../support/local-api.ts';
import { keepAnswers } from '../support/openapi/answer-check.ts';
import { requires } from '../support/requires.ts';
import { testContext, type TestContext } from '../support/service-context.ts';

const accessToken = `sbp_${randomBytes(20).toString('hex')}`;
const password = 'p\'w ö"d';

const kept = keepAnswers();
let test: TestContext;
let service: SupabaseService;
let ref: string;
let credentials: ProjectCredentials;

beforeAll(async () => {
  test = await testContext();
  service = await startSupabase(test.context, { accessToken });
  ({ ref } = await service.createProject({ name: 'staging', region: 'eu-west-1', password }));
  credentials = await service.credentials(ref);
  await query(schema);
});

afterAll(async () => {
  await service.stop();
  await test.remove();
  kept.verify();
});

/** A table with an owner, a referenced one, functions that answer and that raise. */
const schema = `
  create table clients (id bigint generated always as identity primary key, name text not null unique);
  create table requests (
    id bigint generated always as identity primary key,
    owner uuid not null default auth.uid(),
    client_id bigint references clients (id),
    passengers int not null check (passengers between 1 and 19),
    note text
  );
  alter table clients enable row level security;
  alter table requests enable row level security;
  create policy own on requests to authenticated using (owner = auth.uid()) with check (owner = auth.uid());
  create policy readable on clients for select to authenticated using (true);
  create function add_numbers(a int, b int) returns int language sql immutable as 'select a + b';
  create function refuse() returns void language plpgsql as $$
    begin raise exception 'not today' using detail = 'because', hint = 'tomorrow'; end $$;
  create function whoami() returns jsonb language sql stable as
    $$ select jsonb_build_object('role', auth.role(), 'uid', auth.uid(), 'user', current_user) $$;
`;

function api(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
  return ask(kept.of(service), { authorization: `Bearer ${accessToken}`, method, path, body });
}

async function query(sql: string): Promise<unknown> {
  const answer = await api('POST', `/v1/projects/${ref}/database/query`, { query: sql });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

function clientWith(key: string): SupabaseClient {
  return createClient(credentials.addresses.url, key, { auth: { persistSession: false, autoRefreshToken: false } });
}

function direct(who: ProjectCredentials = credentials) {
  const { host, port, database, user } = who.addresses.direct;
  return postgres({ host, port, database, user, password: who.password, max: 1, onnotice: () => undefined });
}

async function signedIn(email: string): Promise<SupabaseClient> {
  const { error } = await clientWith(credentials.serviceRoleKey).auth.admin.createUser({ email, password: 'geheim1', email_confirm: true });
  expect(error).toBeNull();
  const client = clientWith(credentials.anonKey);
  const result = await client.auth.signInWithPassword({ email, password: 'geheim1' });
  expect(result.error).toBeNull();
  return client;
}

describe('Management API', () => {
  it('refuses a wrong or missing token and a foreign host in the vendor shape', async () => {
    const wrong = await ask(kept.of(service), { authorization: 'Bearer sbp_wrong', method: 'GET', path: '/v1/projects' });
    const missing = await ask(kept.of(service), { authorization: '', method: 'GET', path: '/v1/projects' });
    const rebound = await ask(kept.of(service), {
      authorization: `Bearer ${accessToken}`,
      method: 'GET',
      path: '/v1/projects',
      host: 'evil.example',
    });

    expect(wrong).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    expect(missing).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    expect(rebound.status).toBe(421);
  });

  it('names a route that it does not emulate', async () => {
    const answer = await api('GET', `/v1/projects/${ref}/functions`);

    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ message: expect.stringContaining(`/v1/projects/${ref}/functions`) });
    expect(answer.body).toEqual({ message: expect.stringContaining('not emulated') });
  });

  it('shows who is asking, the organisation and the project', async () => {
    expect((await api('GET', '/v1/profile')).body).toMatchObject({ username: expect.any(String), primary_email: expect.any(String) });
    expect((await api('GET', '/v1/organizations')).body).toEqual([expect.objectContaining({ slug: service.organization })]);
    expect((await api('GET', '/v1/projects')).body).toEqual([expect.objectContaining({ ref, name: 'staging', status: 'ACTIVE_HEALTHY' })]);
    expect((await api('GET', `/v1/projects/${ref}`)).body).toMatchObject({
      id: ref,
      region: 'eu-west-1',
      database: { postgres_engine: '15', version: expect.stringMatching(/^15\./) },
    });
  });

  it('creates a project that comes up, is isolated from the others, and can be deleted', async () => {
    const created = await api('POST', '/v1/projects', {
      name: 'second',
      db_pass: 'geheim',
      organization_slug: service.organization,
      region: 'us-east-1',
    });
    const second = service.projects().at(-1)?.ref ?? '';
    await expect
      .poll(async () => (await api('GET', `/v1/projects/${second}`)).body, { timeout: 20_000 })
      .toMatchObject({ status: 'ACTIVE_HEALTHY' });
    const theirs = await service.credentials(second);

    expect(created).toMatchObject({
      status: 201,
      body: { name: 'second', status: 'COMING_UP', ref: expect.stringMatching(/^[a-z]{20}$/) },
    });
    const sql = direct({ ...theirs, addresses: { ...theirs.addresses, direct: { ...theirs.addresses.direct, database: ref } } });
    await expect(sql`select 1`).rejects.toMatchObject({ code: '42501' });
    await sql.end();
    const foreign = await clientWith(theirs.serviceRoleKey).from('clients').select();
    expect(foreign).toMatchObject({ status: 401, error: { message: 'Invalid API key' } });

    expect((await api('DELETE', `/v1/projects/${second}`)).body).toMatchObject({ ref: second, name: 'second', id: expect.any(Number) });
    expect((await api('GET', `/v1/projects/${second}`)).status).toBe(404);
  });

  it('refuses a project without a password, or of another organisation', async () => {
    const without = await api('POST', '/v1/projects', { name: 'x', organization_slug: service.organization });
    const foreign = await api('POST', '/v1/projects', { name: 'x', db_pass: 'y', organization_slug: 'someone' });

    expect(without).toMatchObject({ status: 400, body: { message: expect.stringContaining('db_pass') } });
    expect(foreign.status).toBe(404);
    expect(service.projects()).toHaveLength(1);
  });

  it('lists keys of both schemes, secret ones only when asked', async () => {
    const hidden = await api('GET', `/v1/projects/${ref}/api-keys`);
    const revealed = await api('GET', `/v1/projects/${ref}/api-keys?reveal=true`);

    expect(hidden.body).toEqual([
      expect.objectContaining({ name: 'anon', type: 'legacy', api_key: credentials.anonKey }),
      expect.objectContaining({ name: 'service_role', type: 'legacy', api_key: credentials.serviceRoleKey }),
      expect.objectContaining({ type: 'publishable', api_key: expect.stringMatching(/^sb_publishable_/) }),
      expect.objectContaining({ type: 'secret', api_key: expect.stringContaining('·') }),
    ]);
    expect(revealed.body).toContainEqual(
      expect.objectContaining({ type: 'secret', api_key: expect.stringMatching(/^sb_secret_[\w-]{22}_[\w-]{8}$/) }),
    );
  });

  it('asks each service for its health, and tells when one is down', async () => {
    const up = await api('GET', `/v1/projects/${ref}/health?services=auth,db,rest,realtime`);
    const unknown = await api('GET', `/v1/projects/${ref}/health`);

    expect(up.body).toEqual(
      expect.arrayContaining(
        ['auth', 'db', 'rest', 'realtime'].map((name) => expect.objectContaining({ name, healthy: true, status: 'ACTIVE_HEALTHY' })),
      ),
    );
    expect(unknown.status).toBe(400);
  });

  it('runs SQL as the project owner, who is no superuser', async () => {
    const rows = await query('select current_user, session_user, (select rolsuper from pg_roles where rolname = session_user) as super');
    const failing = await api('POST', `/v1/projects/${ref}/database/query`, { query: 'select * from nowhere' });
    const writing = await api('POST', `/v1/projects/${ref}/database/query/read-only`, { query: 'create table sneaked ()' });

    expect(rows).toEqual([{ current_user: 'postgres', session_user: `postgres.${ref}`, super: false }]);
    expect(failing).toMatchObject({ status: 400, body: { message: expect.stringContaining('42P01') } });
    expect(writing).toMatchObject({ status: 400, body: { message: expect.stringContaining('read-only') } });
  });

  it('says where a project is reached', async () => {
    const { body } = await api('GET', `/_local/projects/${ref}`);
    const stranger = await ask(kept.of(service), { authorization: 'Bearer nobody', method: 'GET', path: `/_local/projects/${ref}` });

    expect(body).toEqual({ ...credentials.addresses });
    expect(stranger.status).toBe(401);
  });
});

describe('Database', () => {
  it('has the hosted schemas, roles and extensions, and auth.users in its hosted shape', async () => {
    const sql = direct();
    const schemas =
      await sql`select nspname from pg_namespace where nspname in ('auth', 'extensions', 'storage', 'realtime', 'graphql_public') order by 1`;
    const extensions =
      await sql`select extname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where nspname = 'extensions' order by 1`;
    const columns = await sql`select attname from pg_attribute where attrelid = 'auth.users'::regclass and attnum > 0`;
    const [publication] = await sql`select pubname from pg_publication`;
    await sql.end();

    expect(schemas.map((row) => row['nspname'])).toEqual(['auth', 'extensions', 'graphql_public', 'realtime', 'storage']);
    expect(extensions.map((row) => row['extname'])).toEqual(['pg_stat_statements', 'pgcrypto', 'uuid-ossp']);
    expect(columns).toHaveLength(35);
    expect(columns.map((row) => row['attname'])).toEqual(expect.arrayContaining(['instance_id', 'is_super_admin', 'encrypted_password']));
    expect(publication).toEqual({ pubname: 'supabase_realtime' });
  });

  it('gives new tables in public to the API roles, as hosted, and what lies elsewhere to nobody', async () => {
    const sql = direct();
    await sql.unsafe(
      'create table granted (id int primary key); create schema jv_staging; create table jv_staging.kept (id int primary key); alter table jv_staging.kept enable row level security',
    );
    // A request makes PostgREST read the schema: it must not grant anything either.
    await clientWith(credentials.serviceRoleKey).from('granted').select();
    const [row] =
      await sql`select has_table_privilege('anon', 'granted', 'select') as anon, has_table_privilege('service_role', 'granted', 'insert') as service,
      has_table_privilege('authenticated', 'jv_staging.kept', 'select') as elsewhere, has_schema_privilege('anon', 'jv_staging', 'usage') as usage`;
    await sql.unsafe('drop schema jv_staging cascade; drop table granted');
    await sql.end();

    expect(row).toEqual({ anon: true, service: true, elsewhere: false, usage: false });
  });

  it('lets the owner change rows past RLS, make extensions and publish tables, but touch no other role or database', async () => {
    const sql = direct();
    await sql.unsafe('create extension citext schema extensions; alter publication supabase_realtime add table clients');
    await expect(sql`alter role supabase_admin password 'x'`).rejects.toMatchObject({ code: '42501' });
    await expect(sql`create role intruder`).rejects.toMatchObject({ code: '42501' });
    await expect(sql`drop database postgres`).rejects.toMatchObject({ code: '42501' });
    await expect(sql`select * from pg_authid`).rejects.toMatchObject({ code: '42501' });
    await sql`insert into clients (name) values ('owner')`;
    await sql`delete from clients where name = 'owner'`;
    await sql.end();
  });

  requires('pgbouncer')('is reached through the pooler with the connection string that the API gives', async () => {
    const { body } = await api('GET', `/v1/projects/${ref}/config/database/pooler`);
    const [pooler] = JSON.parse(JSON.stringify(body));
    const url = pooler.connection_string.replace('[YOUR-PASSWORD]', encodeURIComponent(password));
    const clients = Array.from({ length: 40 }, () => postgres(url, { max: 1, prepare: false }));
    const rows = await Promise.all(clients.map((sql) => sql`select current_database() as database, pg_backend_pid() as pid`));
    await Promise.all(clients.map((sql) => sql.end()));
    const intruder = postgres(pooler.connection_string, { max: 1, prepare: false });
    await expect(intruder`select 1`).rejects.toThrow(/authentication failed|SASL/);
    await intruder.end();

    expect(url).toMatch(new RegExp(`^postgresql://postgres\\.${ref}:.*@127\\.0\\.0\\.1:\\d+/postgres$`));
    expect(pooler).toMatchObject({ pool_mode: 'transaction', default_pool_size: 15, max_client_conn: 200, database_type: 'PRIMARY' });
    expect(rows.every(([row]) => row?.['database'] === ref)).toBe(true);
    expect(new Set(rows.map(([row]) => row?.['pid'])).size).toBeLessThanOrEqual(15);
  });
});

describe('REST with supabase-js', () => {
  it('selects, inserts, upserts, updates, counts, embeds, calls functions and deletes', async () => {
    const client = clientWith(credentials.serviceRoleKey);
    const inserted = await client
      .from('clients')
      .insert([{ name: 'A' }, { name: 'B' }])
      .select();
    const upserted = await client
      .from('clients')
      .upsert([{ name: 'B' }, { name: 'C' }], { onConflict: 'name' })
      .select();
    const owner = '00000000-0000-4000-8000-000000000001';
    const request = await client
      .from('requests')
      .insert({ owner, passengers: 3, client_id: inserted.data?.[0].id })
      .select('passengers, clients(name)')
      .single();
    const updated = await client.from('requests').update({ note: 'seen' }).eq('owner', owner).select('note');
    const counted = await client.from('clients').select('*', { count: 'exact', head: true });
    const page = await client.from('clients').select('name', { count: 'exact' }).order('name').range(0, 1);
    const sum = await client.rpc('add_numbers', { a: 2, b: 3 });
    const removed = await client.from('requests').delete({ count: 'exact' }).eq('owner', owner);

    expect(inserted.status).toBe(201);
    expect(upserted.data).toHaveLength(2);
    expect(request.data).toEqual({ passengers: 3, clients: { name: 'A' } });
    expect(updated.data).toEqual([{ note: 'seen' }]);
    expect(counted.count).toBe(3);
    expect(page).toMatchObject({ status: 206, count: 3, data: [{ name: 'A' }, { name: 'B' }] });
    expect(sum.data).toBe(5);
    expect(removed.count).toBe(1);
  });

  it('decides by row-level security: nothing for anon, one’s own rows for a user', async () => {
    const anna = await signedIn('anna@staging.test');
    const bert = await signedIn('bert@staging.test');
    const mine = await anna.from('requests').insert({ passengers: 2 }).select().single();
    const forged = await anna.from('requests').insert({ passengers: 2, owner: '00000000-0000-4000-8000-000000000009' });
    const seen = await bert.from('requests').select();
    const anonymous = await clientWith(credentials.anonKey).from('requests').insert({ passengers: 2 });
    const who = await anna.rpc('whoami');

    expect(mine.error).toBeNull();
    expect(forged).toMatchObject({ status: 403, error: { code: '42501' } });
    expect(seen.data).toEqual([]);
    expect(anonymous).toMatchObject({ status: 401, error: { code: '42501' } });
    expect(who.data).toEqual({ role: 'authenticated', user: 'authenticated', uid: mine.data.owner });
  });

  it('gives values of every type as to_json does, read and written', async () => {
    const sql = direct();
    await sql.unsafe(`create type mood as enum ('a', 'b'); create table typed (id int primary key,
      ts timestamp default '2026-01-02 03:04:05.678', tz timestamptz default '2026-01-02 03:04:05+02', d date default '2026-01-02',
      tm time default '10:00', i interval default '1 day 2 hours', bytes bytea default '\\x0102', n numeric default 1.50, f float8 default 1.5,
      r real default 0.1, u uuid default '7b0d0c2e-6a65-4d7e-9b2f-0c1d2e3f4a5b', m mood default 'a', ma mood[] default '{a,b}',
      ta text[] default '{a,"b c"}', na numeric[] default '{1.50,2}', tza timestamptz[] default '{2026-01-02 03:04:05+02}',
      j json default '{"b":1,"a":[1,null]}', jb jsonb default '[1]', b bool default true, rng int4range default '[1,5)',
      ip inet default '10.0.0.1', nothing text, forever timestamptz default 'infinity')`);
    const client = clientWith(credentials.serviceRoleKey);
    const written = await client.from('typed').insert({ id: 1 }).select().single();
    const read = await client.from('typed').select().eq('n', 1.5).eq('tz', '2026-01-02T01:04:05Z').single();
    const rewritten = await client.from('typed').upsert(read.data).select().single();
    const [row] = await sql`select to_json(typed)::text as json from typed`;
    await sql.unsafe('drop table typed; drop type mood');
    await sql.end();

    const expected: unknown = JSON.parse(String(row?.['json']));
    expect(written.data).toEqual(expected);
    expect(read.data).toEqual(expected);
    expect(rewritten.data).toEqual(expected);
  });

  it('answers errors as PostgREST does', async () => {
    const client = clientWith(credentials.serviceRoleKey);
    const raised = await client.rpc('refuse');
    const violated = await client.from('requests').insert({ passengers: 99, owner: '00000000-0000-4000-8000-000000000001' });
    const missing = await client.from('requests').insert({ note: 'no passengers', owner: '00000000-0000-4000-8000-000000000001' });
    const twice = await client.from('clients').insert({ name: 'A' });
    const dangling = await client
      .from('requests')
      .insert({ passengers: 1, client_id: 999_999, owner: '00000000-0000-4000-8000-000000000001' });
    const unknown = await client.from('nowhere').select();
    const none = await client.from('clients').select().eq('name', 'nobody').single();

    expect(raised).toMatchObject({ status: 400, error: { code: 'P0001', message: 'not today', details: 'because', hint: 'tomorrow' } });
    expect(violated).toMatchObject({ status: 400, error: { code: '23514' } });
    expect(missing).toMatchObject({ status: 400, error: { code: '23502' } });
    expect(twice).toMatchObject({ status: 409, error: { code: '23505' } });
    expect(dangling).toMatchObject({ status: 409, error: { code: '23503' } });
    expect(unknown).toMatchObject({ status: 404, error: { code: 'PGRST205' } });
    expect(none).toMatchObject({ status: 406, error: { code: 'PGRST116' } });
  });

  it('knows a changed schema at the next request', async () => {
    const client = clientWith(credentials.serviceRoleKey);
    const sql = direct();
    await client.from('clients').select();
    await sql`create table late (id int primary key)`;
    const created = await client.from('late').insert({ id: 1 }).select();
    await sql`alter table late add column word text default 'new'`;
    const widened = await client.from('late').select('id, word');
    await sql`drop table late`;
    const dropped = await client.from('late').select();
    await sql.end();

    expect(created.data).toEqual([{ id: 1 }]);
    expect(widened.data).toEqual([{ id: 1, word: 'new' }]);
    expect(dropped).toMatchObject({ status: 404, error: { code: 'PGRST205' } });
  });

  it('wants a key of the project, takes those of the new scheme, and refuses tokens that do not count', async () => {
    const keys = service.projects()[0]?.keys.apiKeys ?? [];
    const url = `${credentials.addresses.url}/rest/v1/clients?select=name`;
    const statusOf = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
    const expired = 'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.AAAA';

    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ apikey: 'wrong' })).toBe(401);
    expect(await statusOf({ authorization: `Bearer ${credentials.serviceRoleKey}` })).toBe(401);
    expect(await statusOf({ apikey: credentials.anonKey, authorization: `Bearer ${expired}` })).toBe(401);
    expect(await statusOf({ apikey: keys[0]?.key ?? '' })).toBe(200);
    expect(
      (
        await clientWith(keys[1]?.key ?? '')
          .from('clients')
          .select()
      ).data,
    ).toHaveLength(3);
    expect(
      (
        await clientWith(keys[0]?.key ?? '')
          .from('clients')
          .select()
      ).data,
    ).toEqual([]);
  });

  it('answers browsers of any origin', async () => {
    const preflight = await fetch(`${credentials.addresses.url}/rest/v1/clients`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://staging.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'apikey,content-type',
      },
    });
    const answer = await fetch(`${credentials.addresses.url}/rest/v1/clients`, {
      headers: { apikey: credentials.anonKey, origin: 'https://staging.example' },
    });

    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('apikey');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-expose-headers')).toContain('Content-Range');
  });
});

describe('Auth with supabase-js', () => {
  it('signs up, in, renews, changes and out', async () => {
    const client = clientWith(credentials.anonKey);
    const up = await client.auth.signUp({ email: 'Neu@staging.test', password: 'geheim1', options: { data: { full_name: 'Neu' } } });
    const renewed = await client.auth.refreshSession();
    const user = await client.auth.getUser();
    const changed = await client.auth.updateUser({ password: 'geheim2', data: { shoe: 44 } });
    const token = renewed.data.session?.access_token ?? '';
    await client.auth.signOut();
    const after = await clientWith(credentials.anonKey).auth.getUser(token);
    const old = await client.auth.signInWithPassword({ email: 'neu@staging.test', password: 'geheim1' });
    const again = await client.auth.signInWithPassword({ email: 'NEU@staging.test', password: 'geheim2' });

    expect(up.data.session).not.toBeNull();
    expect(renewed.data.session?.refresh_token).not.toBe(up.data.session?.refresh_token);
    expect(user.data.user).toMatchObject({ email: 'neu@staging.test', role: 'authenticated', user_metadata: { full_name: 'Neu' } });
    expect(changed.data.user?.user_metadata).toMatchObject({ full_name: 'Neu', shoe: 44 });
    expect(after.error?.name).toBe('AuthSessionMissingError');
    expect(old.error).toMatchObject({ code: 'invalid_credentials', status: 400 });
    expect(again.error).toBeNull();
  });

  it('gives a used refresh token no second life', async () => {
    const client = clientWith(credentials.anonKey);
    const up = await client.auth.signUp({ email: 'turn@staging.test', password: 'geheim1' });
    const first = up.data.session?.refresh_token ?? '';
    await client.auth.refreshSession();
    await client.auth.refreshSession();
    const late = await clientWith(credentials.anonKey).auth.refreshSession({ refresh_token: first });

    expect(late.error).toMatchObject({ status: 400, code: 'refresh_token_not_found' });
  });

  it('lets the service role create, find, list, change and remove users', async () => {
    const { admin } = clientWith(credentials.serviceRoleKey).auth;
    const created = await admin.createUser({
      email: 'admin-made@staging.test',
      password: 'geheim1',
      email_confirm: true,
      app_metadata: { role: 'admin' },
    });
    const id = created.data.user?.id ?? '';
    const found = await admin.getUserById(id);
    const firstPage = await admin.listUsers({ page: 1, perPage: 2 });
    const changed = await admin.updateUserById(id, { password: 'geheim2', email: 'renamed@staging.test', user_metadata: { a: 1 } });
    const signIn = await clientWith(credentials.anonKey).auth.signInWithPassword({ email: 'renamed@staging.test', password: 'geheim2' });
    const banned = await admin.updateUserById(id, { ban_duration: '1h' });
    const refused = await clientWith(credentials.anonKey).auth.signInWithPassword({ email: 'renamed@staging.test', password: 'geheim2' });
    const removed = await admin.deleteUser(id);
    const gone = await admin.getUserById(id);

    expect(found.data.user).toMatchObject({
      id,
      email: 'admin-made@staging.test',
      app_metadata: { role: 'admin', provider: 'email' },
      identities: [{ provider: 'email' }],
    });
    expect(firstPage.data.users).toHaveLength(2);
    expect(firstPage.data).toMatchObject({ nextPage: 2 });
    expect(changed.data.user).toMatchObject({ email: 'renamed@staging.test', user_metadata: { a: 1 } });
    expect(signIn.error).toBeNull();
    expect(banned.error).toBeNull();
    expect(refused.error).toMatchObject({ code: 'user_banned' });
    expect(removed.error).toBeNull();
    expect(gone.error).toMatchObject({ status: 404, code: 'user_not_found' });
  });

  it('refuses what GoTrue refuses', async () => {
    const { admin } = clientWith(credentials.serviceRoleKey).auth;
    await admin.createUser({ email: 'taken@staging.test', password: 'geheim1', email_confirm: true });
    const taken = await admin.createUser({ email: 'TAKEN@staging.test', password: 'geheim1' });
    const weak = await admin.createUser({ email: 'weak@staging.test', password: '123' });
    const noAddress = await admin.createUser({ email: 'no-address', password: 'geheim1' });
    const stranger = await clientWith(credentials.anonKey).auth.admin.listUsers();
    const unconfirmed = await admin.createUser({ email: 'unconfirmed@staging.test', password: 'geheim1' });
    const early = await clientWith(credentials.anonKey).auth.signInWithPassword({ email: 'unconfirmed@staging.test', password: 'geheim1' });

    expect(taken.error).toMatchObject({ status: 422, code: 'email_exists' });
    expect(weak.error).toMatchObject({ status: 422, code: 'weak_password' });
    expect(noAddress.error).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(stranger.error).toMatchObject({ status: 403, code: 'not_admin' });
    expect(unconfirmed.error).toBeNull();
    expect(early.error).toMatchObject({ code: 'email_not_confirmed' });
  });

  it('signs in users whom SQL made, as seeds of hosted projects do', async () => {
    const id = '7b0d0c2e-6a65-4d7e-9b2f-0c1d2e3f4a5b';
    await query(`insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
        raw_user_meta_data, is_super_admin, created_at, updated_at)
      values ('00000000-0000-0000-0000-000000000000', '${id}', 'authenticated', 'authenticated', 'sql@staging.test',
        crypt('geheim1', gen_salt('bf')), now(), '{"provider":"email","providers":["email"]}', '{}', false, now(), now())`);
    const result = await clientWith(credentials.anonKey).auth.signInWithPassword({ email: 'sql@staging.test', password: 'geheim1' });

    expect(result.data.user?.id).toBe(id);
  });
});

describe('What survives', () => {
  it('has projects, keys, rows and users after a stop and a start', async () => {
    const value = randomBytes(6).toString('hex');
    await query(`insert into clients (name) values ('${value}')`);
    await service.stop();
    service = await startSupabase(await test.again(), { accessToken });
    const again = await service.credentials(ref);
    const rows = await clientWith(credentials.serviceRoleKey).from('clients').select('name').eq('name', value);
    const signIn = await clientWith(credentials.anonKey).auth.signInWithPassword({ email: 'sql@staging.test', password: 'geheim1' });

    expect(again).toEqual(credentials);
    expect(rows.data).toEqual([{ name: value }]);
    expect(signIn.error).toBeNull();
  });

  it('answers 503 or an error, and no stack trace, while Postgres is down, and works when it is back', async () => {
    const stderr: string[] = [];
    const original = process.stderr.write.bind(process.stderr);
    process.stderr.write = (chunk: string | Uint8Array) => {
      stderr.push(String(chunk));
      return true;
    };
    const client = clientWith(credentials.serviceRoleKey);
    await client.from('clients').select();
    await client.rpc('refuse');
    await service.postgres.stop();
    const down = await client.from('clients').select();
    const health = await api('GET', `/v1/projects/${ref}/health?services=db,auth,rest`);
    await service.postgres.restart();
    const up = await client.from('clients').select();
    process.stderr.write = original;

    expect(down.status).toBeGreaterThanOrEqual(500);
    expect(health.body).toEqual(
      ['auth', 'db', 'rest'].map((name) => expect.objectContaining({ name, healthy: false, status: 'UNHEALTHY' })),
    );
    expect(up.error).toBeNull();
    expect(stderr.join('')).not.toMatch(/PostgresError|\n\s+at /);
  });
});
