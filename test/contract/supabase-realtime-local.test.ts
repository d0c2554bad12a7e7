import { createClient } from '@supabase/supabase-js';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect } from 'vitest';
import { supabaseRealtime } from '../../src/adapters/realtime/supabase-realtime.ts';
import type { Session } from '../../src/core/ports/web.ts';
import { hasAppPrograms } from '../support/app-world.ts';
import { requires } from '../support/requires.ts';
import { startTestSupabase, type TestSupabase } from '../support/supabase.ts';

const test = requires('redis-server', 'pgbouncer');
const never = new AbortController().signal;
let supabase: TestSupabase;
let sql: Sql;
let session: Session;

beforeAll(async () => {
  if (!hasAppPrograms) return;
  supabase = await startTestSupabase();
  sql = postgres(supabase.directUrl, { max: 2, onnotice: () => undefined });
  for (const table of ['heard', 'unheard', 'closed']) {
    await sql.unsafe(`
      create table public.${table} (id uuid primary key default gen_random_uuid(), owner uuid not null default auth.uid(), note text);
      alter table public.${table} enable row level security;
      grant select, insert, delete on public.${table} to authenticated;
      ${table === 'closed' ? '' : `create policy own on public.${table} for all to authenticated using (owner = auth.uid()) with check (owner = auth.uid());`}
      ${table === 'unheard' ? '' : `alter publication supabase_realtime add table public.${table};`}`);
  }
  await sql`notify pgrst, 'reload schema'`;
  session = await signIn('agent1@staging.test');
});

afterAll(async () => {
  if (!hasAppPrograms) return;
  await sql.end({ timeout: 1 });
  await supabase.remove();
});

async function signIn(email: string): Promise<Session> {
  const options = { auth: { persistSession: false, autoRefreshToken: false } };
  const password = 'correct horse battery staple';
  await createClient(supabase.url, supabase.serviceRoleKey, options).auth.admin.createUser({ email, password, email_confirm: true });
  const { data, error } = await createClient(supabase.url, supabase.anonKey, options).auth.signInWithPassword({ email, password });
  if (error !== null || data.session === null) throw error ?? new Error('No session.');
  return { userId: data.user.id, email, headers: {}, accessToken: data.session.access_token };
}

function probe(table: string, as = session, timeoutMs = 5000) {
  return supabaseRealtime({ url: supabase.url, anonKey: supabase.anonKey }).probe(table, { note: 'probe' }, as, timeoutMs, never);
}

test('thirty probes in a row all come back, and leave no row', async () => {
  const silent: unknown[] = [];

  for (let turn = 0; turn < 30; turn += 1) {
    const outcome = await probe('heard', session, 15_000);
    if (outcome.kind !== 'event') silent.push({ turn, outcome });
  }

  expect(silent).toEqual([]);
  expect(await sql`select count(*)::int as count from public.heard`).toEqual([{ count: 0 }]);
});

test('ten probes at once each see their own row', async () => {
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => probe('heard', session, 15_000)));

  expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'event'));
});

test('a table that is not in the publication is silent, and its row is removed', async () => {
  expect(await probe('unheard', session, 1500)).toMatchObject({ kind: 'silent', stage: 'event' });
  expect(await sql`select count(*)::int as count from public.unheard`).toEqual([{ count: 0 }]);
});

test('a table whose policies refuse the row is silent at the insert and says why', async () => {
  expect(await probe('closed')).toMatchObject({
    kind: 'silent',
    stage: 'insert',
    message: expect.stringMatching(/row-level security policy .* \(42501\)/),
  });
});

test('a table that does not exist is silent at the insert', async () => {
  expect(await probe('no_such_table')).toMatchObject({ kind: 'silent', stage: expect.stringMatching(/subscribe|insert/) });
});

test('a token that is not the project’s is silent at the subscription and says why', async () => {
  const forged = { ...session, accessToken: `${session.accessToken.slice(0, -4)}AAAA` };

  expect(await probe('heard', forged)).toMatchObject({ kind: 'silent', stage: 'subscribe', message: expect.stringMatching(/JWT/) });
});
