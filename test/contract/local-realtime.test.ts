import { randomBytes } from 'node:crypto';
import { createClient, type RealtimeChannel, type RealtimePostgresChangesPayload, type SupabaseClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSupabase, type ProjectCredentials, type SupabaseService } from '../../src/local/supabase/service.ts';
import { testContext, type TestContext } from '../support/service-context.ts';

type Change = RealtimePostgresChangesPayload<Record<string, unknown>>;

let test: TestContext;
let service: SupabaseService;
let credentials: ProjectCredentials;
let sql: postgres.Sql;
const clients: SupabaseClient[] = [];

beforeAll(async () => {
  test = await testContext();
  service = await startSupabase(test.context, { accessToken: 'sbp_test' });
  const { ref } = await service.createProject({ name: 'staging', region: 'eu-west-1', password: 'geheim' });
  credentials = await service.credentials(ref);
  const { host, port, database, user } = credentials.addresses.direct;
  sql = postgres({ host, port, database, user, password: 'geheim', onnotice: () => undefined });
  await sql.unsafe(`
    create table notes (id bigint generated always as identity primary key, owner uuid not null default auth.uid(), text text, amount numeric,
      done boolean default false, tags text[] default '{a,b}', extra jsonb default '{"k":1}', at timestamptz default now());
    alter table notes enable row level security;
    create policy own on notes to authenticated using (owner = auth.uid()) with check (owner = auth.uid());
    create table silent (id int primary key);
    alter publication supabase_realtime add table notes;
  `);
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    await client.removeAllChannels();
    await client.realtime.disconnect();
  }
});

afterAll(async () => {
  await sql.end();
  await service.stop();
  await test.remove();
});

function clientWith(key: string, vsn = '2.0.0'): SupabaseClient {
  const options = { auth: { persistSession: false, autoRefreshToken: false }, realtime: { vsn } };
  const client = createClient(credentials.addresses.url, key, options);
  clients.push(client);
  return client;
}

async function signedIn(vsn?: string): Promise<SupabaseClient> {
  const email = `${randomBytes(5).toString('hex')}@staging.test`;
  await clientWith(credentials.serviceRoleKey).auth.admin.createUser({ email, password: 'geheim1', email_confirm: true });
  const client = clientWith(credentials.anonKey, vsn);
  const { error } = await client.auth.signInWithPassword({ email, password: 'geheim1' });
  expect(error).toBeNull();
  return client;
}

function subscribed(channel: RealtimeChannel): Promise<string> {
  return new Promise((resolve) => {
    channel.subscribe((status) => resolve(status));
  });
}

async function listen(client: SupabaseClient, filter: { event: '*'; schema: string; table?: string; filter?: string }): Promise<Change[]> {
  const heard: Change[] = [];
  const channel = client.channel(`notes-${randomBytes(4).toString('hex')}`).on('postgres_changes', filter, (change) => heard.push(change));
  expect(await subscribed(channel)).toBe('SUBSCRIBED');
  return heard;
}

async function heardBy(count: number, ...lists: readonly Change[][]): Promise<void> {
  await expect.poll(() => lists.map((list) => list.length), { timeout: 10_000 }).toEqual(lists.map(() => count));
}

const everything = { event: '*', schema: 'public', table: 'notes' } as const;

describe.each(['2.0.0', '1.0.0'])('Realtime, protocol %s', (vsn) => {
  it('sends inserts, updates and deletes to those who may see the row, at once after SUBSCRIBED', async () => {
    const [anna, bert] = [await signedIn(vsn), await signedIn(vsn)];
    const toAnna = await listen(anna, everything);
    const toBert = await listen(bert, everything);
    const toService = await listen(clientWith(credentials.serviceRoleKey, vsn), everything);
    const { data } = await anna.from('notes').insert({ text: 'ü', amount: 12.5 }).select().single();
    // As hosted, a row is asked for when its change is sent: each is waited for before the next.
    await heardBy(1, toAnna, toService);
    await anna.from('notes').update({ text: 'changed', done: true }).eq('id', data.id);
    await heardBy(2, toAnna, toService);
    await anna.from('notes').delete().eq('id', data.id);
    await heardBy(3, toAnna, toService);
    await heardBy(1, toBert);

    expect(toAnna.map((change) => change.eventType)).toEqual(['INSERT', 'UPDATE', 'DELETE']);
    expect(toAnna[0]).toMatchObject({ schema: 'public', table: 'notes', errors: null, old: {} });
    expect(toAnna[0]?.new).toEqual(data);
    expect(toAnna[1]?.new).toMatchObject({ id: data.id, text: 'changed', done: true });
    expect(toAnna[1]?.old).toEqual({ id: data.id });
    expect(toAnna[2]).toMatchObject({ new: {}, old: { id: data.id } });
    // As hosted: a deleted row cannot be asked for, so its primary key alone goes to all who may read the table.
    expect(toBert.map((change) => change.eventType)).toEqual(['DELETE']);
  });

  it('carries broadcasts and presence between clients', async () => {
    const [first, second] = [clientWith(credentials.anonKey, vsn), clientWith(credentials.anonKey, vsn)];
    const heard: unknown[] = [];
    const listening = second.channel('room', { config: { presence: { key: 'second' } } });
    listening.on('broadcast', { event: '*' }, (message) => heard.push([message['event'], message['payload']]));
    listening.on('presence', { event: 'join' }, ({ key }) => heard.push(['joined', key]));
    listening.on('presence', { event: 'leave' }, ({ key }) => heard.push(['left', key]));
    await subscribed(listening);
    const speaking = first.channel('room', { config: { broadcast: { ack: true, self: false }, presence: { key: 'first' } } });
    await subscribed(speaking);
    const sent = await speaking.send({ type: 'broadcast', event: 'hello', payload: { word: 'ü' } });
    await clientWith(credentials.anonKey, vsn).channel('room').httpSend('over-http', { word: 'plain' });
    await speaking.track({ mood: 'good' });
    await expect.poll(() => heard.length, { timeout: 5000 }).toBe(3);
    const present = listening.presenceState();
    await first.removeAllChannels();
    await expect.poll(() => heard.length, { timeout: 5000 }).toBe(4);

    expect(sent).toBe('ok');
    expect(present).toMatchObject({ first: [{ mood: 'good' }] });
    expect(heard).toEqual([
      ['hello', { word: 'ü' }],
      ['over-http', { word: 'plain' }],
      ['joined', 'first'],
      ['left', 'first'],
    ]);
  });
});

describe('Realtime', () => {
  it('keeps to the filter of a subscription, and to the publication', async () => {
    const client = clientWith(credentials.serviceRoleKey);
    const owner = '00000000-0000-4000-8000-000000000001';
    const large = await listen(client, { ...everything, filter: 'amount=gt.10' });
    const named = await listen(client, { ...everything, filter: 'text=in.(one,"two, three")' });
    const all = await listen(client, { event: '*', schema: '*' });
    await sql`insert into silent (id) values (1)`;
    for (const [text, amount] of [
      ['one', 9],
      ['two, three', 10.5],
      ['four', 100],
    ] as const) {
      await sql`insert into notes (owner, text, amount) values (${owner}, ${text}, ${amount})`;
    }
    await expect.poll(() => all.length, { timeout: 10_000 }).toBe(3);

    expect(large.map((change) => change.new)).toMatchObject([{ amount: 10.5 }, { amount: 100 }]);
    expect(named.map((change) => change.new)).toMatchObject([{ text: 'one' }, { text: 'two, three' }]);
    expect(all.every((change) => change.table === 'notes')).toBe(true);
  });

  it('sends the changes of one transaction in order and nothing of one that is rolled back', async () => {
    const heard = await listen(clientWith(credentials.serviceRoleKey), everything);
    const owner = '00000000-0000-4000-8000-000000000002';
    await sql
      .begin(async (transaction) => {
        await transaction`insert into notes (owner, text) values (${owner}, 'never')`;
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await sql.begin(async (transaction) => {
      for (let index = 0; index < 50; index += 1) await transaction`insert into notes (owner, text) values (${owner}, ${`row ${index}`})`;
    });
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(50);

    expect(heard.map((change) => change.new)).toMatchObject(Array.from({ length: 50 }, (_, index) => ({ text: `row ${index}` })));
  });

  it('refuses a wrong key, a foreign token and a filter that is none', async () => {
    const stranger = clientWith('wrong');
    const forged = clientWith(credentials.anonKey);
    await forged.realtime.setAuth('eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.AAAA');
    const broken = clientWith(credentials.anonKey)
      .channel('b')
      .on('postgres_changes', { ...everything, filter: 'nonsense' }, () => undefined);

    expect(await subscribed(stranger.channel('s'))).not.toBe('SUBSCRIBED');
    expect(await subscribed(forged.channel('f'))).toBe('CHANNEL_ERROR');
    expect(await subscribed(broken)).toBe('CHANNEL_ERROR');
  });

  it('lets clients join again by themselves after Postgres was restarted', async () => {
    const anna = await signedIn();
    const heard = await listen(anna, everything);
    await service.postgres.restart();
    await sql`select 1`.catch(() => undefined);
    await expect
      .poll(
        async () => {
          await anna.from('notes').insert({ text: 'after' });
          return heard.length;
        },
        { timeout: 30_000, interval: 500 },
      )
      .toBeGreaterThan(0);
  });
});
