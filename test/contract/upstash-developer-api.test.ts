import { afterAll, beforeAll, expect } from 'vitest';
import { requires } from '../support/requires.ts';
import { startTestUpstash, type TestDatabase, type TestUpstash } from '../support/upstash.ts';

const it = requires('redis-server');

let upstash: TestUpstash;
let database: TestDatabase;

beforeAll(async () => {
  upstash = await startTestUpstash();
  database = await upstash.create({ name: 'staging', primaryRegion: 'eu-west-1', plan: 'free' });
});

afterAll(() => upstash.stop());

async function shown(): Promise<Record<string, unknown>> {
  const { body } = await upstash.api('GET', `/v2/redis/database/${database.id}`);
  return JSON.parse(JSON.stringify(body));
}

async function backups(): Promise<readonly { readonly backup_id: string; readonly name: string; readonly backup_size: number }[]> {
  const { body } = await upstash.api('GET', `/v2/redis/list-backup/${database.id}`);
  return JSON.parse(JSON.stringify(body));
}

it('changes the plan by both spellings, and the memory limit of the running server with it', async () => {
  const redis = await database.tcp();
  const limit = async () => Number(/maxmemory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  const free = await limit();
  const bySpecification = await upstash.api('POST', `/v2/redis/${database.id}/change-plan`, { plan_name: 'fixed_1gb', auto_upgrade: true });
  const gigabyte = await limit();
  const shownGigabyte = await shown();
  const byClient = await upstash.api('POST', `/v2/redis/change-plan/${database.id}`, { plan: 'fixed_250mb' });
  const unknown = await upstash.api('POST', `/v2/redis/change-plan/${database.id}`, { plan: 'enormous' });
  redis.disconnect();

  expect([free, gigabyte]).toEqual([256 * 1024 * 1024, 1024 * 1024 * 1024]);
  expect([bySpecification, byClient]).toEqual([
    { status: 200, body: 'OK' },
    { status: 200, body: 'OK' },
  ]);
  expect(shownGigabyte).toMatchObject({ type: 'paid', auto_upgrade: true, db_memory_threshold: gigabyte });
  expect(unknown).toMatchObject({ status: 400, body: expect.stringContaining('plan') });
  expect((await shown())['db_memory_threshold']).toBe(250 * 1024 * 1024);
});

it('keeps budget, read regions and automatic upgrade', async () => {
  const answers = [
    await upstash.api('PATCH', `/v2/redis/update-budget/${database.id}`, { budget: 360 }),
    await upstash.api('POST', `/v2/redis/update-regions/${database.id}`, { read_regions: ['us-west-1', 'us-west-2'] }),
    await upstash.api('POST', `/v2/redis/disable-autoupgrade/${database.id}`),
  ];
  const refused = await upstash.api('POST', `/v2/redis/update-regions/${database.id}`, { read_regions: ['mars-1'] });

  expect(answers.map(({ body }) => body)).toEqual(['OK', 'OK', 'OK']);
  expect(await shown()).toMatchObject({
    budget: 360,
    read_regions: ['us-west-1', 'us-west-2'],
    all_members: ['eu-west-1', 'us-west-1', 'us-west-2'],
    auto_upgrade: false,
  });
  expect(refused.status).toBe(400);
});

it('keeps every one of several changes at once', async () => {
  await Promise.all([
    upstash.api('POST', `/v2/redis/rename/${database.id}`, { name: 'at-once' }),
    upstash.api('PATCH', `/v2/redis/update-budget/${database.id}`, { budget: 77 }),
    upstash.api('POST', `/v2/redis/enable-eviction/${database.id}`),
    upstash.api('POST', `/v2/redis/enable-autoupgrade/${database.id}`),
  ]);

  expect(await shown()).toMatchObject({ database_name: 'at-once', budget: 77, eviction: true, auto_upgrade: true });
});

it('counts what was really done', async () => {
  const redis = await database.tcp();
  for (let index = 0; index < 20; index += 1) await redis.set(`counted:${index}`, 'x');
  for (let index = 0; index < 5; index += 1) await redis.get('counted:0');
  await redis.eval('return 1', 0);
  const { body } = await upstash.api('GET', `/v2/redis/stats/${database.id}`);
  redis.disconnect();
  const stats = JSON.parse(JSON.stringify(body));
  const countOf = (name: string) =>
    stats.command_counts.find((one: { metric_identifier: string }) => one.metric_identifier === name)?.data_points[0].y;

  expect(stats.keyspace[0].y).toBeGreaterThanOrEqual(20);
  expect(countOf('SET')).toBeGreaterThanOrEqual(20);
  expect(countOf('GET')).toBeGreaterThanOrEqual(5);
  expect(stats).toMatchObject({ total_monthly_script_requests: 1, hits: [{ y: 5 }], connection_count: [{ y: expect.any(Number) }] });
  expect(stats.total_monthly_write_requests).toBeGreaterThanOrEqual(20);
  expect(stats.total_monthly_read_requests).toBeGreaterThanOrEqual(5);
  expect(stats.current_storage).toBeGreaterThan(100_000);
  expect(stats.latencymean[0].y).toBeGreaterThan(0);
});

it('restores a backup: what it held is back, what came later is gone, connections stay, and a restart changes nothing', async () => {
  const redis = await database.tcp();
  await redis.flushall();
  await redis.set('before', 'value', 'EX', 1000);
  await redis.rpush('list', 'a', 'b');
  await upstash.api('POST', `/v2/redis/create-backup/${database.id}`, { name: 'first' });
  await redis.set('after', 'value');
  await redis.del('list');
  const [backup] = await backups();
  const restored = await upstash.api('POST', `/v2/redis/restore-backup/${database.id}`, { backup_id: backup?.backup_id });
  const keys = await redis.keys('*');
  await redis.set('written', 'after the restore');
  redis.disconnect();
  await upstash.restart();
  const again = await database.tcp();

  expect(backup).toMatchObject({ name: 'first', state: 'completed', daily_backup: 'false', database_id: database.id });
  expect(backup?.backup_size).toBeGreaterThan(50);
  expect(restored).toEqual({ status: 200, body: 'OK' });
  expect(keys.toSorted()).toEqual(['before', 'list']);
  expect(await again.lrange('list', 0, -1)).toEqual(['a', 'b']);
  expect(await again.ttl('before')).toBeGreaterThan(900);
  expect(await again.get('written')).toBe('after the restore');
  expect(await backups()).toHaveLength(1);
  again.disconnect();
});

it('makes a daily backup when that is switched on, and deletes what it is told to', async () => {
  const on = await upstash.api('PATCH', `/v2/redis/enable-dailybackup/${database.id}`);
  const shownOn = await shown();
  const daily = (await backups()).find(({ name }) => name.startsWith('daily-'));
  const off = await upstash.api('POST', `/v2/redis/disable-dailybackup/${database.id}`);
  const deleted = await upstash.api('DELETE', `/v2/redis/delete-backup/${database.id}/${daily?.backup_id ?? ''}`);
  const missing = await upstash.api('POST', `/v2/redis/restore-backup/${database.id}`, { backup_id: daily?.backup_id ?? '' });

  expect([on.body, off.body, deleted.body]).toEqual(['OK', 'OK', 'OK']);
  expect(shownOn).toMatchObject({ daily_backup_enabled: true });
  expect(daily).toMatchObject({ daily_backup: 'true', state: 'completed' });
  expect((await backups()).map(({ name }) => name)).not.toContain(daily?.name);
  expect(missing).toEqual({ status: 404, body: 'backup not found' });
});
