import { beforeEach, describe, expect, it } from 'vitest';
import { noPlace } from '../../src/core/restore/place.ts';
import { fakeAppSource } from '../fakes/records.ts';
import { createTable, stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

const secondUrl = 'https://jet-staging-2.vercel.app';
const domainUrl = 'https://staging.jet.test';
const { signal } = new AbortController();
const quotes = createTable('20260103', 'quotes');
const takingAway = (sql: string) => ({ ...createTable('20260104', 'cleanup'), sql });
const drop = takingAway('-- jv:allow-destructive nothing reads it\nalter table requests drop column id;');

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  expect((await world.deploy()).error).toBeUndefined();
  takeCalls(world);
});

const next = (sha: string) => ({ source: fakeAppSource({ sha: sha.repeat(40) }) });
const applied = () => world.database.applied.map(({ version }) => version);
const project = async () => (await world.hosting.projects.find(stagingSettings.name, signal))?.id ?? '';

describe('migrations that take something away', () => {
  it('wait for `deploy --contract` after a green release, and are said to', async () => {
    world.folder.migrations = [...world.folder.migrations, quotes, drop];

    const first = await world.deploy(next('a'));
    expect(first.error).toBeUndefined();
    expect(first.result?.details.contractWaiting).toEqual([drop.file]);
    expect(first.details['migrations']).toContain(`${drop.file} waits for \`deploy --contract\``);
    expect(applied()).not.toContain(drop.version);

    const second = await world.deploy(next('b'), {}, { contract: true });
    expect(second.error).toBeUndefined();
    expect(applied()).toContain(drop.version);
    expect(second.result?.details.contractWaiting).toEqual([]);
  });

  it('go out after a restore point was taken, which the record names', async () => {
    world.folder.migrations = [...world.folder.migrations, drop];
    await world.deploy(next('a'));
    takeCalls(world);

    await world.deploy(next('b'), {}, { contract: true });

    expect(world.calls.slice(1, 3)).toEqual([
      `take dump_1: before release rel_3: not purely additive: ${drop.file} (destructive)`,
      `apply ${drop.file}`,
    ]);
    expect(world.database.history.map(({ restorePoint }) => restorePoint)).toEqual([null, null, 'dump_1']);
  });

  it.each([
    [false, { kind: 'refused', code: 'RESTORE_POINT_NO_PLACE' }],
    [true, undefined],
  ])('are applied without a restore point only when that is accepted (%s)', async (acceptNoRestorePoint, expected) => {
    world.folder.migrations = [...world.folder.migrations, drop];
    await world.deploy(next('a'));
    const take = async () => Promise.reject(noPlace(['this is a CI runner']));

    const { error } = await world.deploy(
      { ...next('b'), restorePoints: () => ({ ...world.restore, take }) },
      {},
      { contract: true, acceptNoRestorePoint },
    );

    if (expected === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject(expected);
    expect(applied().includes(drop.version)).toBe(acceptNoRestorePoint);
  });

  it.each([false, true])(
    'are refused without a reason in the file, with what is at stake, though they would wait (contract %s)',
    async (contract) => {
      world.folder.migrations = [...world.folder.migrations, takingAway('drop table requests;')];
      const rowsAtStake = async () => [{ table: 'public.requests', column: null, rows: 7 }];

      const { error } = await world.deploy({ ...next('a'), openDatabase: () => ({ ...world.database, rowsAtStake }) }, {}, { contract });

      expect(error).toMatchObject({ kind: 'refused', code: 'MIGRATION_DESTRUCTIVE', exitCode: 6 });
      expect(error).toMatchObject({
        message: expect.stringMatching(/20260104_cleanup\.sql: .*drops table public\.requests.*7 of table public\.requests/),
      });
      expect(world.calls).toEqual([]);
    },
  );

  it('are refused with --contract before a green release knew of them', async () => {
    world.folder.migrations = [...world.folder.migrations, drop];

    const { error } = await world.deploy(next('a'), {}, { contract: true });

    expect(error).toMatchObject({ kind: 'refused', code: 'DEPLOY_CONTRACT_TOO_EARLY', exitCode: 6 });
    expect(world.calls).toEqual([]);
  });
});

describe('a release that is red before the domain moves', () => {
  beforeEach(() => {
    world.folder.migrations = [...world.folder.migrations, quotes];
    world.smokeVerdicts.set(secondUrl, 'red');
  });

  it('has its migrations reversed when they are proven reversible', async () => {
    const { error } = await world.deploy(next('a'));

    expect(error).toMatchObject({ code: 'SMOKE_RED', message: expect.not.stringContaining('Not taken back') });
    expect(applied()).not.toContain(quotes.version);
    expect((await world.domain()).live).toBe('dpl_1');
  });

  it.each([
    ['they are not proven', { isProven: false, doubt: 'it has no reverse script' }, 'it has no reverse script'],
    ['rows would be lost', { rowsAtStake: { 'table quotes': 2 } }, 'reversing would lose 2 rows of table quotes'],
  ])('has them named as still applied when %s', async (_what, known, reason) => {
    world.reversals.known.set(quotes.version, { file: quotes.file, ...known });

    const { error } = await world.deploy(next('a'));

    expect(error).toMatchObject({
      message: expect.stringMatching(new RegExp(`Not taken back: .*${quotes.file} still applied .*${reason}`)),
    });
    expect(applied()).toContain(quotes.version);
  });
});

describe('a release that is red on the domain', () => {
  beforeEach(() => world.smokeVerdicts.set(domainUrl, 'red'));

  it('is taken back by itself, the domain before the schema', async () => {
    world.folder.migrations = [...world.folder.migrations, quotes];

    await world.deploy(next('a'));

    expect(world.calls.slice(-2)).toEqual(['roll back to dpl_1', `reverse ${quotes.version}`]);
    expect(world.database.history).toHaveLength(1);
  });

  it('stays with --no-auto-rollback, recorded as red', async () => {
    const { error, result } = await world.deploy(next('a'), {}, { autoRollback: false });

    expect(error).toMatchObject({ code: 'SMOKE_RED', exitCode: 5 });
    expect((await world.domain()).live).toBe('dpl_2');
    expect(world.database.history.at(-1)).toMatchObject({ vercelDeploymentId: 'dpl_2', gates: [{ verdict: 'green' }, { verdict: 'red' }] });
    expect(result?.verdict).toBe('red');
  });
});

describe('a run that was cut off', () => {
  /** Puts a second deployment there as a run that was killed leaves it. */
  async function cutOff(): Promise<void> {
    const moves = { ...world.hosting.moves, promote: async () => Promise.reject(new Error('killed')) };
    await world.deploy({ ...next('a'), moves }, { undoOnFailure: false });
    takeCalls(world);
  }

  it('is carried on with: its deployment is found by its marker', async () => {
    await cutOff();

    const { error, result } = await world.deploy(next('a'));

    expect(error).toBeUndefined();
    expect(world.calls).not.toContain('create deployment dpl_3');
    expect(result?.details).toMatchObject({ deploymentId: 'dpl_2', releaseId: 'rel_2', continued: true });
  });

  it('is not when the commit, the output or a variable is another by now', async () => {
    await cutOff();
    const other = await world.deploy({ source: { ...next('a').source, outputHash: async () => 'another output' } });
    expect(other.result?.details).toMatchObject({ deploymentId: 'dpl_3', continued: false });

    await world.hosting.projects.setVariables(await project(), [{ name: 'NEW', value: 'x', class: 'public', fingerprint: 'f' }], signal);
    const dated = (await world.hosting.projects.variables(await project(), signal)).map((each) => ({
      ...each,
      updatedAtMs: Date.UTC(2100, 0, 1),
    }));
    const changed = await world.deploy({ ...next('a'), projects: { ...world.hosting.projects, variables: async () => dated } });
    expect(changed.result?.details).toMatchObject({ deploymentId: 'dpl_4', continued: false });
  });

  it('goes back to what was live before it, when its domain had moved and smoke is red now', async () => {
    await cutOff();
    await world.hosting.moves.promote(await project(), 'dpl_2', signal);
    world.smokeVerdicts.set(domainUrl, 'red');

    const { error } = await world.deploy(next('a'));

    expect(error).toMatchObject({ code: 'SMOKE_RED' });
    expect((await world.domain()).live).toBe('dpl_1');
  });
});

it('never overtakes a newer deployment that came meanwhile', async () => {
  const { live, ...others } = world.hosting.deployments;
  const newer = async (...args: Parameters<typeof live>) => {
    const deployment = await live(...args);
    return deployment === undefined ? undefined : { ...deployment, id: 'dpl_other', createdAt: '2099-01-01T00:00:00.000Z' };
  };

  const { error } = await world.deploy({ ...next('a'), deployments: { ...others, live: newer } });

  expect(error).toMatchObject({ kind: 'refused', code: 'DEPLOY_OVERTAKEN', message: expect.stringContaining('dpl_other') });
  expect(world.calls.filter((call) => call.startsWith('promote'))).toEqual([]);
});

it('resumes queues that a rollback left paused', async () => {
  await world.pauses.pause(['mails'], signal);
  const settings = { ...stagingSettings, upstash: { ...stagingSettings.upstash, queues: ['mails'] } };

  expect((await world.deploy({ ...next('a'), settings })).error).toBeUndefined();

  expect(world.pauses.paused.size).toBe(0);
});

it('records the variables as they were deployed, not as they are configured by now, and says which are new', async () => {
  const { fingerprint } = await world.envDeps.sealing();
  await world.hosting.projects.setVariables(
    await project(),
    [{ name: 'APP_ENVIRONMENT', value: 'other', class: 'public', fingerprint: fingerprint('other') }],
    signal,
  );

  const { result, details } = await world.deploy(next('a'));

  expect(result?.details.variablesChanged).toEqual(['APP_ENVIRONMENT']);
  expect(details['variables']).toContain('changed since the live deployment: APP_ENVIRONMENT');
  const record = world.database.history.at(-1);
  expect(record?.envFingerprints['APP_ENVIRONMENT']).toBe(fingerprint('other'));
  const opened = (await world.envDeps.sealing()).open(record?.envSnapshot ?? '');
  // The value that is configured is not the one that was deployed, and nobody knows that one.
  expect(opened).not.toHaveProperty('APP_ENVIRONMENT');
  expect(opened).toMatchObject({ APP_URL: domainUrl });
});

it('proves reverse scripts first when asked to, and names those that do not lead back', async () => {
  world.folder.migrations = [...world.folder.migrations, quotes];
  world.reversals.known.set(quotes.version, { isProven: false, doubt: 'down fails' });

  const { details } = await world.deploy(next('a'), {}, { rehearse: true });

  expect(world.calls[0]).toBe('rehearse');
  expect(details['rehearse']).toContain('20260103 (down fails)');
});

it('builds nothing when the output is there already', async () => {
  const { source } = next('a');

  const { outcomes } = await world.deploy({ source }, {}, { prebuilt: true });

  expect(outcomes).toContain('build skipped');
  expect(source.builds).toEqual([]);
});

it('builds with the environment’s public variables, and says which files of this machine the build does not see', async () => {
  const local = [{ name: '.env.local', values: { APP_ENVIRONMENT: 'development', DATABASE_URL: 'postgres://mine' } }];
  const source = fakeAppSource({}, { local });

  const { details } = await world.deploy({ source });

  const [seen] = source.builds.map(({ variables }) => variables);
  expect(seen).toEqual({ APP_ENVIRONMENT: 'staging', APP_URL: domainUrl, DATABASE_URL: '' });
  expect(details['build']).toBe('.env.local is not read (APP_ENVIRONMENT, DATABASE_URL)');
});
