import { beforeEach, describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { dumpPoint } from '../fakes/restore-points.ts';
import { fakeAppSource } from '../fakes/records.ts';
import { createTable, stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

const domainUrl = 'https://staging.jet.test';
const settings = { ...stagingSettings, upstash: { ...stagingSettings.upstash, queues: ['mails'] } };
const { signal } = new AbortController();

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  await deployed('a');
  world.folder.migrations = [...world.folder.migrations, createTable('20260103', 'quotes')];
  await deployed('b');
});

async function deployed(sha: string, contract = false): Promise<void> {
  const source = fakeAppSource({ sha: sha.repeat(40) });
  expect((await world.deploy({ source }, {}, { contract })).error).toBeUndefined();
  takeCalls(world);
}

const head = () => world.database.applied.map(({ version }) => version).at(-1);

/** Sets a variable as `env push` would. */
async function setVariable(name: string, value: string): Promise<void> {
  const project = await world.hosting.projects.find(settings.name, signal);
  const { fingerprint } = await world.envDeps.sealing();
  await world.hosting.projects.setVariables(project?.id ?? '', [{ name, value, class: 'public', fingerprint: fingerprint(value) }], signal);
}

describe('a rollback over a migration', () => {
  it('pauses the queues, moves the domain, reverses, resumes, smokes and records, in this order', async () => {
    const { error, result } = await world.rollback(undefined, { settings });

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([
      'pause mails',
      'roll back to dpl_1',
      'reverse 20260103',
      'resume mails',
      `smoke ${domainUrl} for aaaaaa of dpl_1`,
      'record rel_3',
    ]);
    expect(world.database.history.at(-1)).toMatchObject({ kind: 'rollback', migrationHead: '20260102', previous: 'rel_2' });
    expect(Object.keys(world.database.history.at(-1)?.migrationChecksums ?? {})).toEqual(['20260101', '20260102']);
    expect(result?.details).toMatchObject({ decision: 'app-and-reverse-scripts', reverse: ['20260103.sql'], losesRows: 0 });
    expect(result?.details.notComingBack.length).toBeGreaterThan(3);
  });

  it('leaves an addition that holds rows by now, and moves the app alone', async () => {
    world.reversals.known.set('20260103', { rowsAtStake: { 'table quotes': 2 } });

    const { error, result } = await world.rollback(undefined, { settings });

    expect(error).toBeUndefined();
    expect(result?.details).toMatchObject({ decision: 'app-only', keep: ['20260103.sql'] });
    expect(head()).toBe('20260103');
    expect(world.database.history.at(-1)).toMatchObject({ migrationHead: '20260103' });
  });

  it('refuses what old code cannot run on and nothing takes back, before anything is changed', async () => {
    world.reversals.known.set('20260103', { nature: 'irreversible', isProven: false, doubt: 'it has no reverse script' });

    const { error } = await world.rollback(undefined, { settings });

    expect(error).toMatchObject({ kind: 'refused', code: 'ROLLBACK_SCHEMA', exitCode: 6 });
    expect(world.calls).toEqual([]);
    expect((await world.domain()).live).toBe('dpl_2');
  });

  describe('with a restore point', () => {
    beforeEach(() => {
      world.reversals.known.set('20260103', { nature: 'irreversible', isProven: false });
      const [, second] = world.database.history;
      if (second !== undefined) world.database.history[1] = { ...second, restorePoint: 'dump_1' };
      world.restore.points.push(dumpPoint('dump_1'));
    });

    it('wants consent to the rows that were written since', async () => {
      const { error } = await world.rollback(undefined, { settings });

      expect(error).toMatchObject({ kind: 'refused', code: 'ROLLBACK_LOSES_ROWS', fix: expect.stringContaining('--confirm jet-staging') });
      expect(world.calls).toEqual([]);
    });

    it('restores after the domain has moved', async () => {
      const { error } = await world.rollback(undefined, { settings }, { confirm: 'jet-staging' });

      expect(error).toBeUndefined();
      expect(world.calls.slice(0, 4)).toEqual(['pause mails', 'roll back to dpl_1', 'restore dump_1', 'resume mails']);
    });

    it('is no way when the point is not there any more', async () => {
      world.restore.points.length = 0;

      expect((await world.rollback()).error).toMatchObject({ code: 'ROLLBACK_SCHEMA' });
    });

    it('is not drilled', async () => {
      const { error } = await world.drill({ settings });

      expect(error).toMatchObject({ kind: 'refused', code: 'DRILL_LOSES_ROWS' });
      expect(world.calls).toEqual([]);
    });
  });

  it('takes everything back when the database cannot be reversed: domain, queues, and what was reversed', async () => {
    world.folder.migrations = [...world.folder.migrations, createTable('20260104', 'notes')];
    await deployed('c');
    const reverse = async (version: string) => {
      if (version === '20260103') throw new StagingError('red', 'MIGRATION_FAILED', 'It cannot be reversed.');
      await world.reversals.reverse(version, signal);
    };

    const { error } = await world.rollback('rel_1', { settings, reversals: () => ({ ...world.reversals, reverse }) });

    expect(error).toMatchObject({ code: 'MIGRATION_FAILED' });
    expect(head()).toBe('20260104');
    expect(await world.domain()).toEqual({ live: 'dpl_3', autoAssign: true });
    expect(world.pauses.paused.size).toBe(0);
    expect(world.database.history).toHaveLength(3);
  });

  it('carries on with a run that was cut off after the domain had moved', async () => {
    const project = await world.hosting.projects.find(settings.name, signal);
    await world.hosting.moves.rollback(project?.id ?? '', 'dpl_1', signal);
    await world.pauses.pause(['mails'], signal);
    takeCalls(world);

    const { error, result } = await world.rollback(undefined, { settings });

    expect(error).toBeUndefined();
    expect(world.calls).toEqual(['pause ', 'reverse 20260103', 'resume mails', `smoke ${domainUrl} for aaaaaa of dpl_1`, 'record rel_3']);
    expect(result?.details).toMatchObject({ from: 'rel_2', to: 'rel_1' });
  });

  it('goes no further back when a run had written its record and was cut off right then', async () => {
    await world.rollback(undefined, { settings });
    const written = world.database.history.at(-1);
    takeCalls(world);

    const { error } = await world.rollback(undefined, { settings, unheardRecords: async () => [written?.id ?? ''] });

    expect(error).toBeUndefined();
    expect(world.database.history).toHaveLength(3);
    expect(world.calls).toContain(`smoke ${domainUrl} for aaaaaa of dpl_1`);
    const announced = world.journal.entries.filter(({ path, phase }) => path === 'record' && phase === 'intent');
    expect(announced.slice(-2).map(({ detail }) => detail)).toEqual(['rel_3', 'rel_3']);
  });

  it('applies again what a release ran on when it goes forward, before the domain moves', async () => {
    await world.rollback();
    takeCalls(world);

    const { error } = await world.rollback('rel_2');

    expect(error).toBeUndefined();
    expect(world.calls.slice(0, 2)).toEqual(['apply 20260103_quotes.sql', 'roll back to dpl_2']);
  });

  it('refuses to go forward without the migration’s file', async () => {
    await world.rollback();
    world.folder.migrations = world.folder.migrations.slice(0, 2);
    takeCalls(world);

    const { error } = await world.rollback('rel_2', { settings });

    expect(error).toMatchObject({ kind: 'refused', code: 'ROLLBACK_MIGRATION_MISSING' });
    expect(world.calls).toEqual(['pause mails', 'resume mails']);
  });
});

describe('variables', () => {
  it('go back to those that the release was made with, from its sealed snapshot', async () => {
    await setVariable('APP_ENVIRONMENT', 'changed');
    await deployed('c');

    const { error, result } = await world.rollback();

    expect(error).toBeUndefined();
    expect(world.calls).toContain('set 1 variables');
    const project = await world.hosting.projects.find(settings.name, signal);
    expect((await world.hosting.projects.readableValues(project?.id ?? '', signal))['APP_ENVIRONMENT']).toBe('staging');
    expect(result?.details.variables).toEqual(['APP_ENVIRONMENT']);
  });

  it('that came later stay, and are named', async () => {
    await setVariable('LATER', 'x');
    await deployed('c');

    const { result } = await world.rollback();

    expect(result?.details.notComingBack).toContain('variables that came later stay on the project: LATER');
  });
});

it('smokes with the checks that the release was held against, not with today’s', async () => {
  const check = {
    id: 'old-home',
    kind: 'page',
    title: 'Home',
    path: '/',
    as: 'nobody',
    status: 200,
    marker: 'x',
    timeoutMs: 1000,
  } as const;
  await world.deploy({
    settings: { ...stagingSettings, smoke: { checks: [check], minimum: 1 } },
    source: fakeAppSource({ sha: 'c'.repeat(40) }),
  });
  await deployed('d');

  await world.rollback();

  expect(world.oldChecks).toEqual([['old-home']]);
});

it('shows its plan in a dry run and changes nothing', async () => {
  const { error, preview, result } = await world.rollback(undefined, {}, { dryRun: true });

  expect(error).toBeUndefined();
  expect(result).toBeUndefined();
  expect(preview).toMatchObject({ from: 'rel_2', to: 'rel_1', decision: 'app-and-reverse-scripts', reverse: ['20260103.sql'] });
  expect(world.calls).toEqual([]);
});

describe('a drill', () => {
  it('goes back and forward again with smoke on both ends, and says how long each took', async () => {
    const { error, result } = await world.drill({ settings });

    expect(result?.summary).toMatch(/^back: RTO [\d.]+ s, forward: RTO [\d.]+ s; live again: rel_\w+, as \S+$/);

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([
      'pause mails',
      'roll back to dpl_1',
      'reverse 20260103',
      'resume mails',
      `smoke ${domainUrl} for aaaaaa of dpl_1`,
      'record rel_3',
      'pause mails',
      'apply 20260103_quotes.sql',
      'auto-assign on',
      'promote dpl_2',
      'resume mails',
      `smoke ${domainUrl} for bbbbbb of dpl_2`,
      'record rel_4',
    ]);
    expect(await world.domain()).toEqual({ live: 'dpl_2', autoAssign: true });
    expect(result).toMatchObject({ verdict: 'green', details: { from: 'rel_2', to: 'rel_1' } });
    expect(result?.details.legs.map(({ direction, steps }) => [direction, steps.map(({ id }) => id)])).toEqual([
      ['back', ['pause-queues', 'move-domain', 'database', 'resume-queues', 'smoke-domain']],
      ['forward', ['pause-queues', 'apply', 'move-domain', 'resume-queues', 'smoke-domain']],
    ]);
    for (const { rtoMs } of result?.details.legs ?? []) expect(rtoMs).toBeGreaterThanOrEqual(0);
  });

  it('is red when the earlier release is, but comes back all the same', async () => {
    world.smokeVerdicts.set(domainUrl, 'red');

    const { error, result } = await world.drill();

    expect(error).toMatchObject({ code: 'SMOKE_RED' });
    expect(result?.verdict).toBe('red');
    expect((await world.domain()).live).toBe('dpl_2');
  });

  it('has nowhere to go without a previous release', async () => {
    world.database.history.splice(1);
    const project = await world.hosting.projects.find(settings.name, signal);
    await world.hosting.moves.promote(project?.id ?? '', 'dpl_1', signal);

    expect((await world.drill()).error).toMatchObject({ kind: 'missing', code: 'RELEASE_NO_PREVIOUS', exitCode: 3 });
  });
});
