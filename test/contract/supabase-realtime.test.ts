import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { supabaseRealtime } from '../../src/adapters/realtime/supabase-realtime.ts';
import type { RealtimeOutcome, Session } from '../../src/core/ports/web.ts';
import { freePort } from '../support/free-port.ts';
import { type RealtimeFaults, type RealtimeStub, startRealtimeStub } from '../support/realtime-stub.ts';

const session: Session = { userId: 'u1', email: 'agent1@staging.test', headers: {}, accessToken: 'user-token' };
const row = { user_id: 'u1', passengers: 2 };
const never = new AbortController().signal;
const stubs: RealtimeStub[] = [];

afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.close();
  vi.restoreAllMocks();
});

async function start(faults: RealtimeFaults = {}): Promise<RealtimeStub> {
  const stub = await startRealtimeStub(faults);
  stubs.push(stub);
  return stub;
}

function probe(url: string, timeoutMs = 3000, signal = never): Promise<RealtimeOutcome> {
  return supabaseRealtime({ url, anonKey: 'anon-key' }).probe('flight_requests', row, session, timeoutMs, signal);
}

async function expectClosed(stub: RealtimeStub): Promise<void> {
  for (let tries = 0; tries < 50 && stub.sockets() > 0; tries += 1) await delay(20);
  expect(stub.sockets()).toBe(0);
}

test('a row that is inserted as the user comes back as an event, and neither row nor socket is left', async () => {
  const stub = await start();

  const outcome = await probe(stub.url);

  expect(outcome).toMatchObject({ kind: 'event', afterMs: expect.any(Number) });
  expect(stub.rows.size).toBe(0);
  expect(new Set(stub.tokens)).toEqual(new Set(['join user-token', 'anon-key Bearer user-token']));
  await expectClosed(stub);
});

test('an event that comes before the answer of the insert counts', async () => {
  const stub = await start({ event: 'early' });

  expect(await probe(stub.url)).toMatchObject({ kind: 'event' });
});

test('a server that sends no system message is taken at its word', async () => {
  const stub = await start({ system: 'silent' });

  expect(await probe(stub.url)).toMatchObject({ kind: 'event' });
});

test.each<readonly [string, RealtimeFaults, string, RegExp]>([
  ['a refused join', { join: 'error' }, 'subscribe', /RealtimeDisabledForConfiguration/],
  ['a join that is never answered', { join: 'silent' }, 'subscribe', /nothing within 600 ms/],
  ['a refused upgrade', { upgradeStatus: 401 }, 'subscribe', /./],
  ['changes that cannot be followed', { system: 'error' }, 'subscribe', /Unable to subscribe to changes/],
  ['a refused insert', { insertStatus: 403 }, 'insert', /row-level security policy .* \(42501\)/],
  ['an insert that is never answered', { insertHangs: true }, 'insert', /no answer within 600 ms/],
  ['an insert that is answered too late', { insertAnswerDelayMs: 900 }, 'insert', /no answer within 600 ms/],
  ['no event', { event: 'silent' }, 'event', /nothing within 600 ms/],
  ['the event of another row', { event: 'other-row' }, 'event', /nothing within 600 ms/],
  ['a socket that is cut', { cut: true }, 'subscribe', /./],
])('%s is silence at its stage, in time, and leaves neither row nor socket', async (_name, faults, stage, message) => {
  const stub = await start(faults);
  const startedMs = performance.now();

  const outcome = await probe(stub.url, 600);

  expect(outcome).toMatchObject({ kind: 'silent', stage, message: expect.stringMatching(message) });
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  expect(stub.rows.size).toBe(0);
  await expectClosed(stub);
});

test('nothing listening is silence at once, without a word on the console', async () => {
  const said = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn'), vi.spyOn(console, 'log')];

  const outcome = await probe(`http://127.0.0.1:${await freePort()}`);

  expect(outcome).toMatchObject({ kind: 'silent', stage: 'subscribe' });
  for (const spy of said) expect(spy).not.toHaveBeenCalled();
});

test('a row that cannot be removed again is REALTIME_ROW_LEFT, which names it', async () => {
  const stub = await start({ deleteStatus: 403 });

  await expect(probe(stub.url)).rejects.toMatchObject({
    code: 'REALTIME_ROW_LEFT',
    kind: 'red',
    fix: expect.stringMatching(/remove the row \{"id":"[0-9a-f-]{36}"\}/),
  });
});

test.each<readonly [string, RealtimeFaults]>([
  ['while the event is awaited', {}],
  ['while the answer of the insert is on its way', { insertAnswerDelayMs: 300 }],
])('an interruption %s rejects with its reason and still removes the row and the socket', async (_when, faults) => {
  const stub = await start({ event: 'silent', ...faults });
  const abort = new AbortController();
  const reason = new Error('stop');

  const probing = probe(stub.url, 5000, abort.signal);
  while (stub.rows.size === 0) await delay(10);
  abort.abort(reason);

  await expect(probing).rejects.toBe(reason);
  expect(stub.rows.size).toBe(0);
  await expectClosed(stub);
});

test.each<readonly [string, RealtimeFaults]>([
  ['a good one', {}],
  ['a dead one', { join: 'silent' }],
  ['a cut one', { cut: true }],
])('after a probe of %s the process ends by itself', async (_name, faults) => {
  const stub = await start(faults);
  const program = `
    import { supabaseRealtime } from './src/adapters/realtime/supabase-realtime.ts';
    const session = ${JSON.stringify(session)};
    await supabaseRealtime({ url: '${stub.url}', anonKey: 'k' }).probe('t', {}, session, 500, new AbortController().signal);
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: 'inherit', timeout: 8000 });

  const [code] = await once(child, 'exit');

  expect(code).toBe(0);
});
