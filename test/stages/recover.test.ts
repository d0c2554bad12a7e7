import { beforeEach, describe, expect, it } from 'vitest';
import { fakeAppSource } from '../fakes/records.ts';
import { createTable, stageWorld, type StageWorld, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

const { signal } = new AbortController();
const from = (sha: string) => ({ source: fakeAppSource({ sha: sha.repeat(40) }) });
const history = () =>
  world.database.history.map(({ id, kind, vercelDeploymentId, previous }) => `${id} ${kind} ${vercelDeploymentId} after ${previous}`);

/** A database that the run loses before it can append a record. */
const losing = () => ({ openDatabase: () => ({ ...world.database, appendRelease: async () => Promise.reject(new Error('killed')) }) });

/** Deploys, and ends between moving the domain and writing the record, as a kill does. */
async function cutOff(sha: string): Promise<void> {
  const { error } = await world.deploy({ ...from(sha), ...losing() }, { undoOnFailure: false });
  expect(error).toMatchObject({ message: 'killed' });
  takeCalls(world);
}

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  expect((await world.deploy(from('a'))).error).toBeUndefined();
});

describe('a deploy that was cut off between moving the domain and writing its record', () => {
  beforeEach(async () => {
    world.folder.migrations = [...world.folder.migrations, createTable('20260103', 'quotes')];
    await cutOff('b');
    expect(history()).toEqual(['rel_1 deploy dpl_1 after null']);
    expect((await world.domain()).live).toBe('dpl_2');
  });

  it('is carried on with by the same deploy, whose record is whole', async () => {
    const { error, result } = await world.deploy(from('b'));

    expect(error).toBeUndefined();
    expect(result?.details).toMatchObject({ continued: true, releaseId: 'rel_2', previous: 'rel_1' });
    expect(history()).toEqual(['rel_1 deploy dpl_1 after null', 'rel_2 deploy dpl_2 after rel_1']);
    expect(world.database.history[1]?.gates).toHaveLength(2);
  });

  it('is recorded from its own meta by another deploy, and comes before that', async () => {
    const { error, details } = await world.deploy(from('c'));

    expect(error).toBeUndefined();
    expect(details['recover']).toBe('rel_2 (dpl_2) recorded from the deployment’s own meta');
    expect(history().slice(1)).toEqual(['rel_2 deploy dpl_2 after rel_1', 'rel_3 deploy dpl_3 after rel_2']);
    const [first, recovered] = world.database.history;
    expect(recovered).toMatchObject({
      gitSha: 'b'.repeat(40),
      dirty: false,
      migrationHead: '20260103',
      migrationChecksums: { ...first?.migrationChecksums, '20260103': '20260103'.padEnd(64, '0') },
      envFingerprints: first?.envFingerprints,
      gates: [],
      actor: 'unknown, recorded later by jo@laptop',
    });
  });

  it('is recorded and taken back by a rollback, with its schema', async () => {
    const { error, result } = await world.rollback();

    expect(error).toBeUndefined();
    expect(result?.details).toMatchObject({ from: 'rel_2', to: 'rel_1', reverse: ['20260103.sql'] });
    expect(history().slice(1)).toEqual(['rel_2 deploy dpl_2 after rel_1', 'rel_3 rollback dpl_1 after rel_2']);
  });

  it('is taken back once, when that rollback is cut off after its move', async () => {
    await world.deploy(from('c'));
    await cutOff('d');
    const appendRelease: typeof world.database.appendRelease = async (record, ...rest) =>
      record.kind === 'rollback' ? Promise.reject(new Error('killed')) : world.database.appendRelease(record, ...rest);
    expect((await world.rollback(undefined, { openDatabase: () => ({ ...world.database, appendRelease }) })).error).toBeDefined();
    const project = await world.hosting.projects.find('jet-staging', signal);
    await world.hosting.moves.rollback(project?.id ?? '', 'dpl_3', signal);

    const { error, result } = await world.rollback();

    expect(error).toBeUndefined();
    expect(result?.details).toMatchObject({ from: 'rel_4', to: 'rel_3' });
    expect((await world.domain()).live).toBe('dpl_3');
  });

  it('is found by a dry run, which records nothing', async () => {
    const { error, preview } = await world.rollback(undefined, {}, { dryRun: true });

    expect(error).toBeUndefined();
    expect(preview).toMatchObject({ from: 'rel_2', to: 'rel_1' });
    expect(history()).toHaveLength(1);
  });
});

describe('release records that are lost', () => {
  it('come back from the deployments that were live one after another, without those that never stayed', async () => {
    await world.deploy(from('b'));
    world.smokeVerdicts.set('https://staging.jet.test', 'red');
    expect((await world.deploy(from('x'))).error).toMatchObject({ code: 'SMOKE_RED' });
    world.smokeVerdicts.clear();
    await world.deploy(from('c'));
    const live = world.database.history.at(-1);
    world.database.history.length = 0;

    const { error, result } = await world.rollback();

    expect(error).toBeUndefined();
    expect(result?.details).toMatchObject({ from: live?.id, to: 'rel_2' });
    expect(history().slice(0, 3)).toEqual([
      'rel_1 deploy dpl_1 after null',
      'rel_2 deploy dpl_2 after rel_1',
      `${live?.id} deploy ${live?.vercelDeploymentId} after rel_2`,
    ]);
  });

  it('do not make the next deploy a first one: contract migrations wait, and nothing is seeded', async () => {
    world.database.history.length = 0;
    const drop = {
      version: '20260109',
      name: 'drop',
      file: '20260109_drop.sql',
      sql: '-- jv:allow-destructive unused\ndrop table requests;',
      checksum: 'd'.repeat(64),
    };
    world.folder.migrations = [...world.folder.migrations, drop];
    takeCalls(world);

    const { error, result } = await world.deploy(from('b'));

    expect(error).toBeUndefined();
    expect(result?.details).toMatchObject({ previous: 'rel_1', contractWaiting: [drop.file] });
    expect(world.calls.filter((call) => call.startsWith('create user'))).toEqual([]);
  });
});

describe('a restore point that a deploy took before it was cut off', () => {
  it.each([
    ['by the run that carries on', 'b'],
    ['by the run that recovers the record', 'c'],
  ])('is named by the record %s', async (_who, sha) => {
    const index = { ...createTable('20260103', 'quotes'), sql: 'create index on users (id);' };
    world.folder.migrations = [...world.folder.migrations, index];
    await cutOff('b');

    const { error } = await world.deploy(from(sha));

    expect(error).toBeUndefined();
    expect(world.database.history[1]).toMatchObject({ id: 'rel_2', restorePoint: 'dump_1' });
  });
});
