import { expect, it } from 'vitest';
import { parseMigration } from '../../src/adapters/postgres/parse/migration.ts';
import type { MigrationFile } from '../../src/core/ports/database.ts';
import type { TableWaiver } from '../../src/core/release/protection.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { StageRun } from '../../src/core/run/stage.ts';
import { migrateCheckStage } from '../../src/stages/migrate/check.ts';
import type { MigrateDeps } from '../../src/stages/migrate/deps.ts';
import { migrateDownStage } from '../../src/stages/migrate/down.ts';
import { migrateUpStage } from '../../src/stages/migrate/up.ts';
import { protectionStep } from '../../src/stages/provision/schema.ts';
import { migrationOf } from '../contract/database.contract.ts';
import { fakeDatabase } from '../fakes/database.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { fakeJournal } from '../fakes/records.ts';

const signal = new AbortController().signal;

/** An environment's database with these files pending. */
function world(migrations: readonly MigrationFile[], scripts: readonly MigrationFile[] = [], waivers: readonly TableWaiver[] = []) {
  const database = fakeDatabase();
  const rehearsed: string[] = [];
  const deps: MigrateDeps = {
    clock: steppingClock(),
    openDatabase: () => database,
    readMigrations: async () => ({ migrations, ignored: [] }),
    readReverseScripts: async () => scripts,
    parseMigration,
    rehearsal: () => ({
      rehearse: async (pairs) => {
        rehearsed.push(...pairs.map(({ up }) => up.version));
        return pairs.map(({ up, down }) => ({
          version: up.version,
          upChecksum: up.checksum,
          downChecksum: down?.checksum ?? null,
          reversible: down !== undefined,
          isBroken: false,
          reason: down === undefined ? 'it has no reverse script' : null,
          locks: [],
          lockMs: 0,
          losses: [],
        }));
      },
    }),
    before: [],
    after: [protectionStep({ openDatabase: () => database }, waivers)],
  };
  return { database, deps, rehearsed };
}

async function ran<Details>(stage: StageRun<Details>) {
  const details: (string | undefined)[] = [];
  const error: unknown = await runSteps(stage.steps, {
    runId: 'run_1',
    journal: fakeJournal('run_1'),
    clock: steppingClock(),
    events: (event) => {
      if (event.type === 'step-finished') details.push(event.detail);
    },
    signal,
  }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, details, result: stage.result() };
}

const table = (version: string, name: string) =>
  migrationOf(
    version,
    `create table ${name} (id int); alter table ${name} enable row level security; create policy own on ${name} for select using (true);`,
  );

it('is red when a table is left without row-level security, and the file stands', async () => {
  const { database, deps } = world([migrationOf('1', 'create table open_to_all (id int);')]);

  const { error } = await ran(migrateUpStage(deps, {}));

  expect(error).toMatchObject({ code: 'DATABASE_TABLE_UNPROTECTED', exitCode: 5 });
  expect(database.applied.map(({ version }) => version)).toEqual(['1']);
});

it('is red when a table has row-level security and no policy, unless it is waived by its name; waivers that cover nothing are said', async () => {
  const closed = migrationOf('1', 'create table outbox (id int); alter table outbox enable row level security;');
  const waiver = (name: string): TableWaiver => ({ table: `public.${name}`, without: 'policy', reason: 'the worker alone' });

  const red = await ran(migrateUpStage(world([closed]).deps, {}));
  const other = await ran(migrateUpStage(world([closed], [], [{ ...waiver('outbox'), without: 'row-security' }]).deps, {}));
  const green = await ran(migrateUpStage(world([closed], [], [waiver('outbox'), waiver('gone')]).deps, {}));

  expect(red.error).toMatchObject({
    code: 'DATABASE_TABLE_UNPROTECTED',
    exitCode: 5,
    message: 'No policy is on public.outbox, expected row-level security with a policy on all 1 tables.',
    fix: expect.stringContaining('supabase.tableWaivers'),
  });
  expect(other.error).toMatchObject({ code: 'DATABASE_TABLE_UNPROTECTED' });
  expect(green.error).toBeUndefined();
  expect(green.details).toContain('1 table, all protected; 1 waived; waivers that cover nothing: public.gone without policy');
});

it('refuses what needs no transaction before anything is applied, in the file that is pending alone', async () => {
  const old = [migrationOf('1', 'vacuum; begin; commit;'), migrationOf('2', 'create index concurrently on a (id);')];
  const { database, deps } = world([...old, table('3', 'c'), migrationOf('4', 'create index concurrently on c (id);')]);
  // Another tool applied them, by its own rules.
  for (const { version, name } of old) database.applied.push({ version, name, checksum: null });

  const check = await ran(migrateCheckStage(deps, { rehearse: false }));
  const up = await ran(migrateUpStage(deps, {}));

  for (const { error } of [check, up]) {
    expect(error).toMatchObject({
      code: 'MIGRATION_NEEDS_NO_TRANSACTION',
      exitCode: 5,
      message: expect.stringContaining('4_change.sql:1:1 CREATE INDEX CONCURRENTLY'),
    });
  }
  expect(database.applied.map(({ version }) => version)).toEqual(['1', '2']);
});

it('is red while a file is broken half way, in check beside its class, and in a dry run of up; run again it is judged like any', async () => {
  const { database, deps } = world([migrationOf('1', '-- jv:no-transaction\ncreate table a (id int); vacuum;')]);
  const dirty = { version: '1', file: '1_change.sql', done: 1, of: 2, error: 'no space left', since: '2026-01-01T00:00:00Z' };
  const broken = {
    ...deps,
    openDatabase: () => ({ ...database, dirtyMigrations: async () => [dirty], invalidIndexes: async () => ['public.i'] }),
  };

  const check = await ran(migrateCheckStage(broken, { rehearse: false }));
  const up = await ran(migrateUpStage(broken, {}));
  const again = await ran(migrateUpStage({ ...broken, after: [] }, { retry: '1' }));

  expect(check.result).toMatchObject({
    verdict: 'red',
    findings: [{ id: '1-dirty', seen: 'broke half way: 1 of 2 statements stand' }, { id: '1-class' }],
  });
  expect(check.result?.findings[0]?.fix).toContain('Invalid now: public.i');
  expect(up.error).toMatchObject({ code: 'MIGRATION_DIRTY', exitCode: 5, fix: expect.stringContaining('migrate up --retry 1') });
  expect(again.error).toBeUndefined();
  expect(again.result?.details.applied).toEqual(['1_change.sql']);
});

it('refuses what takes something away before anything is applied, and before a rehearsal is begun', async () => {
  const { database, deps, rehearsed } = world([table('1', 'a'), migrationOf('2', 'drop table a;')]);

  const up = await ran(migrateUpStage(deps, {}));
  const check = await ran(migrateCheckStage(deps, { rehearse: true }));

  for (const { error } of [up, check]) expect(error).toMatchObject({ code: 'MIGRATION_DESTRUCTIVE', exitCode: 6 });
  expect(database.applied).toEqual([]);
  expect(rehearsed).toEqual([]);
});

it('takes back what a rehearsal has proven, newest first, down to the version that stays', async () => {
  const files = [table('1', 'a'), table('2', 'b'), table('3', 'c')];
  const { database, deps } = world(files, [migrationOf('2', 'drop table b;'), migrationOf('3', 'drop table c;')]);
  expect((await ran(migrateUpStage(deps, {}))).error).toBeUndefined();
  expect((await ran(migrateDownStage(deps, { to: '1', acceptLoss: false }))).error).toMatchObject({ code: 'MIGRATION_NOT_PROVEN' });
  expect((await ran(migrateCheckStage(deps, { rehearse: true }))).error).toBeUndefined();

  const { error, result } = await ran(migrateDownStage(deps, { to: '1', acceptLoss: false }));

  expect(error).toBeUndefined();
  expect(result?.details.reversed).toEqual(['3_change.sql', '2_change.sql']);
  expect(database.applied.map(({ version }) => version)).toEqual(['1']);
  expect((await ran(migrateDownStage(deps, { to: undefined, acceptLoss: false }))).error).toMatchObject({
    code: 'MIGRATION_NOT_PROVEN',
    message: expect.stringContaining('it has no reverse script'),
  });
});
