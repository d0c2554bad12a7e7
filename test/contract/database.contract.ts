import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database, MigrationFile } from '../../src/core/ports/database.ts';
import type { ReleaseRecord } from '../../src/core/release/release.ts';

/** Returns a migration file of this content. */
export function migrationOf(version: string, sql: string): MigrationFile {
  return { version, name: 'change', file: `${version}_change.sql`, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

/** Returns a release record that follows `previous`. */
export function recordOf(id: string, environment: string, previous: string | null): ReleaseRecord {
  return {
    id,
    environment,
    kind: 'deploy',
    gitSha: 'a'.repeat(40),
    dirty: false,
    vercelDeploymentId: `dpl_${id}`,
    url: 'https://example.com',
    migrationHead: '20260101000000',
    migrationChecksums: { '20260101000000': 'b'.repeat(64) },
    contractWaiting: ['20260102000000'],
    envFingerprints: { A: 'c'.repeat(64) },
    envSnapshot: 'jv1.x.y.z',
    seedVersion: null,
    restorePoint: null,
    restoreMark: null,
    gates: [{ gate: 'smoke', verdict: 'green', summary: '7 of 7 green' }],
    smokeChecks: [{ id: 'health', kind: 'health', title: 'Health', path: '/api/health', timeoutMs: 5000, needs: [], retry: false }],
    createdAt: '2026-11-22T00:00:00.000Z',
    actor: 'tester@host “ü”',
    previous,
  };
}

/** What every database must do, the fake and the real one alike; `open` gives an empty one. */
export function databaseContract(name: string, open: () => Promise<Database>): void {
  const { signal } = new AbortController();
  let database: Database;
  let environment: string;
  let year = 2026;
  let version: (step: number) => string;

  describe(name, () => {
    beforeAll(async () => {
      database = await open();
    });
    afterAll(() => database.close());
    beforeEach(() => {
      environment = `env-${randomBytes(4).toString('hex')}`;
      year += 1;
      const ofYear = year;
      version = (step) => `${ofYear}01010000${String(step).padStart(2, '0')}`;
    });

    test('it says its version', async () => {
      await expect(database.ping(signal)).resolves.toMatch(/^PostgreSQL \d+/);
    });

    test('a migration is applied once, and listed with its checksum', async () => {
      const migration = migrationOf(version(1), 'create table once (id int primary key);\nalter table once enable row level security;');

      await database.applyMigration(migration, signal);
      await database.applyMigration(migration, signal);

      const listed = (await database.appliedMigrations(signal)).filter((each) => each.version === migration.version);
      expect(listed).toEqual([{ version: migration.version, name: 'change', checksum: migration.checksum }]);
      const tables = await database.tableProtection(signal);
      expect(tables.filter(({ table }) => table === 'once')).toEqual([{ schema: 'public', table: 'once', rowSecurity: true, policies: 0 }]);
    });

    test('a file that fails leaves nothing of itself, says where, and can be run again once it is mended', async () => {
      const broken = migrationOf(version(1), '-- é\ncreate table mended (id int);\n\n  create tabel other (id int);');
      const mended = migrationOf(version(1), '-- é\ncreate table mended (id int);\n\n  create table other (id int);');

      await expect(database.applyMigration(broken, signal)).rejects.toMatchObject({
        kind: 'red',
        code: 'MIGRATION_FAILED',
        message: expect.stringContaining(`${broken.file}:4:10`),
        data: expect.objectContaining({ file: broken.file, line: 4, column: 10 }),
      });
      expect((await database.appliedMigrations(signal)).some((each) => each.version === broken.version)).toBe(false);
      expect((await database.tableProtection(signal)).some(({ table }) => table === 'mended')).toBe(false);

      await database.applyMigration(mended, signal);
      expect((await database.tableProtection(signal)).map(({ table }) => table)).toEqual(expect.arrayContaining(['mended', 'other']));
    });

    test('a file that was applied with other content is refused', async () => {
      await database.applyMigration(migrationOf(version(1), 'select 1'), signal);

      await expect(database.applyMigration(migrationOf(version(1), 'select 2'), signal)).rejects.toMatchObject({
        kind: 'red',
        code: 'MIGRATION_EDITED',
      });
    });

    test.each(['begin;', 'commit; begin;', 'rollback;', 'savepoint a;'])(
      'a file with `%s` is refused before anything is run',
      async (control) => {
        const migration = migrationOf(version(1), `create table never (id int);\n${control}`);

        await expect(database.applyMigration(migration, signal)).rejects.toMatchObject({
          kind: 'red',
          code: 'MIGRATION_TRANSACTION_CONTROL',
        });
        expect((await database.tableProtection(signal)).some(({ table }) => table === 'never')).toBe(false);
      },
    );

    test('a file that waits for rows from its client is refused before anything is run, for nobody would send any (fault 36)', async () => {
      const migration = migrationOf(version(1), 'create table never (id int);\ncopy never from stdin;');

      await expect(database.applyMigration(migration, signal)).rejects.toMatchObject({
        kind: 'red',
        code: 'MIGRATION_WANTS_ROWS',
        message: expect.stringContaining(':2:1 waits for rows from its client'),
      });
      expect((await database.tableProtection(signal)).some(({ table }) => table === 'never')).toBe(false);
    });

    test.each(['\\i other.sql', '\\set ON_ERROR_STOP on', '\\connect app'])(
      'psql’s own `%s` is refused with its place (fault 36)',
      async (meta) => {
        const migration = migrationOf(version(1), `create table never (id int);\n${meta}\n`);

        await expect(database.applyMigration(migration, signal)).rejects.toMatchObject({
          code: 'MIGRATION_FAILED',
          message: expect.stringContaining(':2:1 failed: syntax error'),
        });
        expect((await database.tableProtection(signal)).some(({ table }) => table === 'never')).toBe(false);
      },
    );

    test('it says whose it is by what was released into it', async () => {
      const before = await database.identity(signal);

      await database.appendRelease(recordOf(`${environment}-1`, environment, null), signal);

      expect(before.environments).not.toContain(environment);
      expect(await database.identity(signal)).toEqual({ environments: [...before.environments, environment].toSorted(), webhooks: [] });
    });

    test('tables are listed with their policies', async () => {
      const sql =
        'create table guarded (id int); alter table guarded enable row level security; create policy readers on guarded for select using (true);';
      await database.applyMigration(migrationOf(version(1), sql), signal);

      const tables = await database.tableProtection(signal);

      expect(tables.find(({ table }) => table === 'guarded')).toEqual({
        schema: 'public',
        table: 'guarded',
        rowSecurity: true,
        policies: 1,
      });
    });

    test('what is owned is dropped with the ledger, and can be applied again; the history stays', async () => {
      await database.applyMigration(migrationOf(version(1), 'create table owned (id int);'), signal);
      await database.appendRelease(recordOf('rel_reset', environment, null), signal);
      expect(await database.ownTables(signal)).toContain('public.owned');

      await database.dropOwned(signal);

      expect(await database.ownTables(signal)).toEqual([]);
      expect(await database.appliedMigrations(signal)).toEqual([]);
      expect((await database.releases(environment, signal)).map(({ id }) => id)).toEqual(['rel_reset']);
      await database.applyMigration(migrationOf(version(1), 'create table owned (id int, name text);'), signal);
      expect((await database.appliedMigrations(signal)).map((each) => each.version)).toEqual([version(1)]);
    });

    test('there is no history before the first release', async () => {
      await expect(database.releases(environment, signal)).resolves.toEqual([]);
    });

    test('records come back as they were written, oldest first, each environment by itself', async () => {
      const [first, second] = [
        recordOf(`${environment}-1`, environment, null),
        recordOf(`${environment}-2`, environment, `${environment}-1`),
      ];
      const other = recordOf(`${environment}-other`, `${environment}-other`, null);

      for (const record of [first, other, second]) await database.appendRelease(record, signal);

      await expect(database.releases(environment, signal)).resolves.toEqual([first, second]);
      await expect(database.releases(other.environment, signal)).resolves.toEqual([other]);
    });

    test('a record that does not follow the newest one is refused, and one that stands already is left', async () => {
      const first = recordOf(`${environment}-1`, environment, null);
      await database.appendRelease(first, signal);
      await database.appendRelease(first, signal);

      await expect(database.appendRelease(recordOf(`${environment}-2`, environment, null), signal)).rejects.toMatchObject({
        kind: 'locked',
        code: 'RELEASE_CONFLICT',
      });
      await expect(database.appendRelease(recordOf(`${environment}-3`, environment, 'gone'), signal)).rejects.toMatchObject({
        code: 'RELEASE_CONFLICT',
      });
      await expect(database.releases(environment, signal)).resolves.toEqual([first]);
    });

    test('what is sealed in a record is replaced, and nothing else in it, whatever record was asked for', async () => {
      const [first, second] = [
        recordOf(`${environment}-1`, environment, null),
        recordOf(`${environment}-2`, environment, `${environment}-1`),
      ];
      for (const record of [first, second]) await database.appendRelease(record, signal);
      const other: ReleaseRecord = { ...second, actor: 'else', envSnapshot: null };
      const sealed = { id: first.id, envFingerprints: { B: 'd'.repeat(64) }, envSnapshot: 'jv1.new.y.z' };

      await database.resealReleases([sealed, { ...sealed, id: `${environment}-gone` }, other], signal);

      await expect(database.releases(environment, signal)).resolves.toEqual([
        { ...first, ...sealed },
        { ...second, envSnapshot: null },
      ]);
    });

    test('of two records appended at once after the same one, one is refused', async () => {
      const results = await Promise.allSettled(
        ['a', 'b'].map((id) => database.appendRelease(recordOf(`${environment}-${id}`, environment, null), signal)),
      );

      expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
      await expect(database.releases(environment, signal)).resolves.toHaveLength(1);
    });
  });
}
