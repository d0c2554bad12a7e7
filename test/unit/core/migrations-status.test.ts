import { describe, expect, it } from 'vitest';
import { migrationsInTheWay, migrationsStatus } from '../../../src/core/migrate/status.ts';
import type { MigrationFile } from '../../../src/core/ports/database.ts';

const fileOf = (version: string, name = 'change', checksum = 'a'): MigrationFile => ({
  version,
  name,
  file: `${version}_${name}.sql`,
  sql: '',
  checksum,
});

describe('how the migrations stand', () => {
  it('tells applied from pending, in order of version, and names what is no migration', () => {
    const folder = { migrations: [fileOf('3'), fileOf('1'), fileOf('2')], ignored: ['DEPLOY_ALL.sql'] };

    const status = migrationsStatus(folder, [{ version: '1', name: 'change', checksum: 'a' }], []);

    expect(status).toMatchObject({ head: '1', ignored: ['DEPLOY_ALL.sql'] });
    expect(status.migrations.map(({ version, state }) => [version, state])).toEqual([
      ['1', 'applied'],
      ['2', 'pending'],
      ['3', 'pending'],
    ]);
    expect(migrationsInTheWay(status)).toEqual([]);
  });

  it('takes what another tool applied as it is, and shows what has no file', () => {
    const status = migrationsStatus(
      { migrations: [fileOf('2')], ignored: [] },
      [
        { version: '1', name: 'gone' },
        { version: '2', name: 'change', checksum: null },
      ],
      [],
    );

    expect(status.migrations).toEqual([
      { version: '1', file: null, state: 'no-file' },
      { version: '2', file: '2_change.sql', state: 'applied' },
    ]);
  });

  it('names what is in the way: edited, twice the same version, late, broken half way', () => {
    const dirty = { version: '7', file: '7_change.sql', done: 1, of: 3, error: null, since: '2026-11-22T00:00:00Z' };
    const files = [fileOf('1', 'late'), fileOf('2', 'edited', 'new'), fileOf('6', 'one'), fileOf('6', 'two'), fileOf('7')];

    const status = migrationsStatus({ migrations: files, ignored: [] }, [{ version: '2', name: 'edited', checksum: 'old' }], [dirty]);

    expect(migrationsInTheWay(status).map(({ file, state }) => [file, state])).toEqual([
      ['1_late.sql', 'out-of-order'],
      ['2_edited.sql', 'edited'],
      ['6_one.sql', 'duplicate'],
      ['6_two.sql', 'duplicate'],
      ['7_change.sql', 'dirty'],
    ]);
  });
});
