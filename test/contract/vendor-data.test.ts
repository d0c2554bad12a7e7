import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { redisCache } from '../../src/adapters/redis/redis-cache.ts';
import { localAddresses, localKnownAddresses } from '../../src/adapters/supabase/supabase-addresses.ts';
import { gatewayApi, managementApi } from '../../src/adapters/supabase/supabase-api.ts';
import { supabaseDataApi } from '../../src/adapters/supabase/supabase-data-api.ts';
import { supabaseDatabasePlatform } from '../../src/adapters/supabase/supabase-database-platform.ts';
import { gatewayMissing } from '../../src/adapters/supabase/supabase-gateway.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { upstashApi } from '../../src/adapters/upstash/upstash-api.ts';
import { localCacheAddresses, upstashCachePlatform } from '../../src/adapters/upstash/upstash-cache-platform.ts';
import { upstashManagedDatabase } from '../../src/adapters/upstash/upstash-managed-database.ts';
import { StagingError } from '../../src/core/errors.ts';
import type { DatabaseAccess, DatabasePlatform } from '../../src/core/ports/database.ts';
import { fakeCache, fakeCachePlatform } from '../fakes/caches.ts';
import { fakeDataApi } from '../fakes/data-api.ts';
import { fakeDatabasePlatform } from '../fakes/database-platform.ts';
import { freePort } from '../support/free-port.ts';
import { startTestCloud, type TestCloud } from '../support/local-cloud.ts';
import { migrationOf } from './database.contract.ts';
import { cacheContract, cachePlatformContract, databasePlatformContract, dataApiContract } from './vendor-data.contract.ts';

const { signal } = new AbortController();
const nothing = async () => undefined;
let cloud: TestCloud;

beforeAll(async () => {
  cloud = await startTestCloud();
}, 90_000);
afterAll(() => cloud.stop());

const supabase = () => {
  const { apiUrl, accessToken, organization } = cloud.endpoints.supabase;
  const api = managementApi({ accessToken, localUrl: apiUrl, clock: systemClock });
  return {
    api,
    port: supabaseDatabasePlatform(api, {
      organization,
      addresses: localAddresses,
      knownAddresses: localKnownAddresses,
      clock: systemClock,
    }),
    close: () => api.close(),
  };
};
const upstash = () => {
  const { apiUrl, email, apiKey } = cloud.endpoints.upstash;
  const api = upstashApi({ email, apiKey, localUrl: apiUrl, clock: systemClock });
  const platform = upstashCachePlatform(api, { addresses: localCacheAddresses, clock: systemClock });
  return { port: { ...platform, managed: upstashManagedDatabase(api) }, close: () => api.close() };
};

async function readyProject(platform: DatabasePlatform): Promise<DatabaseAccess> {
  const password = randomBytes(16).toString('base64url');
  const { ref } = await platform.create({ name: `jv-data-${randomBytes(4).toString('hex')}`, region: 'us-east-1', password }, signal);
  const isReady = async () => (await platform.get(ref, signal)).state === 'healthy' && (await platform.unhealthy(ref, signal)).length === 0;
  for (let looks = 0; !(await isReady()); looks += 1) {
    if (looks > 300) throw new Error('The project does not become ready.');
    await systemClock.sleep(100);
  }
  return platform.access(ref, password, signal);
}

const gateway = (url: string, key: string) => gatewayApi({ url, key, local: true, clock: systemClock });

databasePlatformContract('the fake database platform', async () => ({ port: fakeDatabasePlatform(), close: nothing }));
databasePlatformContract('Supabase over the local cloud', async () => supabase());

cachePlatformContract('the fake cache platform', async () => ({ port: fakeCachePlatform(), close: nothing }));
cachePlatformContract('Upstash over the local cloud', async () => upstash());

cacheContract('the fake cache', async () => ({ port: { up: fakeCache(), down: fakeCache('down') }, close: nothing }));
cacheContract('Redis over the local cloud', async () => {
  const platform = upstash();
  const { id } = await platform.port.create({ name: `jv-cache-${randomBytes(4).toString('hex')}`, region: 'us-east-1' }, signal);
  const { url } = await platform.port.access(id, signal);
  return { port: { up: redisCache(url), down: redisCache(`redis://127.0.0.1:${await freePort()}`) }, close: platform.close };
});

dataApiContract('the fake data', async () => ({ port: fakeDataApi(), close: nothing }));
dataApiContract('PostgREST and Auth over the local cloud', async () => {
  const platform = supabase();
  const access = await readyProject(platform.port);
  const database = postgresDatabase(access.directUrl);
  const tables = `create table contract_items (id text primary key, title text, note text default 'none');
    create table contract_pairs (owner text, slot int, value jsonb, unique nulls not distinct (owner, slot));
    alter table contract_items enable row level security;
    alter table contract_pairs enable row level security;`;
  await database.applyMigration(migrationOf('20260101000000', tables), signal);
  await database.close();
  const [service, anon] = [gateway(access.url, access.serviceRoleKey), gateway(access.url, access.anonKey)];
  return {
    port: supabaseDataApi(service, anon),
    close: async () => {
      await Promise.all([service.close(), anon.close(), platform.close()]);
    },
  };
});

describe('the local cloud’s own vendors', () => {
  test('the addresses lead to a database and a gateway that answer', async () => {
    const platform = supabase();
    const access = await readyProject(platform.port);
    const service = gateway(access.url, access.serviceRoleKey);

    for (const url of [access.directUrl, access.poolerUrl]) {
      const database = postgresDatabase(url);
      await expect(database.ping(signal)).resolves.toMatch(/^PostgreSQL/);
      await database.close();
    }
    await expect(gatewayMissing(service, signal)).resolves.toBeUndefined();
    await service.close();
    await platform.close();
  });

  test('a gateway that nobody listens on is told as the part that is missing', async () => {
    const api = gateway(`http://127.0.0.1:${await freePort()}`, 'jvlocal_x');

    await expect(gatewayMissing(api, signal)).resolves.toMatch(/^REST: .*ECONNREFUSED/);
    await api.close();
  });

  test.each([
    [
      'Supabase',
      () =>
        supabaseDatabasePlatform(
          managementApi({ accessToken: 'sbp_wrong', localUrl: cloud.endpoints.supabase.apiUrl, clock: systemClock }),
          { organization: 'x', addresses: localAddresses, knownAddresses: localKnownAddresses, clock: systemClock },
        ).findByName('x', signal),
      'SUPABASE_ACCESS_TOKEN',
    ],
    [
      'Upstash',
      () =>
        upstashCachePlatform(
          upstashApi({ email: 'a@b.c', apiKey: 'wrong', localUrl: cloud.endpoints.upstash.apiUrl, clock: systemClock }),
          { addresses: localCacheAddresses, clock: systemClock },
        ).findByName('x', signal),
      'UPSTASH_API_KEY',
    ],
  ])('a wrong token for %s is a missing credential whose fix names the variable', async (_name, call, variable) => {
    const error = await call().catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(StagingError);
    expect(error).toMatchObject({ kind: 'missing', fix: expect.stringContaining(variable) });
  });

  test('a ping leaves no key behind', async () => {
    const platform = upstash();
    const { id } = await platform.port.create({ name: 'jv-keys', region: 'us-east-1' }, signal);
    const { url } = await platform.port.access(id, signal);
    await redisCache(url).ping('jetvision-staging:', signal);

    const redis = new Redis(url);
    const keys = await redis.keys('*');
    redis.disconnect();

    expect(keys).toEqual([]);
    await platform.close();
  });

  test.each([
    ['a wrong password', (url: string) => url.replace(/default:[^@]+@/, 'default:canary-pw@'), 'REDIS_PASSWORD_REFUSED', 'missing'],
    ['no password', (url: string) => url.replace(/default:[^@]+@/, ''), 'REDIS_PASSWORD_REFUSED', 'missing'],
  ])('%s is told as such, without showing it', async (_name, change, code, kind) => {
    const platform = upstash();
    const { id } = await platform.port.create({ name: 'jv-password', region: 'us-east-1' }, signal);
    const { url } = await platform.port.access(id, signal);

    const error = await redisCache(change(url))
      .ping('jv:', signal)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code, kind });
    expect(String(error)).not.toContain('canary-pw');
    await platform.close();
  });
});
