import { beforeEach, describe, expect, it } from 'vitest';
import { createTable, stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

beforeEach(() => {
  world = stageWorld();
});

describe('provision where nothing exists', () => {
  it('keeps the secrets, creates all three, pushes the schema, adds the domain and sets the variables', async () => {
    const { error, result } = await world.provision();

    expect(error).toBeUndefined();
    // The two databases are made at the same time.
    expect([...world.calls.slice(0, 2), ...world.calls.slice(2, 4).toSorted(), ...world.calls.slice(4)]).toEqual([
      'write lines JV_STATE_KEY STAGING_SUPABASE_DB_PASSWORD STAGING_USER_PASSWORD CRON_SECRET',
      'create project jet-staging',
      'create Supabase jet-staging',
      'create Upstash jet-staging',
      'write lines STAGING_SUPABASE_URL STAGING_SUPABASE_ANON_KEY STAGING_SUPABASE_SERVICE_KEY STAGING_REDIS_URL STAGING_REDIS_TOKEN',
      'apply 20260101_users.sql',
      'apply 20260102_requests.sql',
      'add domain staging.jet.test',
      'set 4 variables',
      'write marker',
    ]);
    expect(result).toMatchObject({
      verdict: 'green',
      details: {
        vercelProject: 'prj_1',
        upstashDatabase: 'redis-1',
        // SENTRY_DSN is optional and has no value.
        variablesWritten: ['APP_ENVIRONMENT', 'APP_URL', 'CRON_SECRET', 'DATABASE_URL'],
      },
    });
    expect(result?.findings.map((finding) => finding.seen)).toContain('prj_1 (created)');
  });

  it('makes every secret another one and long enough to be a key', async () => {
    await world.provision();

    const names = ['JV_STATE_KEY', 'STAGING_SUPABASE_DB_PASSWORD', 'STAGING_USER_PASSWORD', 'CRON_SECRET'];
    const values = names.map((name) => world.secretFile.values.get(name) ?? '');
    expect(new Set(values).size).toBe(4);
    expect(Math.min(...values.map((value) => value.length))).toBeGreaterThanOrEqual(32);
  });

  it('journals the intent of each change before it and its outcome after it', async () => {
    await world.provision();

    const phases = (path: string) => world.journal.entries.filter((entry) => entry.path === path).map((entry) => entry.phase);
    for (const path of ['secrets', 'vercel-project', 'data/supabase-project', 'data/upstash-database', 'variables']) {
      expect(phases(path), path).toEqual(['intent', 'done']);
    }
  });

  it('only names what it would do in a dry run', async () => {
    const { error, outcomes, result } = await world.provision({}, { dryRun: true });

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([]);
    expect(world.journal.entries).toEqual([]);
    expect(outcomes).toContain('secrets planned');
    expect(outcomes).toContain('variables planned');
    expect(result).toBeUndefined();
  });

  it('waits until the project is healthy and the gateway answers', async () => {
    const looks: number[] = [];
    const gatewayMissing = async () => (looks.push(1) < 3 ? 'REST (503)' : undefined);

    const { error } = await world.provision({ gatewayMissing });

    expect(error).toBeUndefined();
    expect(looks).toHaveLength(3);
    expect(new Set(world.clock.waits)).toEqual(new Set([500]));
  });

  it('gives up on a gateway that never answers, naming it', async () => {
    const { error } = await world.provision({ gatewayMissing: async () => 'REST (503)' });

    expect(error).toMatchObject({ kind: 'vendor', code: 'RESOURCE_NOT_READY', message: expect.stringContaining('REST (503)') });
  });
});

describe('provision where all exists', () => {
  beforeEach(async () => {
    await world.provision();
    takeCalls(world);
  });

  it('changes nothing and journals nothing', async () => {
    const journaled = world.journal.entries.length;

    const { error, result } = await world.provision();

    expect(error).toBeUndefined();
    expect(world.calls).toEqual([]);
    expect(world.journal.entries.slice(journaled)).toEqual([]);
    expect(result).toMatchObject({ verdict: 'green', details: { variablesWritten: [] } });
    expect(result?.findings.map((finding) => finding.seen)).toContain('prj_1 (was there)');
  });

  it('writes only the variable whose value is another now', async () => {
    world.environment['CRON_SECRET'] = 'another-cron-secret';

    const { result } = await world.provision();

    expect(result?.details.variablesWritten).toEqual(['CRON_SECRET']);
    expect(world.calls).toEqual(['set 1 variables', 'write marker']);
  });

  it('turns eviction off, since queues lose jobs with it', async () => {
    const [cache] = world.caches.databases.values();
    if (cache !== undefined) world.caches.databases.set(cache.id, { ...cache, eviction: true });

    const { error, details } = await world.provision();

    expect(error).toBeUndefined();
    expect(world.calls).toEqual(['set eviction of redis-1']);
    expect(details['settings/upstash-database']).toBe('eviction');
    expect([...world.caches.databases.values()].map((database) => database.eviction)).toEqual([false]);
  });

  it('leaves migrations to deploy once a release is out', async () => {
    expect((await world.deploy()).error).toBeUndefined();
    world.folder.migrations = [...world.folder.migrations, createTable('20260103', 'quotes')];
    takeCalls(world);

    const { details } = await world.provision();

    expect(details['schema']).toBe('left to deploy: 1 releases are out');
    expect(world.calls).toEqual([]);
  });
});

describe('provision refuses', () => {
  const { production } = stagingSettings;

  it.each([
    ['the Vercel project', { vercelProjects: ['jet-staging'] }],
    ['the Supabase project', { supabaseProjects: ['jet-staging'] }],
    ['the Upstash database', { upstashDatabases: ['jet-staging'] }],
    ['the domain', { domains: ['staging.jet.test'] }],
  ])('when %s is production’s, before anything is created', async (_what, named) => {
    const { error } = await world.provision({ settings: { ...stagingSettings, production: { ...production, ...named } } });

    expect(error).toMatchObject({ kind: 'refused', code: 'PRODUCTION_REFUSED', exitCode: 6 });
    expect(world.calls).toEqual([]);
  });

  it('a Supabase project that bears the name but is production’s by its reference, before anything is created', async () => {
    const ref = 'abcdefghijklmnopqrst';
    world.databases.projects.set(ref, { ref, name: 'jet-staging', region: 'us-east-1', state: 'healthy' });

    const { error } = await world.provision({ settings: { ...stagingSettings, production: { ...production, supabaseProjects: [ref] } } });

    expect(error).toMatchObject({ kind: 'refused', code: 'PRODUCTION_REFUSED', message: expect.stringContaining(ref) });
    expect(world.calls).toEqual([]);
  });

  it('two Supabase projects of the name, naming both, before anything is created', async () => {
    for (const ref of ['first-ref', 'second-ref']) {
      world.databases.projects.set(ref, { ref, name: 'jet-staging', region: 'us-east-1', state: 'healthy' });
    }

    const { error } = await world.provision();

    expect(error).toMatchObject({
      kind: 'refused',
      code: 'SUPABASE_NAME_AMBIGUOUS',
      message: expect.stringContaining('first-ref, second-ref'),
    });
    expect(world.calls).toEqual([]);
  });

  it('a required variable without a value, naming it and where it should come from', async () => {
    const env = {
      ...stagingSettings.env,
      STRIPE_KEY: { value: { kind: 'env', name: 'STRIPE' }, class: 'secret', required: true },
    } as const;

    const { error } = await world.provision({ settings: { ...stagingSettings, env } });

    expect(error).toMatchObject({
      kind: 'usage',
      code: 'ENV_VALUE_MISSING',
      message: expect.stringContaining('env.STRIPE_KEY (from STRIPE)'),
    });
    expect(world.calls).not.toContainEqual(expect.stringMatching(/^set \d+ variables/));
  });

  it('a table without row-level security, naming it', async () => {
    world.folder.migrations = [createTable('20260101', 'users'), createTable('20260102', 'open_door', { isProtected: false })];

    const { error } = await world.provision();

    expect(error).toMatchObject({
      kind: 'red',
      code: 'DATABASE_TABLE_UNPROTECTED',
      message: 'Row-level security is off on public.open_door, expected on for all 2 tables.',
    });
  });
});

it('says which DNS record an unverified domain lacks, and is not green', async () => {
  const record = { type: 'TXT', name: '_vercel.jet.test', value: 'vc-domain-verify=1' };
  const addDomain = async (_project: string, name: string) => ({ name, verified: false, record });

  const { error, details, result } = await world.provision({ projects: { ...world.hosting.projects, addDomain } });

  expect(error).toBeUndefined();
  expect(details['domain']).toBe('not verified yet: add the DNS record TXT _vercel.jet.test vc-domain-verify=1');
  expect(result).toMatchObject({ verdict: 'red' });
  expect(result?.findings.at(-1)?.fix).toBe('Add the DNS record TXT _vercel.jet.test vc-domain-verify=1.');
});
