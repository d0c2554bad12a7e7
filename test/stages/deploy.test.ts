import { beforeEach, describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import type { Deployment, Deployments } from '../../src/core/ports/hosting.ts';
import { stateSealing } from '../../src/adapters/files/sealed.ts';
import { fakeAppSource } from '../fakes/records.ts';
import { createTable, stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

/** The first deployment's own address. */
const firstUrl = 'https://jet-staging-1.vercel.app';
const secondUrl = 'https://jet-staging-2.vercel.app';
const domainUrl = 'https://staging.jet.test';

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  takeCalls(world);
});

/** The platform, whose answers about a single deployment say this. */
function found(said: Partial<Deployment>): Deployments {
  const { find, ...others } = world.hosting.deployments;
  return {
    ...others,
    find: async (...args) => {
      const deployment = await find(...args);
      return deployment === undefined ? undefined : { ...deployment, ...said };
    },
  };
}

/** Puts out the first release, so that another one follows it. */
async function firstRelease(): Promise<void> {
  expect((await world.deploy()).error).toBeUndefined();
  expect(await world.domain()).toEqual({ live: 'dpl_1', autoAssign: true });
  takeCalls(world);
}

describe('the first deploy', () => {
  it('creates, seeds, smokes on the own address, moves the domain, smokes there and records, in this order', async () => {
    const { error, result } = await world.deploy();

    expect(error).toBeUndefined();
    expect(world.source.builds).toMatchObject([{ command: ['node', 'build.ts'] }]);
    expect(world.calls).toEqual([
      'create deployment dpl_1',
      'create user agent1@staging.test',
      'create user agent2@staging.test',
      'write 2 rows of users',
      'write 1 rows of requests',
      `smoke ${firstUrl} for c0ffee of dpl_1`,
      'promote dpl_1',
      `smoke ${domainUrl} for c0ffee of dpl_1`,
      'record rel_1',
    ]);
    expect(result).toMatchObject({
      verdict: 'green',
      details: { releaseId: 'rel_1', deploymentId: 'dpl_1', url: firstUrl, previous: null, migrationHead: '20260102' },
    });
    expect(result?.findings.map((finding) => finding.id)).toEqual(['release', 'smoke-deployment', 'smoke-domain']);
  });

  it('leaves the domain where it is when there was no deployment before to go back to, and says so', async () => {
    world.smokeVerdicts.set(domainUrl, 'red');

    const { error, outcomes, details } = await world.deploy();

    expect(error).toMatchObject({ code: 'SMOKE_RED' });
    expect(outcomes).toContain('move-domain undo-failed');
    expect(details['move-domain']).toContain('no deployment on staging.jet.test before');
    expect(world.database.history).toEqual([]);
  });

  it('creates nothing in a dry run', async () => {
    const { error, outcomes } = await world.deploy({}, { dryRun: true });

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([]);
    expect(outcomes).toContain('upload planned');
    expect(outcomes).toContain('record planned');
  });
});

describe('a later deploy', () => {
  beforeEach(firstRelease);

  it('does not seed, and applies what is pending before smoke', async () => {
    world.folder.migrations = [...world.folder.migrations, createTable('20260103', 'quotes')];

    const { error, outcomes } = await world.deploy();

    expect(error).toBeUndefined();
    expect(outcomes).toContain('first-seed skipped');
    expect(world.calls).toEqual([
      'create deployment dpl_2',
      'apply 20260103_quotes.sql',
      `smoke ${secondUrl} for c0ffee of dpl_2`,
      'promote dpl_2',
      `smoke ${domainUrl} for c0ffee of dpl_2`,
      'record rel_2',
    ]);
  });

  it('never moves the domain when smoke is red on the deployment’s own address, and records nothing', async () => {
    world.smokeVerdicts.set(secondUrl, 'red');

    const { error, result } = await world.deploy();

    expect(error).toMatchObject({ kind: 'red', code: 'SMOKE_RED', exitCode: 5 });
    expect(world.calls).toEqual(['create deployment dpl_2', `smoke ${secondUrl} for c0ffee of dpl_2`]);
    expect(await world.domain()).toEqual({ live: 'dpl_1', autoAssign: true });
    expect(world.database.history.map((record) => record.id)).toEqual(['rel_1']);
    expect(result).toBeUndefined();
  });

  it.each([
    ['red', 'SMOKE_RED'],
    ['inconclusive', 'SMOKE_INCONCLUSIVE'],
  ] as const)('moves the domain back when smoke is %s there, and records nothing', async (verdict, code) => {
    world.smokeVerdicts.set(domainUrl, verdict);

    const { error, outcomes } = await world.deploy();

    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(
        /\. Release \S+ is live again; \S+ was taken back\. `jv-staging logs` shows what was written meanwhile\.$/,
      ),
    });
    expect(outcomes.at(-1)).toBe('move-domain undone');
    expect(world.calls.slice(-3)).toEqual(['promote dpl_2', `smoke ${domainUrl} for c0ffee of dpl_2`, 'roll back to dpl_1']);
    expect((await world.domain()).live).toBe('dpl_1');
    expect(world.database.history).toHaveLength(1);
  });

  it('moves the domain back when the move does not show', async () => {
    let looks = 0;
    const { live, ...others } = world.hosting.deployments;
    // Three looks are at what is live before, the fourth one at what came of the move.
    const deployments = { ...others, live: async (...args: Parameters<typeof live>) => ((looks += 1) === 4 ? undefined : live(...args)) };

    const { error, outcomes } = await world.deploy({ deployments });

    expect(error).toMatchObject({ kind: 'vendor', code: 'DEPLOY_DOMAIN_NOT_MOVED', message: expect.stringContaining('expected dpl_2') });
    expect(outcomes.at(-1)).toBe('move-domain undone');
    expect((await world.domain()).live).toBe('dpl_1');
    expect(world.database.history).toHaveLength(1);
  });

  it('moves the domain back when the record cannot be written', async () => {
    const appendRelease = async () => {
      throw new StagingError('locked', 'RELEASE_CONFLICT', 'Another run wrote a release meanwhile.');
    };

    const { error } = await world.deploy({ openDatabase: () => ({ ...world.database, appendRelease }) });

    expect(error).toMatchObject({ code: 'RELEASE_CONFLICT' });
    expect((await world.domain()).live).toBe('dpl_1');
  });

  it('undoes the pin that a move back left, so that the domain follows again', async () => {
    world.smokeVerdicts.set(domainUrl, 'red');
    await world.deploy();
    expect((await world.domain()).autoAssign).toBe(false);
    world.smokeVerdicts.clear();

    const { error, details } = await world.deploy();

    expect(error).toBeUndefined();
    expect(details['move-domain']).toBe('the pin of the last rollback is undone');
    expect(world.calls).toContain('auto-assign on');
    expect(await world.domain()).toEqual({ live: 'dpl_2', autoAssign: true });
  });

  it.each(['error', 'canceled'] as const)(
    'stops with the platform’s reason when the deployment is %s (fault 30), before schema or domain',
    async (state) => {
      world.folder.migrations = [...world.folder.migrations, createTable('20260103', 'quotes')];
      const deployments = found({ state, failure: 'No handler index.js' });

      const { error } = await world.deploy({ deployments });

      expect(error).toMatchObject({
        kind: 'red',
        code: 'DEPLOY_FAILED',
        message: `Deployment dpl_2 ended as ${state}, expected ready: No handler index.js`,
      });
      expect(world.calls).toEqual(['create deployment dpl_2']);
    },
  );

  it.each(['queued', 'building'] as const)('does not go on with a deployment that stays %s (fault 30)', async (state) => {
    const { error } = await world.deploy({ deployments: found({ state }) }, {}, { readyWithinMs: 60_000 });

    expect(error).toMatchObject({
      kind: 'vendor',
      code: 'DEPLOY_NOT_READY',
      message: `After 60 s the deployment is not ready: dpl_2, which is ${state}.`,
      fix: expect.stringContaining('it goes on waiting for dpl_2'),
      data: { deploymentId: 'dpl_2' },
    });
  });

  it('says that the deployment vanished when somebody removed it', async () => {
    const { error } = await world.deploy({ deployments: { ...world.hosting.deployments, find: async () => undefined } });

    expect(error).toMatchObject({ kind: 'vendor', code: 'DEPLOY_VANISHED', message: expect.stringContaining('dpl_2') });
  });

  it('refuses a new table without row-level security, before the domain is moved', async () => {
    world.folder.migrations = [...world.folder.migrations, createTable('20260103', 'open_door', { isProtected: false })];

    const { error } = await world.deploy();

    expect(error).toMatchObject({ code: 'DATABASE_TABLE_UNPROTECTED' });
    expect((await world.domain()).live).toBe('dpl_1');
  });

  it('says which migration is applied and has no file any more, by removal or under another name (fault 38)', async () => {
    world.folder.migrations = [...world.folder.migrations.slice(0, 1), createTable('20260104', 'quotes')];

    const { error, details } = await world.deploy({ source: fakeAppSource({ sha: 'b'.repeat(40) }) });

    expect(error).toBeUndefined();
    expect(details['migrations']).toBe('1 pending; applied, but without a file here: 20260102');
  });

  it('refuses a migration that was edited after it was applied', async () => {
    world.folder.migrations = world.folder.migrations.map((file) => ({ ...file, checksum: 'f'.repeat(64) }));

    const { error } = await world.deploy();

    expect(error).toMatchObject({ kind: 'red', code: 'MIGRATION_EDITED' });
    expect((await world.domain()).live).toBe('dpl_1');
  });
});

describe('the release record', () => {
  it('holds the release before, the schema, the gates and who did it', async () => {
    await firstRelease();
    await world.deploy({ source: fakeAppSource({ sha: 'b'.repeat(40), dirty: true, branch: null }) });

    expect(world.database.history[1]).toMatchObject({
      id: 'rel_2',
      environment: 'staging',
      kind: 'deploy',
      gitSha: 'b'.repeat(40),
      dirty: true,
      previous: 'rel_1',
      migrationHead: '20260102',
      migrationChecksums: { 20260101: '20260101'.padEnd(64, '0'), 20260102: '20260102'.padEnd(64, '0') },
      // The seed of the first release is still what lies in the database.
      seedVersion: 'seed-1',
      gates: [
        { gate: 'smoke-deployment', verdict: 'green' },
        { gate: 'smoke-domain', verdict: 'green' },
      ],
      actor: 'jo@laptop',
    });
  });

  it('holds the variables sealed and their fingerprints, and no value in clear', async () => {
    await firstRelease();

    const [record] = world.database.history;
    const [key, cron] = ['JV_STATE_KEY', 'CRON_SECRET'].map((name) => world.secretFile.values.get(name) ?? '');
    const opened = stateSealing(key ?? '').open(record?.envSnapshot ?? '');
    expect(opened).toMatchObject({ APP_ENVIRONMENT: 'staging', APP_URL: domainUrl, CRON_SECRET: cron });
    expect(Object.keys(record?.envFingerprints ?? {})).toEqual(Object.keys(opened));
    expect(Object.keys(opened)).toEqual(Object.keys(stagingSettings.env).filter((name) => name !== 'SENTRY_DSN'));
    const secrets = [...world.secretFile.values].filter(([name]) => name !== 'STAGING_SUPABASE_URL' && name !== 'STAGING_REDIS_URL');
    for (const [name, value] of secrets) expect(JSON.stringify(record), name).not.toContain(value);
  });
});

it('needs the resources to be there, and says how to make them', async () => {
  const { error } = await stageWorld().deploy();

  expect(error).toMatchObject({ kind: 'missing', code: 'RESOURCE_MISSING', fix: 'Run `jv-staging provision`.' });
});
