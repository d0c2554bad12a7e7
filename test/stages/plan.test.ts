import { beforeEach, describe, expect, it } from 'vitest';
import type { Plan, PlanItem } from '../../src/core/plan/model.ts';
import type { StagingSettings } from '../../src/core/settings.ts';
import { stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

beforeEach(() => {
  world = stageWorld();
});

const [projectId, databaseRef, cacheId] = ['prj_1', 'aaaaaaaaaaaaaaaaaaaa', 'redis-1'];

function item(plan: Plan | undefined, resource: PlanItem['resource'], id?: string): PlanItem | undefined {
  return plan?.items.find((each) => each.resource === resource && (id === undefined || each.id === id));
}

function actions(plan: Plan | undefined): readonly string[] {
  return (plan?.items ?? []).map(({ resource, id, action }) => `${resource} ${id} ${action}`);
}

/** Edits a setting of the environment's project as somebody at the dashboard would. */
function edit(id: string, settings: Readonly<Record<string, string | boolean>>): void {
  world.hosting.world.settings.set(id, { ...world.hosting.world.settings.get(id), ...settings });
}

describe('a plan where nothing exists', () => {
  it('creates everything, in the order in which it is made, and changes nothing itself', async () => {
    const { error, plan } = await world.plan();

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([]);
    expect(actions(plan)).toEqual([
      'environment-file .env.staging create',
      'vercel-project jet-staging create',
      'supabase-project jet-staging create',
      'upstash-database jet-staging create',
      'schema jet-staging create',
      'domain staging.jet.test create',
      'variable APP_ENVIRONMENT create',
      'variable APP_URL create',
      'variable CRON_SECRET create',
      'variable DATABASE_URL create',
    ]);
    expect(item(plan, 'supabase-project')).toMatchObject({
      vendorId: null,
      reason: 'does not exist yet',
      changes: expect.arrayContaining([{ field: 'region', actual: null, wanted: 'us-east-1', outside: false }]),
    });
  });

  it('wants production’s version of Postgres where the configuration names none, and says when it is another', async () => {
    const production = { ref: 'production-ref', name: 'jet', region: 'us-east-1', state: 'healthy' } as const;
    world.databases.projects.set(production.ref, production);
    world.databases.settings.set(production.ref, { postgresVersion: '17' });
    const before = await world.plan();
    expect(await world.provision()).toMatchObject({ error: undefined });

    const after = await world.plan();
    const named = await world.plan({ settings: { ...stagingSettings, supabase: { ...stagingSettings.supabase, postgresVersion: '15' } } });

    expect(item(before.plan, 'supabase-project')?.changes).toContainEqual({
      field: 'postgresVersion',
      actual: null,
      wanted: '17',
      outside: false,
    });
    expect(after.plan?.notes).toEqual([expect.stringContaining("has Postgres 15, production's has 17")]);
    expect(named.plan?.notes).toEqual([]);
  });

  it('names the queues of the configuration, and that nothing has to be made for them', async () => {
    const { plan } = await world.plan({
      settings: { ...stagingSettings, upstash: { ...stagingSettings.upstash, queues: ['requests', 'mail'] } },
    });

    expect(plan?.notes).toEqual([expect.stringContaining('under "jet:"): requests, mail. Each is made by its first job')]);
  });

  it('takes production’s region where the configuration names none', async () => {
    const { region: _hosting, ...vercel } = stagingSettings.vercel;
    const { region: _database, ...supabase } = stagingSettings.supabase;
    const settings: StagingSettings = { ...stagingSettings, vercel, supabase };
    const { signal } = new AbortController();
    await world.hosting.projects.create({ name: 'jet', region: 'fra1', nodeVersion: '24.x' }, signal);
    world.databases.projects.set('production-ref', { ref: 'production-ref', name: 'jet', region: 'eu-central-1', state: 'healthy' });

    const { plan } = await world.plan({ settings });

    const wanted = (resource: PlanItem['resource']) => item(plan, resource)?.changes.find((change) => change.field === 'region')?.wanted;
    expect([wanted('vercel-project'), wanted('supabase-project')]).toEqual(['fra1', 'eu-central-1']);
  });

  it('refuses a required variable without a value before anything is created, naming it', async () => {
    const env = {
      ...stagingSettings.env,
      STRIPE_KEY: { value: { kind: 'env', name: 'STRIPE' }, class: 'secret', required: true },
    } as const;

    const { error } = await world.provision({ settings: { ...stagingSettings, env } });

    expect(error).toMatchObject({ kind: 'usage', code: 'ENV_VALUE_MISSING', exitCode: 2 });
    expect(world.calls).toEqual([]);
  });
});

describe('a plan of an environment that was provisioned', () => {
  beforeEach(async () => {
    expect((await world.provision()).error).toBeUndefined();
    takeCalls(world);
  });

  it('finds everything as wished', async () => {
    const { plan } = await world.plan();

    expect(plan?.items.filter(({ action }) => action !== 'unchanged')).toEqual([]);
    expect(plan?.items).toHaveLength(10);
    expect(item(plan, 'vercel-project')?.vendorId).toBe(projectId);
  });

  it('tells a changed configuration from a change made outside, and sets both right', async () => {
    edit(projectId, { nodeVersion: '18.x' });
    const settings = { ...stagingSettings, supabase: { ...stagingSettings.supabase, pooler: { size: 20 } } };

    const { plan } = await world.plan({ settings });

    expect(item(plan, 'vercel-project')).toMatchObject({
      action: 'drift',
      reason: 'nodeVersion changed outside since the last provision',
      changes: [{ field: 'nodeVersion', actual: '18.x', wanted: '24.x', outside: true }],
    });
    expect(item(plan, 'supabase-project')).toMatchObject({
      action: 'update',
      changes: [{ field: 'poolSize', actual: null, wanted: 20, outside: false }],
    });
    const { error } = await world.provision({ settings });
    expect(error).toBeUndefined();
    expect(takeCalls(world)).toEqual(['set nodeVersion of project', `set poolSize of ${databaseRef}`, 'write marker']);
    expect(actions((await world.plan({ settings })).plan).filter((line) => !line.endsWith('unchanged'))).toEqual([]);
    expect(takeCalls(world)).toEqual([]);
  });

  it('finds a variable that was edited outside although its fingerprint still stands beside it', async () => {
    const variables = world.hosting.world.variables.get(projectId);
    const edited = variables?.get('APP_URL');
    if (edited !== undefined) variables?.set('APP_URL', { ...edited, updatedAtMs: 1_000_000 });
    variables?.delete('DATABASE_URL');

    const { plan } = await world.plan();

    expect(item(plan, 'variable', 'APP_URL')).toMatchObject({ action: 'drift', reason: 'was edited outside since it was last written' });
    expect(item(plan, 'variable', 'DATABASE_URL')).toMatchObject({ action: 'drift', reason: 'was removed outside' });
    const { result } = await world.provision();
    expect(result?.details.variablesWritten).toEqual(['APP_URL', 'DATABASE_URL']);
    expect(actions((await world.plan()).plan).filter((line) => !line.endsWith('unchanged'))).toEqual([]);
  });

  it('does not take what `env push` wrote for an edit, nor a little skew of clocks', async () => {
    const variables = world.hosting.world.variables.get(projectId);
    const [url, database] = [variables?.get('APP_URL'), variables?.get('DATABASE_URL')];
    if (url !== undefined) variables?.set('APP_URL', { ...url, updatedAtMs: 5_060_000, writtenAtMs: 5_000_000 });
    if (database !== undefined) variables?.set('DATABASE_URL', { ...database, updatedAtMs: 4_000_000, writtenAtMs: 5_000_000 });

    const { plan } = await world.plan();

    expect(item(plan, 'variable', 'APP_URL')?.action).toBe('unchanged');
    expect(item(plan, 'variable', 'DATABASE_URL')?.action).toBe('unchanged');
  });

  it('shows no secret: of values their fingerprints alone', async () => {
    world.environment['CRON_SECRET'] = 'canary-cron-secret';

    const { plan } = await world.plan();

    expect(item(plan, 'variable', 'CRON_SECRET')).toMatchObject({ action: 'update' });
    expect(item(plan, 'variable', 'CRON_SECRET')?.changes).toEqual([
      {
        field: 'value',
        actual: expect.stringMatching(/^#[0-9a-f]{12}$/),
        wanted: expect.stringMatching(/^#[0-9a-f]{12}$/),
        outside: false,
      },
    ]);
    const text = JSON.stringify(plan);
    for (const secret of ['canary-cron-secret', ...world.secretFile.values.values()].filter((value) => !value.startsWith('https:'))) {
      expect(text).not.toContain(secret);
    }
  });

  it('says that a database which is gone was removed outside, and makes a new one that is its own', async () => {
    world.caches.databases.clear();

    const { plan } = await world.plan();
    const { error } = await world.provision();

    expect(item(plan, 'upstash-database')).toMatchObject({
      action: 'drift',
      reason: expect.stringContaining(`was ${cacheId}, which is gone`),
    });
    expect(error).toBeUndefined();
    expect(takeCalls(world).slice(0, 2)).toEqual(['write marker', 'create Upstash jet-staging']);
    expect(actions((await world.plan()).plan).filter((line) => !line.endsWith('unchanged'))).toEqual([]);
  });

  it('finds a domain that was removed outside, and puts it back', async () => {
    world.hosting.world.domains.clear();

    const { plan } = await world.plan();
    await world.provision();

    expect(item(plan, 'domain')).toMatchObject({ action: 'drift', reason: 'was removed outside' });
    expect(takeCalls(world)).toEqual(['add domain staging.jet.test']);
  });

  it('says which DNS record a person has to add', async () => {
    world.hosting.world.dns.record = { type: 'CNAME', name: 'staging.jet.test', value: 'cname.vercel-dns.com.' };

    const { plan } = await world.plan();

    expect(item(plan, 'domain')?.needsPerson).toBe('Add the DNS record CNAME staging.jet.test cname.vercel-dns.com.');
  });

  it('leaves a setting that its vendor cannot change in place, and everything else, alone', async () => {
    const settings: StagingSettings = { ...stagingSettings, supabase: { ...stagingSettings.supabase, region: 'eu-west-1' } };

    const { error } = await world.provision({ settings });

    expect(error).toMatchObject({
      code: 'PLAN_BLOCKED',
      exitCode: 6,
      message: expect.stringContaining('region cannot be changed in place'),
    });
    expect(world.calls).toEqual([]);
  });

  it('wakes a database that is paused', async () => {
    const project = world.databases.projects.get(databaseRef);
    if (project !== undefined) world.databases.projects.set(databaseRef, { ...project, state: 'paused' });

    const { plan } = await world.plan();
    const { error } = await world.provision();

    expect(item(plan, 'supabase-project')?.changes).toEqual([{ field: 'paused', actual: true, wanted: false, outside: true }]);
    expect(error).toBeUndefined();
    expect(takeCalls(world)).toContain(`set paused of ${databaseRef}`);
  });

  it('names what the configuration does not declare, and leaves it alone', async () => {
    world.hosting.world.variables.get(projectId)?.set('THEIRS', { name: 'THEIRS', fingerprint: null, updatedAtMs: 1, writtenAtMs: null });

    const { plan } = await world.plan();

    expect(plan?.notes).toEqual(['Left alone: 1 variables that the configuration does not declare (THEIRS).']);
    expect(item(plan, 'variable', 'THEIRS')).toBeUndefined();
  });

  it('does not undo a rollback', async () => {
    const project = world.hosting.world.projects.get(projectId);
    if (project !== undefined) world.hosting.world.projects.set(projectId, { ...project, autoAssignDomains: false });

    const changedByHand = await world.plan();
    world.calls.push('roll back to dpl_1');
    const rolledBack = await world.plan();

    expect(item(changedByHand.plan, 'vercel-project')?.action).toBe('drift');
    expect(item(rolledBack.plan, 'vercel-project')?.action).toBe('unchanged');
    expect(rolledBack.plan?.notes).toContain('The domain is pinned by a rollback until the next deploy.');
  });
});

describe('whose things are', () => {
  const { signal } = new AbortController();
  const foreignDatabase = { ref: databaseRef, name: 'jet-staging', region: 'us-east-1', state: 'healthy' } as const;

  it('a project of the right name without a mark is left alone, and taken over when asked', async () => {
    await world.hosting.projects.create({ name: 'jet-staging', region: 'iad1', nodeVersion: '24.x' }, signal);
    takeCalls(world);

    const refused = await world.provision();
    const untouched = takeCalls(world);
    const adopted = await world.provision({}, {}, { adopt: true });

    expect(refused.error).toMatchObject({ code: 'PLAN_BLOCKED', exitCode: 6, message: expect.stringContaining('bears no mark') });
    expect(untouched).toEqual([]);
    expect(adopted.error).toBeUndefined();
    expect(takeCalls(world)).not.toContain('create project jet-staging');
    expect(world.hosting.world.markers.get(projectId)).toMatchObject({
      name: 'jet-staging',
      resources: { 'vercel-project': { id: projectId } },
    });
    expect((await world.provision()).error).toBeUndefined();
    expect(world.calls).toEqual([]);
  });

  it('a database of the right name that was there before us is left alone', async () => {
    world.databases.projects.set(databaseRef, foreignDatabase);

    const { error } = await world.provision();

    expect(error).toMatchObject({ code: 'PLAN_BLOCKED', message: expect.stringContaining('supabase-project jet-staging') });
    expect(world.calls).toEqual([]);
  });

  it('a variable that somebody else wrote is left alone', async () => {
    await world.provision();
    const variables = world.hosting.world.variables.get(projectId);
    variables?.set('CRON_SECRET', { name: 'CRON_SECRET', fingerprint: null, updatedAtMs: null, writtenAtMs: null });
    takeCalls(world);

    const { error } = await world.provision();
    const adopted = await world.provision({}, {}, { adopt: true });

    expect(error).toMatchObject({ code: 'PLAN_BLOCKED', message: expect.stringContaining('variable CRON_SECRET') });
    expect(adopted.result?.details.variablesWritten).toEqual(['CRON_SECRET']);
  });

  it('a project of another environment is never taken over', async () => {
    await world.provision();
    const marker = world.hosting.world.markers.get(projectId);
    if (typeof marker === 'object') world.hosting.world.markers.set(projectId, { ...marker, environment: 'qa' });

    const { error } = await world.provision({}, {}, { adopt: true });

    expect(error).toMatchObject({ code: 'PLAN_BLOCKED', message: expect.stringContaining('belongs to the environment qa') });
  });

  it('what was made by a run that died before it wrote it down is ours, and none is made twice', async () => {
    const died = await world.provision({ gatewayMissing: async () => 'REST (503)' });
    takeCalls(world);

    const { error } = await world.provision();

    expect(died.error).toMatchObject({ code: 'RESOURCE_NOT_READY' });
    expect(error).toBeUndefined();
    expect(takeCalls(world).filter((call) => call.startsWith('create'))).toEqual([]);
    expect([world.databases.projects.size, world.caches.databases.size]).toEqual([1, 1]);
  });

  it('an environment whose marker was removed is known again by the fingerprints of its variables', async () => {
    const REDIS_URL = { value: { kind: 'fact', fact: 'redis.url' }, class: 'secret', required: true } as const;
    const settings: StagingSettings = { ...stagingSettings, env: { ...stagingSettings.env, REDIS_URL } };
    await world.provision({ settings });
    world.hosting.world.markers.clear();
    takeCalls(world);

    const { error } = await world.provision({ settings });

    expect(error).toBeUndefined();
    expect(takeCalls(world)).toEqual(['write marker', 'write marker']);
    expect(actions((await world.plan({ settings })).plan).filter((line) => !line.endsWith('unchanged'))).toEqual([]);
  });

  it('a database whose password nobody knows gets no new one', async () => {
    await world.provision();
    world.secretFile.values.delete('STAGING_SUPABASE_DB_PASSWORD');
    takeCalls(world);

    const { plan } = await world.plan();
    const { error } = await world.provision();

    expect(item(plan, 'supabase-project')?.needsPerson).toBe('Add the line STAGING_SUPABASE_DB_PASSWORD=… to /project/.env.staging');
    expect(error).toMatchObject({ code: 'DATABASE_PASSWORD_MISSING', exitCode: 3 });
    expect(world.calls).toEqual([]);
  });
});

describe('a plan that was shown', () => {
  it('is carried out when all is still as it was', async () => {
    const { plan } = await world.plan();

    const { error } = await world.provision({}, {}, { adopt: false, expected: plan });

    expect(error).toBeUndefined();
  });

  it('is refused once anything has changed, naming it, before anything is done', async () => {
    await world.provision();
    const { plan } = await world.plan();
    takeCalls(world);
    edit(projectId, { nodeVersion: '18.x' });

    const { error } = await world.provision({}, {}, { adopt: false, expected: plan });

    expect(error).toMatchObject({ code: 'PLAN_STALE', exitCode: 6, message: expect.stringContaining('vercel-project') });
    expect(world.calls).toEqual([]);
  });
});

it('ends red before anything is created when staging costs over half of production', async () => {
  const settings: StagingSettings = {
    ...stagingSettings,
    supabase: { ...stagingSettings.supabase, size: 'medium' },
    production: { ...stagingSettings.production, costUsdPerMonth: 100 },
  };

  const { error } = await world.provision({ settings });

  expect(error).toMatchObject({ code: 'PLAN_TOO_EXPENSIVE', exitCode: 5, message: expect.stringContaining('$60') });
  expect(world.calls).toEqual([]);
});
