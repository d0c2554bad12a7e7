import { randomBytes } from 'node:crypto';
import { Redis as RestRedis } from '@upstash/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { startUpstash, type UpstashService } from '../../src/local/upstash/service.ts';
import { ask, type ApiAnswer } from '../support/local-api.ts';
import { keepAnswers } from '../support/openapi/answer-check.ts';
import { requires } from '../support/requires.ts';
import { testContext, type TestContext } from '../support/service-context.ts';

const it = requires('redis-server');
const email = 'someone@staging.test';
const apiKey = randomBytes(16).toString('hex');

const kept = keepAnswers();
let test: TestContext;
let service: UpstashService;
let id: string;
let restUrl: string;

beforeAll(async () => {
  test = await testContext();
  service = await start(test.context);
  ({ id } = await service.createDatabase({ name: 'staging', primaryRegion: 'eu-west-1' }));
  ({ restUrl } = await service.addresses(id));
});

afterAll(async () => {
  await service.stop();
  await test.remove();
  kept.verify();
});

function start(context: TestContext['context']): Promise<UpstashService> {
  return startUpstash(context, { email, apiKey, searchPath: process.env['PATH'] ?? '' });
}

function basic(user: string, key: string): string {
  return `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`;
}

function api(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
  return ask(kept.of(service), { authorization: basic(email, apiKey), method, path, body });
}

function database() {
  const found = service.databases().find((one) => one.id === id);
  if (found === undefined) throw new Error('The database of the tests is gone.');
  return found;
}

function rest(token = database().restToken): RestRedis {
  return new RestRedis({ url: restUrl, token });
}

async function tcp(): Promise<Redis> {
  const { url } = await service.addresses(id);
  return new Redis(url, { retryStrategy: () => null });
}

async function raw(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${restUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${database().restToken}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: JSON.parse(await response.text()), syncToken: response.headers.get('upstash-sync-token') };
}

describe('Developer API', () => {
  it('refuses wrong credentials and a foreign host', async () => {
    const wrong = await ask(kept.of(service), { authorization: basic(email, 'wrong'), method: 'GET', path: '/v2/redis/databases' });
    const missing = await ask(kept.of(service), { authorization: '', method: 'GET', path: '/v2/redis/databases' });
    const rebound = await ask(kept.of(service), {
      authorization: basic(email, apiKey),
      method: 'GET',
      path: '/v2/redis/databases',
      host: 'evil.example',
    });

    expect(wrong).toEqual({ status: 401, body: 'Unauthorized' });
    expect(missing.status).toBe(401);
    expect(rebound.status).toBe(421);
  });

  it('creates by both spellings, lists, renames and deletes', async () => {
    const bySpecification = await api('POST', '/v2/redis/database', { database_name: 'one', platform: 'aws', primary_region: 'us-east-1' });
    const byClient = await api('POST', '/v2/redis/database', {
      database_name: 'two',
      region: 'global',
      primary_region: 'eu-west-1',
      read_regions: [],
    });
    const list = await api('GET', '/v2/redis/databases');
    const two: { database_id: string } = JSON.parse(JSON.stringify(byClient.body));
    const renamed = await api('POST', `/v2/redis/rename/${two.database_id}`, { name: 'three' });
    const deleted = await api('DELETE', `/v2/redis/database/${two.database_id}`);
    const gone = await api('GET', `/v2/redis/database/${two.database_id}`);

    expect(bySpecification).toMatchObject({ status: 200, body: { database_name: 'one', state: 'active', eviction: false, tls: false } });
    expect(byClient.body).toMatchObject({
      endpoint: '127.0.0.1',
      port: expect.any(Number),
      password: expect.any(String),
      rest_token: expect.any(String),
    });
    expect(list.body).toEqual(['staging', 'one', 'two'].map((name) => expect.objectContaining({ database_name: name })));
    expect(renamed.body).toMatchObject({ database_name: 'three' });
    expect(deleted).toEqual({ status: 200, body: 'OK' });
    expect(gone).toEqual({ status: 404, body: 'database not found' });
  });

  it('refuses a region that there is not, and says what it does not emulate', async () => {
    const nowhere = await api('POST', '/v2/redis/database', { database_name: 'x', platform: 'aws', primary_region: 'mars-1' });
    const empty = await api('POST', '/v2/redis/database', {});
    const teams = await api('GET', '/v2/teams');

    expect(nowhere).toMatchObject({ status: 400, body: expect.stringContaining('primary_region') });
    expect(empty.status).toBe(400);
    expect(teams).toMatchObject({ status: 404, body: expect.stringContaining('not emulated') });
  });

  it('hides credentials when asked, and says where a database is reached', async () => {
    const hidden = await api('GET', `/v2/redis/database/${id}?credentials=hide`);
    const local = await api('GET', `/_local/databases/${id}`);

    expect(hidden.body).not.toHaveProperty('password');
    expect(hidden.body).not.toHaveProperty('rest_token');
    expect(local.body).toEqual(await service.addresses(id));
  });

  it('switches eviction in the running server', async () => {
    const redis = await tcp();
    const before = await redis.info('memory');
    await api('POST', `/v2/redis/enable-eviction/${id}`);
    const on = await redis.info('memory');
    await api('POST', `/v2/redis/disable-eviction/${id}`);
    const off = await redis.info('memory');
    redis.disconnect();

    expect(before).toContain('maxmemory_policy:noeviction');
    expect(on).toContain('maxmemory_policy:allkeys-random');
    expect(off).toContain('maxmemory_policy:noeviction');
  });

  it('counts keys in its statistics', async () => {
    await rest().set('counted', 1);
    const { body } = await api('GET', `/v2/redis/stats/${id}`);

    expect(body).toMatchObject({ keyspace: [{ y: expect.any(Number) }], connection_count: [{ y: expect.any(Number) }] });
    expect(JSON.parse(JSON.stringify(body)).keyspace[0].y).toBeGreaterThan(0);
  });
});

describe('Redis REST with @upstash/redis', () => {
  it('reads and writes values of every kind', async () => {
    const redis = rest();
    const bytes = 'ü 漢 \u0000 "quoted"';

    expect(await redis.set('text', bytes)).toBe('OK');
    expect(await redis.get('text')).toBe(bytes);
    expect(await redis.set('object', { a: [1, null, 'x'] })).toBe('OK');
    expect(await redis.get('object')).toEqual({ a: [1, null, 'x'] });
    expect(await redis.get('missing')).toBeNull();
    expect(await redis.incrby('number', 41)).toBe(41);
    expect(await redis.hset('hash', { a: 1, b: 'two' })).toBe(2);
    expect(await redis.hgetall('hash')).toEqual({ a: 1, b: 'two' });
    expect(await redis.zadd('sorted', { score: 1, member: 'm' }, { score: 2, member: 'n' })).toBe(2);
    expect(await redis.zrange('sorted', 0, -1, { withScores: true })).toEqual(['m', 1, 'n', 2]);
    expect(await redis.eval('return {KEYS[1], ARGV[1], 7, {false}}', ['k'], ['v'])).toEqual(['k', 'v', 7, [null]]);
    expect(await redis.ping()).toBe('PONG');
  });

  it('runs pipelines and transactions, with an error in its place', async () => {
    const redis = rest();
    const piped = await redis.pipeline().set('p', 1).incr('p').lpush('p', 'x').get('p').exec({ keepErrors: true });
    const atomic = await redis.multi().set('m', 1).incr('m').get('m').exec();

    expect(piped.map((one) => one.error ?? one.result)).toEqual(['OK', 2, expect.stringContaining('WRONGTYPE'), 2]);
    expect(atomic).toEqual(['OK', 2, 2]);
  });

  it('keeps transactions apart from what others send meanwhile', async () => {
    const redis = rest();
    await redis.set('turn', 0);
    const rounds = Array.from({ length: 50 }, () => redis.multi().incr('turn').incr('turn').exec());
    const [results] = await Promise.all([Promise.all(rounds), ...Array.from({ length: 50 }, () => redis.set('noise', 1))]);

    expect(results.every((pair) => pair[1] === pair[0] + 1)).toBe(true);
    expect(await redis.get('turn')).toBe(100);
  });

  it('lets the read-only token read alone, and refuses a wrong one', async () => {
    await rest().set('shown', 'value');
    const reader = rest(database().readOnlyToken);

    expect(await reader.get('shown')).toBe('value');
    await expect(reader.set('shown', 'other')).rejects.toThrow(/NOPERM/);
    await expect(rest('wrong').get('shown')).rejects.toThrow(/WRONGPASS/);
  });

  it('takes values of many megabytes and refuses what is too large', async () => {
    const large = randomBytes(3_000_000).toString('base64');
    await rest().set('large', large);

    expect(await rest().get('large')).toBe(large);
    const refused = await raw('POST', '/', JSON.stringify(['set', 'larger', 'x'.repeat(11 * 1024 * 1024)]));
    expect(refused).toMatchObject({ status: 413, body: { error: expect.stringContaining('max request size exceeded') } });
  });

  it('answers the plain protocol: paths, base64, sync token, errors', async () => {
    await raw('POST', '/set/path/value?EX=100');
    const body = await raw('PUT', '/set/body', 'from the body');
    const base64 = await raw('POST', '/', '["get","path"]', { 'upstash-encoding': 'base64', 'upstash-sync-token': 'abc' });

    expect(await raw('GET', '/get/path')).toMatchObject({ status: 200, body: { result: 'value' }, syncToken: expect.any(String) });
    expect((await raw('GET', '/ttl/path')).body.result).toBeGreaterThan(90);
    expect(body.body).toEqual({ result: 'OK' });
    expect((await raw('GET', '/get/body')).body).toEqual({ result: 'from the body' });
    expect(base64).toEqual({ status: 200, body: { result: Buffer.from('value').toString('base64') }, syncToken: 'abc' });
    expect((await raw('POST', '/', '["nope"]')).status).toBe(400);
    expect(await raw('POST', '/', '{')).toMatchObject({ status: 400, body: { error: 'ERR failed to parse command' } });
    expect(await raw('POST', '/pipeline', '[["get"],["get","path"]]')).toMatchObject({
      status: 200,
      body: [{ error: expect.stringContaining('wrong number of arguments') }, { result: 'value' }],
    });
    expect(await raw('POST', '/multi-exec', '[["set","x"],["get","path"]]')).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('EXECABORT') },
    });
    expect(await raw('GET', '/blpop/queue/1')).toMatchObject({ status: 400, body: { error: expect.stringContaining('not available') } });
    expect((await raw('DELETE', '/')).status).toBe(405);
  });
});

describe('TCP', () => {
  it('is the same database as REST, behind its password', async () => {
    const redis = await tcp();
    const value = randomBytes(8).toString('hex');
    await rest().set('shared', value);
    await redis.set('back', `${value}!`);
    const { host, port } = await service.addresses(id);
    const intruder = new Redis({ host, port, password: 'wrong', lazyConnect: true, retryStrategy: () => null });
    intruder.on('error', () => undefined);

    expect(await redis.get('shared')).toBe(value);
    expect(await rest().get('back')).toBe(`${value}!`);
    await expect(intruder.connect()).rejects.toThrow(/closed/i);
    redis.disconnect();
    intruder.disconnect();
  });

  it('keeps databases apart', async () => {
    const other = await service.createDatabase({ name: 'other', primaryRegion: 'us-east-1' });
    const { url, restUrl: otherUrl } = await service.addresses(other.id);
    await rest().set('mine', 'yes');
    const theirs = new Redis(url, { retryStrategy: () => null });

    expect(await theirs.get('mine')).toBeNull();
    await expect(new RestRedis({ url: otherUrl, token: database().restToken }).get('mine')).rejects.toThrow(/WRONGPASS/);
    theirs.disconnect();
  });
});

describe('What survives', () => {
  it('ends what used the old password when it is reset, and opens to the new one', async () => {
    const before = database();
    await rest().set('kept', 'value');
    const old = await tcp();
    const { body } = await api('POST', `/v2/redis/reset-password/${id}`);
    const after = await tcp();

    expect(body).toMatchObject({ password: expect.not.stringMatching(new RegExp(`^${before.password}$`)) });
    await expect(rest(before.restToken).get('kept')).rejects.toThrow(/WRONGPASS/);
    expect(await rest().get('kept')).toBe('value');
    expect(await after.get('kept')).toBe('value');
    await expect(old.get('kept')).rejects.toThrow(/closed|WRONGPASS/i);
    old.disconnect();
    after.disconnect();
  });

  it('has databases, keys and passwords after a stop and a start', async () => {
    const before = database();
    await rest().set('restart', 'value');
    const addresses = await service.addresses(id);
    await service.stop();
    service = await start(await test.again());

    expect(database()).toEqual(before);
    expect(await service.addresses(id)).toEqual(addresses);
    expect(await rest().get('restart')).toBe('value');
  });
});
