import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ManagedCaches } from '../../src/core/ports/managed.ts';
import type { Cache, CachePlatform } from '../../src/core/ports/cache.ts';
import type { DataApi, DatabasePlatform } from '../../src/core/ports/database.ts';

const { signal } = new AbortController();
const newName = () => `jv-test-${randomBytes(4).toString('hex')}`;

/** Something opened for a contract, and how to close it. */
export interface Opened<Port> {
  readonly port: Port;
  close(): Promise<void>;
}

/** What every database platform must do, the fake and the real one alike. */
export function databasePlatformContract(name: string, open: () => Promise<Opened<DatabasePlatform>>): void {
  describe(name, () => {
    let platform: DatabasePlatform;
    let close: () => Promise<void>;

    const create = (projectName: string, password = 'p@ss/w:ord? #%ü') =>
      platform.create({ name: projectName, region: 'us-east-1', password }, signal);
    const healthy = async (ref: string) => {
      await expect.poll(async () => (await platform.get(ref, signal)).state, { timeout: 30_000 }).toBe('healthy');
    };

    beforeAll(async () => {
      ({ port: platform, close } = await open());
    });
    afterAll(() => close());

    test('a project is found by its exact name once it is created', async () => {
      const wanted = newName();
      await expect(platform.findByName(wanted, signal)).resolves.toEqual([]);

      const project = await create(wanted);

      expect(project).toMatchObject({ ref: expect.stringMatching(/^[a-z]{20}$/), name: wanted, region: 'us-east-1' });
      expect((await platform.findByName(wanted, signal)).map(({ ref }) => ref)).toEqual([project.ref]);
      await expect(platform.findByName(wanted.slice(0, -1), signal)).resolves.toEqual([]);
    });

    test('names are not unique: two of one name are both found', async () => {
      const wanted = newName();
      const refs = [await create(wanted), await create(wanted)].map(({ ref }) => ref);

      expect((await platform.findByName(wanted, signal)).map(({ ref }) => ref).toSorted()).toEqual(refs.toSorted());
    });

    test('it becomes healthy, and then no part is unhealthy', async () => {
      const { ref } = await create(newName());

      await healthy(ref);
      await expect.poll(() => platform.unhealthy(ref, signal), { timeout: 30_000 }).toEqual([]);
    });

    test('its addresses carry the password encoded, and its keys differ', async () => {
      const { ref } = await create(newName());
      await healthy(ref);
      await expect.poll(() => platform.unhealthy(ref, signal), { timeout: 30_000 }).toEqual([]);

      const access = await platform.access(ref, 'p@ss/w:ord? #%ü', signal);

      for (const address of [access.directUrl, access.poolerUrl]) {
        expect(decodeURIComponent(new URL(address).password)).toBe('p@ss/w:ord? #%ü');
        expect(new URL(address).protocol).toBe('postgresql:');
      }
      expect(new URL(access.directUrl).port).not.toBe(new URL(access.poolerUrl).port);
      expect(access.url).toBe(new URL(access.url).origin);
      expect(access.anonKey).not.toBe(access.serviceRoleKey);
    });

    test('an unknown project is an error, not an empty answer', async () => {
      const unknown = 'z'.repeat(20);

      await expect(platform.get(unknown, signal)).rejects.toMatchObject({ kind: 'vendor', code: 'SUPABASE_REQUEST_FAILED' });
      await expect(platform.access(unknown, 'x', signal)).rejects.toMatchObject({ kind: 'vendor' });
    });
  });
}

/** What every Redis platform must do. */
export function cachePlatformContract(
  name: string,
  open: () => Promise<Opened<CachePlatform & { readonly managed: ManagedCaches }>>,
): void {
  describe(name, () => {
    let platform: CachePlatform & { readonly managed: ManagedCaches };
    let close: () => Promise<void>;

    const create = (databaseName: string) => platform.create({ name: databaseName, region: 'us-east-1' }, signal);

    beforeAll(async () => {
      ({ port: platform, close } = await open());
    });
    afterAll(() => close());

    test('a database is found by its exact name once it is created, without eviction', async () => {
      const wanted = newName();
      await expect(platform.findByName(wanted, signal)).resolves.toEqual([]);

      const database = await create(wanted);

      expect(database).toMatchObject({ name: wanted, region: 'us-east-1', state: 'active', eviction: false });
      await expect(platform.findByName(wanted, signal)).resolves.toEqual([database]);
    });

    test('names are not unique: two of one name are both found', async () => {
      const wanted = newName();
      await create(wanted);
      await create(wanted);

      await expect(platform.findByName(wanted, signal)).resolves.toHaveLength(2);
    });

    test('its settings are set and listed, and setting them twice is setting them once', async () => {
      const wanted = newName();
      const { id } = await create(wanted);
      const listed = async () => (await platform.managed.list({ name: wanted, production: [] }, signal)).found;

      await platform.managed.change(id, { eviction: true }, signal);
      await platform.managed.change(id, { eviction: true }, signal);
      const [on] = await listed();
      await platform.managed.change(id, { eviction: false }, signal);
      const [off, ...others] = await listed();

      expect([on?.fields['eviction'], off?.fields['eviction'], others]).toEqual([true, false, []]);
      expect(off).toMatchObject({ resource: { id, name: wanted }, fields: { region: 'us-east-1' } });
      expect(off?.createdAtMs).toBeGreaterThan(Date.UTC(2026, 0, 1));
    });

    test('production’s settings are told from the same list', async () => {
      const production = newName();
      await platform.create({ name: production, region: 'eu-west-1' }, signal);

      const answer = await platform.managed.list({ name: newName(), production: [production] }, signal);

      expect(answer).toMatchObject({ found: [], production: { region: 'eu-west-1' } });
    });

    test('its addresses are one for TCP with a password and one for REST', async () => {
      const { id } = await create(newName());

      const access = await platform.access(id, signal);

      expect(access.url).toMatch(/^rediss?:\/\/default:[^@]+@[^:@/]+:\d+$/);
      expect(access.restUrl).toMatch(/^https?:\/\/[^/]+$/);
      expect(access.restToken).not.toBe('');
    });

    test('an unknown database is an error, not an empty answer', async () => {
      await expect(platform.access('00000000-0000-4000-8000-000000000000', signal)).rejects.toMatchObject({
        kind: 'vendor',
        code: 'UPSTASH_REQUEST_FAILED',
      });
    });
  });
}

/** What every cache must do. */
export function cacheContract(name: string, open: () => Promise<Opened<{ readonly up: Cache; readonly down: Cache }>>): void {
  describe(name, () => {
    let caches: { readonly up: Cache; readonly down: Cache };
    let close: () => Promise<void>;

    beforeAll(async () => {
      ({ port: caches, close } = await open());
    });
    afterAll(() => close());

    test('one that answers is pinged, again and again', async () => {
      await expect(caches.up.ping('jv:', signal)).resolves.toBeUndefined();
      await expect(caches.up.ping('jv:', signal)).resolves.toBeUndefined();
      await caches.up.close();
    });

    test('one that is down is REDIS_UNREACHABLE', async () => {
      await expect(caches.down.ping('jv:', signal)).rejects.toMatchObject({ kind: 'vendor', code: 'REDIS_UNREACHABLE' });
    });
  });
}

/**
 * What every project's data must do. The tables `contract_items (id text primary key, title text, note text default 'none')` and
 * `contract_pairs (owner text, slot int, value jsonb, unique nulls not distinct (owner, slot))` are there and empty.
 */
export function dataApiContract(name: string, open: () => Promise<Opened<DataApi>>): void {
  describe(name, () => {
    let data: DataApi;
    let close: () => Promise<void>;
    let prefix: string;

    beforeAll(async () => {
      ({ port: data, close } = await open());
    });
    afterAll(() => close());
    beforeEach(() => {
      prefix = newName();
    });

    test('rows are inserted, found by their key, and updated by it', async () => {
      const keys = [{ id: `${prefix}-1` }, { id: `${prefix}-2` }, { id: `${prefix}-3` }];
      await expect(data.rowsByKey('contract_items', ['id'], keys, signal)).resolves.toEqual([]);

      const stored = await data.upsert(
        'contract_items',
        ['id'],
        keys.slice(0, 2).map((key) => ({ ...key, title: 'first' })),
        signal,
      );
      await data.upsert('contract_items', ['id'], [{ id: `${prefix}-1`, title: 'second' }], signal);

      expect(stored.map(({ id, title }) => [id, title])).toEqual([
        [`${prefix}-1`, 'first'],
        [`${prefix}-2`, 'first'],
      ]);
      const found = await data.rowsByKey('contract_items', ['id'], keys, signal);
      expect(Object.fromEntries(found.map(({ id, title }) => [JSON.stringify(id), title]))).toEqual({
        [`"${prefix}-1"`]: 'second',
        [`"${prefix}-2"`]: 'first',
      });
      expect(found).toHaveLength(2);
    });

    test('a column that a row leaves out stays as it is, whatever the others have', async () => {
      await data.upsert('contract_items', ['id'], [{ id: `${prefix}-1`, title: 'one', note: 'kept' }], signal);

      await data.upsert(
        'contract_items',
        ['id'],
        [
          { id: `${prefix}-1`, title: 'changed' },
          { id: `${prefix}-2`, title: 'two', note: 'own' },
        ],
        signal,
      );

      const found = await data.rowsByKey('contract_items', ['id'], [{ id: `${prefix}-1` }], signal);
      expect(found).toEqual([{ id: `${prefix}-1`, title: 'changed', note: 'kept' }]);
    });

    test.each(['a,b', 'say "hi"', "it's", String.raw`back\slash`, '(x)', 'a.b:c', 'null', '%*', 'ü 😀', 'a&b=c#d', '{x}', ''])(
      'a key of %j finds its row and no other',
      async (text) => {
        const ids = [`${prefix}${text}`, `${prefix}-other`];
        await data.upsert(
          'contract_items',
          ['id'],
          ids.map((id) => ({ id, title: 't' })),
          signal,
        );

        const found = await data.rowsByKey('contract_items', ['id'], [{ id: ids[0] ?? '' }], signal);

        expect(found.map(({ id }) => id)).toEqual([ids[0]]);
      },
    );

    test('a key of several columns, with numbers and nulls, is one key', async () => {
      // Objects only: the local cloud's @supabase/lite 0.10.0 refuses a bare `true` for a jsonb column, which PostgREST takes.
      const rows = [
        { owner: prefix, slot: 1, value: { a: [1, null, 'x'] } },
        { owner: prefix, slot: 2, value: { on: true } },
        { owner: prefix, slot: null, value: { none: [] } },
      ];
      await data.upsert('contract_pairs', ['owner', 'slot'], rows, signal);
      await data.upsert('contract_pairs', ['owner', 'slot'], [{ owner: prefix, slot: 2, value: { on: false } }], signal);

      const found = await data.rowsByKey(
        'contract_pairs',
        ['owner', 'slot'],
        [
          { owner: prefix, slot: 2 },
          { owner: prefix, slot: null },
          { owner: 'nobody', slot: 1 },
        ],
        signal,
      );

      expect(Object.fromEntries(found.map(({ slot, value }) => [JSON.stringify(slot), value]))).toEqual({
        '2': { on: false },
        null: { none: [] },
      });
      expect(found).toHaveLength(2);
    });

    test('more rows than fit into one request are all written and all found', async () => {
      const rows = Array.from({ length: 1_203 }, (_, index) => ({ id: `${prefix}-${index}`, title: `${index}` }));

      const stored = await data.upsert('contract_items', ['id'], rows, signal);
      const found = await data.rowsByKey(
        'contract_items',
        ['id'],
        rows.map(({ id }) => ({ id })),
        signal,
      );

      expect([stored.length, found.length, new Set(found.map(({ id }) => id)).size]).toEqual([1_203, 1_203, 1_203]);
    });

    test('no rows and no keys are no rows', async () => {
      await expect(data.upsert('contract_items', ['id'], [], signal)).resolves.toEqual([]);
      await expect(data.rowsByKey('contract_items', ['id'], [], signal)).resolves.toEqual([]);
    });

    test('a user is created, found whatever the case of the address, and signs in', async () => {
      const email = `${prefix}@staging.test`;
      await expect(data.findUser(email, signal)).resolves.toBeUndefined();

      const id = await data.createUser({ email, password: 'first-password' }, signal);

      await expect(data.findUser(email.toUpperCase(), signal)).resolves.toBe(id);
      await expect(data.canSignIn(email, 'first-password', signal)).resolves.toBe(true);
      await expect(data.canSignIn(email, 'wrong-password', signal)).resolves.toBe(false);
      await expect(data.canSignIn(`nobody-${email}`, 'first-password', signal)).resolves.toBe(false);
    });

    test('creating a user twice gives the same one, with the newer password', async () => {
      const email = `${prefix}@staging.test`;
      const first = await data.createUser({ email, password: 'first-password' }, signal);
      const second = await data.createUser({ email, password: 'second-password' }, signal);

      expect(second).toBe(first);
      await expect(data.canSignIn(email, 'second-password', signal)).resolves.toBe(true);
      await expect(data.canSignIn(email, 'first-password', signal)).resolves.toBe(false);
    });

    test('a password is set, and only for a user who exists', async () => {
      const email = `${prefix}@staging.test`;
      const id = await data.createUser({ email, password: 'first-password' }, signal);

      await data.setPassword(id, 'third-password', signal);

      await expect(data.canSignIn(email, 'third-password', signal)).resolves.toBe(true);
      await expect(data.setPassword('00000000-0000-4000-8000-999999999999', 'x-password', signal)).rejects.toMatchObject({
        kind: 'vendor',
      });
    });
  });
}
