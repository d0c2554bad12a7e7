import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { findComponent, requires } from '../support/requires.ts';
import { runProcess } from '../support/run-process.ts';
import { signal } from '../support/signal.ts';
import { startTestUpstash, type TestDatabase, type TestUpstash } from '../support/upstash.ts';

const it = requires('redis-server');

let upstash: TestUpstash;
let database: TestDatabase;

beforeAll(async () => {
  upstash = await startTestUpstash();
  database = await upstash.create({ name: 'staging', primaryRegion: 'eu-west-1' });
});

afterAll(() => upstash.stop());

it('runs scripts by text and by digest, and loads one that it does not know yet', async () => {
  const redis = await database.rest();
  const script = redis.createScript<string>('return ARGV[1] .. "!"');
  const digest = await redis.scriptLoad('return {KEYS[1], ARGV[1]}');

  expect(await script.exec([], ['loaded'])).toBe('loaded!');
  expect(await script.evalsha([], ['known'])).toBe('known!');
  expect(await redis.evalsha(digest, ['key'], ['value'])).toEqual(['key', 'value']);
  await expect(redis.evalsha('0'.repeat(40), [], [])).rejects.toThrow(/NOSCRIPT/);
});

it('sends what one tick asks for as one pipeline', async () => {
  const redis = await database.rest();
  await redis.set('counter', 0);
  const answers = await Promise.all(Array.from({ length: 100 }, () => redis.incr('counter')));

  expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

it('scans all keys, in several steps', async () => {
  const redis = await database.rest();
  await redis.mset(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`scanned:${index}`, index])));
  const found = new Set<string>();
  let cursor = '0';
  let steps = 0;
  do {
    const [next, keys] = await redis.scan(cursor, { match: 'scanned:*', count: 20 });
    for (const key of keys) found.add(key);
    cursor = next;
    steps += 1;
  } while (cursor !== '0');

  expect(found.size).toBe(200);
  expect(steps).toBeGreaterThan(3);
});

it('keeps the read-only token from writing and from going over all keys', async () => {
  const reader = await database.rest(database.stored().readOnlyToken);
  await (await database.rest()).set('shown', 'value');

  expect(await reader.get('shown')).toBe('value');
  for (const refused of [() => reader.set('shown', 'x'), () => reader.keys('*'), () => reader.scan('0'), () => reader.flushall()])
    await expect(refused()).rejects.toThrow(/NOPERM/);
});

it('refuses what needs a connection of its own, in a pipeline in its place', async () => {
  const names = ['WATCH', 'UNWATCH', 'MULTI', 'EXEC', 'DISCARD', 'BLPOP', 'BRPOP', 'BLMOVE', 'SUBSCRIBE', 'SELECT', 'CONFIG'];
  const refused = await Promise.all(names.map((name) => database.raw('POST', '/', JSON.stringify([name, 'x', '1']))));
  const piped = await database.raw('POST', '/pipeline', '[["watch","a"],["set","b","1"],["xread","block","0","streams","s","$"]]');
  const atomic = await database.raw('POST', '/multi-exec', '[["set","c","1"],["watch","a"]]');

  expect(refused.map(({ status }) => status)).toEqual(names.map(() => 400));
  expect(refused.map((answer) => answer.body()['error'])).toEqual(
    names.map((name) => expect.stringContaining(`Command is not available: '${name}'`)),
  );
  expect(piped.body()).toEqual([
    { error: expect.stringContaining("'WATCH'") },
    { result: 'OK' },
    { error: expect.stringContaining("'XREAD BLOCK'") },
  ]);
  expect(atomic.status).toBe(400);
  expect((await database.raw('GET', '/exists/c')).body()).toEqual({ result: 0 });
});

it('answers in Redis’ own protocol when asked to', async () => {
  const resp2 = { 'upstash-response-format': 'resp2' };
  const set = await database.raw('POST', '/set/resp/ü', undefined, resp2);
  const get = await database.raw('GET', '/get/resp', undefined, resp2);
  const missing = await database.raw('GET', '/get/nothing', undefined, resp2);
  const list = await database.raw('POST', '/pipeline', '[["rpush","l","a","b"],["lrange","l","0","-1"],["get","l"]]', resp2);
  const wrong = await database.raw('GET', '/get/resp', undefined, { 'upstash-response-format': 'xml' });
  const both = await database.raw('GET', '/get/resp', undefined, { ...resp2, 'upstash-encoding': 'base64' });

  expect([set.text, set.type]).toEqual(['+OK\r\n', 'application/octet-stream']);
  expect([get.text, missing.text]).toEqual(['$2\r\nü\r\n', '$-1\r\n']);
  expect(list.text).toMatch(/^:2\r\n\*2\r\n\$1\r\na\r\n\$1\r\nb\r\n-WRONGTYPE .*\r\n$/);
  expect([wrong.status, both.status]).toEqual([400, 400]);
});

it('takes the token in the address, and the body as the last argument before the query', async () => {
  const token = database.stored().restToken;
  const url = await database.restUrl();
  const put = await fetch(`${url}/set/body?_token=${token}&EX=100`, { method: 'PUT', body: new Uint8Array([0, 255, 10]) });
  const read = await fetch(`${url}/get/body?_token=${token}`, { headers: { 'upstash-encoding': 'base64' } });
  const head = await fetch(`${url}/get/body?_token=${token}`, { method: 'HEAD' });

  expect(await put.json()).toEqual({ result: 'OK' });
  expect(await read.json()).toEqual({ result: Buffer.from([0, 255, 10]).toString('base64') });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect((await fetch(`${url}/get/body?_token=wrong`)).status).toBe(401);
});

it('hands published messages to subscribers, by name and by pattern', async () => {
  const redis = await database.rest();
  const byName = redis.subscribe<{ n: number }>('chat:one');
  const byPattern = redis.psubscribe<{ n: number }>('chat:*');
  const messages = signal<unknown>();
  const patterned = signal<unknown>();
  byName.on('message', (message) => messages.reach(message));
  byPattern.on('pmessage', (message) => patterned.reach(message));
  await Promise.all([
    new Promise((resolve) => byName.on('subscribe', resolve)),
    new Promise((resolve) => byPattern.on('psubscribe', resolve)),
  ]);
  const receivers = await redis.publish('chat:one', { n: 7 });

  expect(receivers).toBe(2);
  expect(await messages.reached).toEqual({ channel: 'chat:one', message: { n: 7 } });
  expect(await patterned.reached).toEqual({ pattern: 'chat:*', channel: 'chat:one', message: { n: 7 } });
  await byName.unsubscribe();
  await byPattern.unsubscribe();
});

it('shows every command to a monitor, and none to the read-only token', async () => {
  const redis = await database.rest();
  const leave = new AbortController();
  const headers = (token: string) => ({ authorization: `Bearer ${token}`, accept: 'text/event-stream' });
  const url = `${await database.restUrl()}/monitor`;
  const refused = await fetch(url, { method: 'POST', headers: headers(database.stored().readOnlyToken) });
  const watched = await fetch(url, { method: 'POST', headers: headers(database.stored().restToken), signal: leave.signal });
  await redis.set('watched', 'value');
  let seen = '';
  for await (const chunk of watched.body ?? []) {
    seen += Buffer.from(chunk).toString('utf8');
    if (seen.includes('watched')) break;
  }
  leave.abort();

  expect([refused.status, await refused.json()]).toEqual([400, { error: expect.stringContaining('NOPERM') }]);
  expect(watched.headers.get('content-type')).toBe('text/event-stream');
  expect(seen).toMatch(/^data: "OK"\n\n/);
  expect(seen).toMatch(/^data: \d+\.\d+ \[0 .*\] "set" "watched" "value"$/im);
});

it('is one database for REST, TCP and redis-cli', async () => {
  const value = randomBytes(12).toString('hex');
  const program = findComponent('redis-server')?.replace(/redis-server$/, 'redis-cli') ?? '';
  const rest = await database.rest();
  const tcp = await database.tcp();
  const cli = async (...command: string[]) =>
    (await runProcess(program, ['--no-auth-warning', '-u', await database.url(), ...command])).stdout.trim();
  await rest.set('shared', value);

  expect(await tcp.get('shared')).toBe(value);
  expect(await cli('GET', 'shared')).toBe(value);
  expect(await cli('SET', 'shared', `${value}-cli`)).toBe('OK');
  expect(await rest.get('shared')).toBe(`${value}-cli`);
  tcp.disconnect();
});
