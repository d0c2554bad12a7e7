import { describe, expect, it } from 'vitest';
import { restoredEntries } from '../../src/adapters/restore/restore-script.ts';
import { restorePointNeed } from '../../src/core/restore/need.ts';
import { restorePlaces } from '../../src/core/restore/place.ts';
import { recordsToAppend } from '../../src/core/restore/records.ts';
import { ownedSchemas } from '../../src/core/restore/schemas.ts';
import { recordOf } from '../contract/database.contract.ts';

describe('which deploys need a restore point', () => {
  it('none without migrations, none for those that only add', () => {
    expect(restorePointNeed([])).toBeUndefined();
    expect(restorePointNeed([{ file: 'a.sql', natures: ['additive', 'additive'] }])).toBeUndefined();
  });

  it('one for every other, naming the files and why', () => {
    const need = restorePointNeed([
      { file: 'a.sql', natures: ['additive'] },
      { file: 'b.sql', natures: ['additive', 'locking', 'destructive', 'locking'] },
      { file: 'c.sql', natures: ['irreversible'] },
    ]);

    expect(need).toBe('not purely additive: b.sql (locking, destructive), c.sql (irreversible)');
  });

  it('one for a migration of which nothing is known', () => {
    expect(restorePointNeed([{ file: 'a.sql', natures: [] }])).toBe('not purely additive: a.sql (unknown)');
  });
});

describe('where a restore point may lie', () => {
  const settings = { kind: 'auto', dir: '/kept', outlivesRunner: false, keep: 3 } as const;
  const laptop = { ci: false, target: 'cloud', stateDir: '/project/.jv-staging' } as const;
  const runner = { ...laptop, ci: true };

  it('on a machine that stays: the configured folder, else the state folder', () => {
    expect(restorePlaces(settings, laptop)).toEqual({ platform: true, dumpDir: '/kept', noDump: undefined });
    expect(restorePlaces({ ...settings, dir: undefined }, laptop)).toMatchObject({ dumpDir: '/project/.jv-staging/restore-points' });
  });

  it('on a CI runner: only in a folder that is said to outlive it', () => {
    expect(restorePlaces({ ...settings, outlivesRunner: true }, runner)).toMatchObject({ dumpDir: '/kept' });
    expect(restorePlaces(settings, runner)).toMatchObject({ dumpDir: undefined, noDump: expect.stringContaining('/kept outlives it') });
    expect(restorePlaces({ ...settings, dir: undefined }, runner)).toMatchObject({
      dumpDir: undefined,
      noDump: expect.stringContaining('CI runner'),
    });
  });

  it('for the local cloud anywhere: its databases go when the folder goes', () => {
    expect(restorePlaces({ ...settings, dir: undefined }, { ...runner, target: 'local' })).toMatchObject({
      dumpDir: '/project/.jv-staging/restore-points',
      noDump: undefined,
    });
  });

  it('the configuration may allow one keeper alone', () => {
    expect(restorePlaces({ ...settings, kind: 'dump' }, laptop)).toMatchObject({ platform: false, dumpDir: '/kept' });
    expect(restorePlaces({ ...settings, kind: 'platform' }, laptop)).toMatchObject({ platform: true, dumpDir: undefined });
  });
});

describe('what a dump holds', () => {
  it('is what is ours, with the ledger: no schema of the platform, of an extension, of Postgres, nor the release history', () => {
    const all = ['public', 'billing', 'supabase_migrations', 'jv_staging', 'auth', 'storage', 'vault', 'pg_temp_3', '_timescaledb_config'];

    expect(ownedSchemas(all)).toEqual(['billing', 'public', 'supabase_migrations']);
  });

  it('is restored without the schemas that stay, and with default privileges of our own role alone', () => {
    const toc = [
      ';',
      '; Archive created at 2026-11-26',
      '6; 2615 2200 SCHEMA - public pg_database_owner',
      '8; 2615 2201 SCHEMA - billing postgres',
      '3420; 0 0 COMMENT - SCHEMA public pg_database_owner',
      '3421; 0 0 ACL - SCHEMA public pg_database_owner',
      '215; 1259 16390 TABLE public users postgres',
      '3500; 826 16384 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES postgres',
      '3501; 826 16385 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES supabase_admin',
    ].join('\n');

    const kept = restoredEntries(toc, { schemas: ['public'], role: 'postgres', defaults: { off: [], on: [] } });

    expect(
      kept
        .trim()
        .split('\n')
        .map((line) => line.split(';')[0]),
    ).toEqual(['8', '215', '3500']);
  });
});

describe('the history after the database went back in time', () => {
  it('lacks what came after the restore point, in order', () => {
    const history = [recordOf('a', 'staging', null), recordOf('b', 'staging', 'a'), recordOf('c', 'staging', 'b')];

    expect(recordsToAppend(history, history.slice(0, 1)).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(recordsToAppend(history, history)).toEqual([]);
  });
});
