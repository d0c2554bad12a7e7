import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bulkTables } from '../../src/adapters/copy/bulk-tables.ts';
import { sourceDatabase } from '../../src/adapters/copy/source-database.ts';
import type { AnonymiseSettings } from '../../src/core/seed/anonymise/plan.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { stageWorld, stagingSettings } from '../support/stage-world.ts';

let server: TestPostgres;
let production: Sql;
let staging: Sql;
const urls = { reader: '', staging: '' };

const schema = `
  create table public.agents (id uuid primary key default gen_random_uuid(), email text not null unique, full_name text not null, referrer text);
  create table public.clients (id bigint primary key, agent_id uuid not null references public.agents, agent_email text not null, phone text,
    preferences jsonb not null default '{}', passport bytea, notes text, budget numeric(12, 2), tags text[]);
  create table public.mail_outbox (id bigint primary key, body text);`;

const settings: AnonymiseSettings = {
  tables: {
    agents: { email: 'email', full_name: 'name', referrer: 'company' },
    clients: { agent_email: 'email', phone: 'phone', preferences: 'pseudonym', passport: 'pseudonym', notes: 'pseudonym', tags: 'drop' },
  },
  empty: [],
};

const secrets = Array.from({ length: 40 }, (_, at) => `planted-${at}-${(at * 7919 + 104_729).toString(36)}`);

beforeAll(async () => {
  server = await startPostgres();
  const admin = postgres(server.url, { max: 1, onnotice: () => undefined });
  await admin.unsafe('create database production_copy');
  await admin.unsafe(`create role reader login password 'reader'`);
  await admin.unsafe(`create role clerk nologin`);
  const at = (user: string, database: string) => server.url.replace('postgres:postgres@', `${user}@`).replace(/app$/, database);
  urls.reader = at('reader:reader', 'production_copy');
  urls.staging = server.url;
  production = postgres(at('postgres:postgres', 'production_copy'), { max: 1, onnotice: () => undefined });
  staging = admin;
  await production.unsafe(schema);
  await staging.unsafe(schema);
  await production.unsafe('grant select on all tables in schema public to reader');
  await plant();
}, 60_000);

beforeEach(async () => {
  await staging`truncate agents, clients, mail_outbox`;
});

afterAll(async () => {
  await Promise.all([production.end(), staging.end()]);
  await server.remove();
});

/** Forty secrets in texts, addresses, JSON and bytes, two a row; the agents' addresses also stand with their clients. */
async function plant(): Promise<void> {
  for (let row = 0; row < 10; row += 1) {
    const [one = '', two = '', three = '', four = ''] = secrets.slice(row * 4, row * 4 + 4);
    const [agent] =
      await production`insert into agents (email, full_name, referrer) values (${`${one}@jet.test`}, ${two}, 'A Friend') returning id`;
    await production`insert into clients (id, agent_id, agent_email, phone, preferences, passport, notes, budget)
      values (${row}, ${agent?.['id']}, ${`${one}@jet.test`}, '+1-212-555-0100', ${production.json({ allergies: [three], age: 44 })},
        ${Buffer.from(four)}, ${`Called twice about ${three}; tabs\tand\nlines`}, ${`${row}.25`})`;
  }
  await production`insert into mail_outbox values (1, 'Dear client')`;
}

/** Copies by the stage, over real databases. */
async function copy(anonymise: AnonymiseSettings, url = urls.reader) {
  const world = stageWorld();
  await world.provision();
  const source = sourceDatabase(url);
  const [target, bulk] = [sourceDatabase(urls.staging), bulkTables(urls.staging)];
  const paused: string[] = [];
  const ports = {
    settings: {
      ...stagingSettings,
      seed: { ...stagingSettings.seed, anonymise },
      upstash: { ...stagingSettings.upstash, queues: ['flights'] },
    },
    source,
    openTarget: () => target,
    openBulk: () => bulk,
    openPauses: () => ({
      pause: async (queues: readonly string[]) => {
        paused.push(...queues);
        return queues;
      },
    }),
  };
  const ran = await world.seed(ports, { profile: 'demo', from: 'production' });
  await Promise.all([source.close(), target.close(), bulk.close()]);
  return { ...ran, paused };
}

test('copies every row and none of the forty planted secrets; joins hold, and a second run changes nothing', async () => {
  await staging`insert into mail_outbox values (1, 'Dear client'), (2, 'Dear other')`;

  const { error, result, details, paused } = await copy(settings);

  expect(error).toBeUndefined();
  expect(result).toMatchObject({
    verdict: 'green',
    details: {
      orphans: 0,
      tables: [
        { table: 'agents', rows: 10 },
        { table: 'clients', rows: 10 },
      ],
    },
  });
  expect(details['scan']).toMatch(/^20 rows looked through for \d+ values, 0 found$/);
  expect(paused).toEqual(['flights']);
  const rows = await staging<{ text: string }[]>`select agents::text || clients::text as text
    from clients join agents on agents.id = clients.agent_id and agents.email = clients.agent_email`;
  expect(rows.length).toBe(10);
  const everything = rows.map(({ text }) => text).join('\n');
  for (const secret of secrets) {
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(Buffer.from(secret).toString('hex'));
  }
  expect([...(await staging`select count(*)::int as count, sum(budget)::text as budget from clients`)]).toEqual([
    { count: 10, budget: '47.50' },
  ]);
  expect([...(await staging`select id from mail_outbox`)]).toEqual([]);
  expect((await copy(settings)).details['done']).toBe('nothing to do: 0 rows changed');
});

test('is red when a kept column holds what is hidden in another, names the column and not the value, and leaves the table empty', async () => {
  const careless = { ...settings, tables: { ...settings.tables, clients: { ...settings.tables['clients'], notes: 'keep' as const } } };

  const { error } = await copy(careless);

  expect(error).toMatchObject({ code: 'ANONYMISE_LEAK', kind: 'red', data: { columns: ['clients.notes'] } });
  expect(secrets.filter((secret) => String(error).includes(secret))).toEqual([]);
  expect([...(await staging`select from clients`)]).toEqual([]);
});

test('is red when the copy holds what was not sent', async () => {
  await staging`insert into agents (email, full_name) values ('old@staging.test', ${secrets[1] ?? ''})`;

  const { error } = await copy(settings);

  expect(error).toMatchObject({ code: 'ANONYMISE_LEAK', data: { columns: ['agents.full_name'] } });
});

test('stops at a column that nobody classified, naming it, before a row is read', async () => {
  const { email: _, ...rest } = settings.tables['agents'] ?? {};

  const { error } = await copy({ ...settings, tables: { ...settings.tables, agents: rest } });

  expect(error).toMatchObject({ code: 'ANONYMISE_UNCLASSIFIED', kind: 'refused', data: { columns: ['agents.email'] } });
  expect([...(await staging`select from agents`)]).toEqual([]);
});

test.each([
  ['on a table', 'grant insert on clients to reader', 'revoke insert on clients from reader', 'write to public.clients'],
  ['on a column', 'grant update (notes) on clients to reader', 'revoke update (notes) on clients from reader', 'write to public.clients'],
  ['in the schema', 'grant create on schema public to reader', 'revoke create on schema public from reader', 'create in schema public'],
  [
    'by a role it may become',
    'grant delete on agents to clerk; grant clerk to reader',
    'revoke clerk from reader',
    'write to public.agents',
  ],
])('refuses a role that can write %s', async (_, grant, revoke, what) => {
  await production.unsafe(grant);

  const { error } = await copy(settings);

  await production.unsafe(revoke);
  expect(error).toMatchObject({ code: 'ANONYMISE_SOURCE_WRITABLE', kind: 'refused', message: expect.stringContaining(what) });
});

test('reads in a session that cannot write, whatever the role may do', async () => {
  const source = sourceDatabase(server.url.replace(/app$/, 'production_copy'));
  const { signal } = new AbortController();

  const written = source.snapshot(async () => {
    for await (const rows of source.rows('agents" where false) to stdout; delete from agents; --', ['id'], signal))
      expect(rows).toEqual([]);
  }, signal);

  await expect(written).rejects.toMatchObject({ code: 'DATABASE_QUERY_FAILED' });
  expect([...(await production`select count(*)::int as count from agents`)]).toEqual([{ count: 10 }]);
  await source.close();
});

test('says so when row security would hide rows, instead of copying fewer', async () => {
  await production.unsafe('alter table agents enable row level security');

  const { error } = await copy(settings);

  await production.unsafe('alter table agents disable row level security');
  expect(error).toMatchObject({ code: 'DATABASE_QUERY_FAILED', message: expect.stringContaining('42501') });
});

test('refuses staging’s own database as its source', async () => {
  const { error } = await copy(settings, urls.staging);

  expect(error).toMatchObject({ code: 'ANONYMISE_SAME_DATABASE', kind: 'refused' });
});
