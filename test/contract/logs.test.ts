import { afterAll, beforeAll, expect, it } from 'vitest';
import { managementApi } from '../../src/adapters/supabase/supabase-api.ts';
import { supabaseLogs } from '../../src/adapters/supabase/supabase-logs.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import type { DatabaseLogs } from '../../src/core/ports/logs.ts';
import { serveLoopback } from '../../src/local/loopback.ts';
import { freePort } from '../support/free-port.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import { startTestManagement, type TestManagement } from '../support/supabase-management.ts';

let cloud: TestManagement;
let ref: string;
let other: string;
let logs: DatabaseLogs;
const closers: (() => Promise<unknown>)[] = [];
const { signal } = new AbortController();

beforeAll(async () => {
  cloud = await startTestManagement({ projectChangeMs: 50 });
  ref = await cloud.project('staging');
  other = await cloud.project('other');
  const port = await freePort();
  const server = await serveLoopback(cloud.service.app, port, 'the Management API');
  logs = opened(`http://127.0.0.1:${port}`, cloud.accessToken);
  closers.push(() => server.stop());
}, 60_000);

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
  await cloud.remove();
});

function opened(localUrl: string, accessToken: string): DatabaseLogs {
  const api = managementApi({ accessToken, localUrl, clock: systemClock });
  closers.push(() => api.close());
  return supabaseLogs(api);
}

const lastMinutes = () => ({ fromMs: Date.now() - 600_000, toMs: Date.now() + 1 });

it('reads what Postgres wrote of one project, and nothing of another', async () => {
  await cloud.api('POST', `/v1/projects/${ref}/database/query`, { query: 'select * from nowhere_here' });
  await cloud.api('POST', `/v1/projects/${other}/database/query`, { query: 'select * from nowhere_else' });

  const { entries, complete } = await logs.read(ref, 'postgres', lastMinutes(), signal);

  expect(complete).toBe(true);
  expect(entries).toContainEqual({
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    source: 'postgres',
    level: 'error',
    message: expect.stringContaining('relation "nowhere_here" does not exist'),
    deploymentId: null,
  });
  expect(entries.filter(({ message }) => message.includes('nowhere_else'))).toEqual([]);
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted());
});

it('reads what Auth wrote: who asked for what, and what came of it, without what was sent', async () => {
  const client = await cloud.client(ref, 'anon');
  const beforeMs = Date.now();
  await client.auth.signInWithPassword({ email: 'nobody@staging.test', password: 'canary-password' });

  const { entries } = await logs.read(ref, 'auth', { fromMs: beforeMs, toMs: Date.now() + 1 }, signal);

  expect(entries.map(({ level, message }) => [level, message])).toEqual([
    ['info', 'POST /token 400 request completed: Invalid login credentials'],
  ]);
  expect((await logs.read(ref, 'auth', { fromMs: beforeMs - 60_000, toMs: beforeMs }, signal)).entries).not.toContainEqual(entries[0]);
  expect((await logs.read(other, 'auth', lastMinutes(), signal)).entries).toEqual([]);
});

it('refuses what the platform refuses: no query, a span of more than a day, tables that are not there', async () => {
  const path = `/v1/projects/${ref}/analytics/endpoints/logs.all`;
  const sql = encodeURIComponent('select event_message from logs');
  const statuses = [
    (await cloud.api('GET', path)).status,
    (await cloud.api('GET', `${path}?sql=${sql}&iso_timestamp_start=2026-11-25T00:00:00Z&iso_timestamp_end=2026-11-27T00:00:00Z`)).status,
    (await cloud.api('GET', `${path}?sql=${encodeURIComponent('select timestamp from postgres_logs')}`)).status,
    (await cloud.api('GET', `${path}?sql=${sql}`)).status,
  ];

  expect(statuses).toEqual([400, 400, 400, 200]);
});

it('asks a project that is older than the table `logs` by the tables that it has, and reads their microseconds', async () => {
  const server = await startLoopbackServer(({ query }, response) => {
    const isOld = (query['sql'] ?? '').includes('from postgres_logs');
    const body = isOld
      ? { result: [{ timestamp: Date.UTC(2026, 10, 27, 3, 0, 1) * 1000, event_message: 'connection received' }] }
      : { result: [], error: { message: 'Table not found: logs' } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  closers.push(() => server.close());
  const window = { fromMs: Date.UTC(2026, 10, 27, 3), toMs: Date.UTC(2026, 10, 27, 3, 1) };
  const old = opened(server.url, 'sbp_old');

  const first = await old.read('a'.repeat(20), 'postgres', window, signal);
  await old.read('a'.repeat(20), 'postgres', window, signal);

  expect(first.entries).toEqual([
    { at: '2026-11-27T03:00:01.000Z', source: 'postgres', level: null, message: 'connection received', deploymentId: null },
  ]);
  expect(server.seen).toHaveLength(3);
});
