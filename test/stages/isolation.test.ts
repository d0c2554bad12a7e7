import { beforeEach, describe, expect, it } from 'vitest';
import { stateSealing } from '../../src/adapters/files/sealed.ts';
import { StagingError } from '../../src/core/errors.ts';
import type { IsolationPoint } from '../../src/core/isolation/facts.ts';
import type { ProductionSettings, StagingSettings, VariableSettings } from '../../src/core/settings.ts';
import { isolationStage } from '../../src/stages/isolation/isolation.ts';
import { emptyResources } from '../../src/stages/resources.ts';
import { stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

const { signal } = new AbortController();

let world: StageWorld;
/** Refs and ids of production's own, made on the same platforms. */
let production: { readonly ref: string; readonly cacheId: string };

beforeEach(async () => {
  world = stageWorld();
  const database = await world.databases.create({ name: 'jet', region: 'us-east-1', password: 'production' }, signal);
  const cache = await world.caches.create({ name: 'jet', region: 'us-east-1' }, signal);
  production = { ref: database.ref, cacheId: cache.id };
  expect(await world.provision()).toMatchObject({ error: undefined });
  expect(await world.deploy()).toMatchObject({ error: undefined });
  takeCalls(world);
});

const outside = (name: string): VariableSettings => ({ value: { kind: 'env', name }, class: 'secret', required: false });

function settingsWith(env: Readonly<Record<string, VariableSettings>>, more: Partial<ProductionSettings> = {}): StagingSettings {
  return { ...stagingSettings, env: { ...stagingSettings.env, ...env }, production: { ...stagingSettings.production, ...more } };
}

/** Returns the point of this id as `doctor isolation` sees it. */
async function pointOf(id: string, settings: StagingSettings = stagingSettings): Promise<IsolationPoint | undefined> {
  const { points } = await examined(settings);
  return points.find((point) => point.id === id);
}

async function examined(settings: StagingSettings) {
  const stage = isolationStage({ ...world.base, settings, productionReady: async () => undefined }, emptyResources());
  const { error } = await world.run(stage.steps);
  return { error, points: stage.result()?.details.points ?? [], result: stage.result() };
}

const token = (claims: object) => `eyJhbGciOiJIUzI1NiJ9.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.signature`;

describe('an environment of its own', () => {
  it('passes in all eight things and in the secrets, each with what that rests on', async () => {
    const { error, points, result } = await examined(stagingSettings);

    expect(error).toBeUndefined();
    expect(Object.fromEntries(points.map(({ id, verdict }) => [id, verdict]))).toEqual({
      database: 'pass',
      redis: 'pass',
      clerk: 'pass',
      payment: 'pass',
      sentry: 'pass',
      storage: 'pass',
      mail: 'pass',
      webhooks: 'pass',
      secrets: 'pass',
    });
    expect(result).toMatchObject({ verdict: 'green', summary: '9 of 9 proven' });
    expect(points[0]?.evidence).toMatch(/^its own is [a-z]{20}; DATABASE_URL leads to it$/);
    expect(world.calls).toEqual([]);
  });

  it('is unknown, not passed, where there is nothing to compare with: exit 9', async () => {
    const settings = {
      ...stagingSettings,
      production: { domains: ['jet.test'], vercelProjects: [], supabaseProjects: [], upstashDatabases: [] },
    };

    const { error, points } = await examined(settings);

    expect(error).toMatchObject({ kind: 'inconclusive', code: 'ISOLATION_UNKNOWN', exitCode: 9 });
    expect(points.filter(({ verdict }) => verdict === 'unknown').map(({ id, fix }) => [id, fix])).toEqual([
      ['database', 'Name it under `production.supabaseProjects`.'],
      ['redis', 'Name it under `production.upstashDatabases`.'],
    ]);
  });

  it('is unknown where production’s database is named by what is no reference and finds no project', async () => {
    const invented = { ...stagingSettings.production, supabaseProjects: ['my-own-production'] };

    expect(await pointOf('database', { ...stagingSettings, production: invented })).toMatchObject({
      verdict: 'unknown',
      evidence: expect.stringContaining('"my-own-production"'),
    });
  });

  it('is unknown before there is anything, and says what makes it', async () => {
    world = stageWorld();

    expect(await pointOf('database')).toMatchObject({ verdict: 'unknown', fix: 'Run `jv-staging provision`.' });
  });
});

/** Each point broken: variables and production's side of the configuration, or what was changed in the world. */
interface Break {
  readonly point: string;
  readonly says: RegExp;
  readonly env?: () => Readonly<Record<string, VariableSettings>>;
  readonly values?: () => Readonly<Record<string, string>>;
  readonly production?: Partial<ProductionSettings>;
  readonly change?: () => void;
}

const breaks: readonly (readonly [string, Break])[] = [
  [
    'a connection string of production’s database',
    {
      point: 'database',
      env: () => ({ DATABASE_URL: outside('DATABASE_URL') }),
      values: () => ({ DATABASE_URL: `postgresql://postgres.${production.ref}:hunter2hunter2@pooler.supabase.com:6543/postgres` }),
      says: /^DATABASE_URL leads to pooler\.supabase\.com:6543 \(project [a-z]{20}\), which is production's \(jet\)$/,
    },
  ],
  [
    'the service key of production’s project',
    {
      point: 'database',
      env: () => ({ SUPABASE_SERVICE_ROLE_KEY: outside('SERVICE_KEY') }),
      values: () => ({ SERVICE_KEY: token({ role: 'service_role', ref: production.ref }) }),
      says: /^SUPABASE_SERVICE_ROLE_KEY is a key of production's project [a-z]{20}$/,
    },
  ],
  [
    'the key of a project that is neither',
    {
      point: 'database',
      env: () => ({ SUPABASE_ANON_KEY: outside('ANON_KEY') }),
      values: () => ({ ANON_KEY: token({ role: 'anon', ref: 'z'.repeat(20) }) }),
      says: /^SUPABASE_ANON_KEY is a key of project z{20}, not of [a-z]{20}$/,
    },
  ],
  [
    'a database that is marked as production’s',
    {
      point: 'database',
      change: () => {
        world.database.says.environments = ['production'];
      },
      says: /^the database is marked as production$/,
    },
  ],
  [
    'production’s Redis',
    {
      point: 'redis',
      env: () => ({ REDIS_URL: outside('REDIS_URL') }),
      values: () => ({ REDIS_URL: `rediss://default:hunter2hunter2@${production.cacheId}.upstash.io:6379` }),
      says: /^REDIS_URL leads to redis-1\.upstash\.io:6379, which is production's \(jet\)$/,
    },
  ],
  [
    'a live key of Clerk',
    {
      point: 'clerk',
      env: () => ({ CLERK_SECRET_KEY: outside('CLERK_SECRET_KEY') }),
      values: () => ({ CLERK_SECRET_KEY: 'sk_live_hunter2hunter2' }),
      says: /^CLERK_SECRET_KEY is a live key$/,
    },
  ],
  [
    'a key of Clerk that Clerk says is live, whatever it looks like',
    {
      point: 'clerk',
      env: () => ({ CLERK_SECRET_KEY: outside('CLERK_SECRET_KEY') }),
      values: () => ({ CLERK_SECRET_KEY: 'sk_test_hunter2hunter2' }),
      change: () => void world.clerkInstances.set('sk_test_hunter2hunter2', { id: 'ins_1', live: true }),
      says: /^CLERK_SECRET_KEY belongs to instance ins_1 with real users, as Clerk says$/,
    },
  ],
  [
    'production’s Clerk instance by the host in its publishable key',
    {
      point: 'clerk',
      env: () => ({ NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: { value: `pk_test_${btoa('clerk.jet.test$')}`, class: 'public', required: true } }),
      production: { clerk: ['clerk.jet.test'] },
      says: /belongs to production's instance clerk\.jet\.test$/,
    },
  ],
  ...(['sk_live_', 'rk_live_', 'pk_live_'] as const).map(
    (prefix) =>
      [
        `a payment key of class ${prefix}`,
        {
          point: 'payment',
          env: () => ({ CHECKOUT: outside('CHECKOUT') }),
          values: () => ({ CHECKOUT: `${prefix}hunter2hunter2` }),
          says: /^CHECKOUT is of live mode$/,
        },
      ] as const,
  ),
  [
    'another Sentry environment',
    {
      point: 'sentry',
      env: () => ({ SENTRY_ENVIRONMENT: { value: 'production', class: 'public', required: true } }),
      says: /^SENTRY_ENVIRONMENT is "production"$/,
    },
  ],
  [
    'Sentry without an environment: its default is production',
    {
      point: 'sentry',
      values: () => ({ SENTRY_DSN: 'https://key@sentry.test/1' }),
      says: /^SENTRY_DSN is set without SENTRY_ENVIRONMENT/,
    },
  ],
  [
    'production’s bucket',
    {
      point: 'storage',
      env: () => ({ S3_BUCKET: { value: 'jet-uploads', class: 'public', required: true } }),
      production: { storage: ['jet-uploads'] },
      says: /^S3_BUCKET is "jet-uploads", which is production's$/,
    },
  ],
  [
    'production’s mail server',
    {
      point: 'mail',
      env: () => ({ SMTP_HOST: { value: 'smtp.jet.test', class: 'public', required: true } }),
      production: { mail: ['smtp.jet.test'] },
      says: /^SMTP_HOST is smtp\.jet\.test, which is production's$/,
    },
  ],
  [
    'a webhook into production',
    {
      point: 'webhooks',
      env: () => ({ BOOKING_WEBHOOK_URL: outside('BOOKING_WEBHOOK_URL') }),
      values: () => ({ BOOKING_WEBHOOK_URL: 'https://jet.test/hooks/booking' }),
      says: /^BOOKING_WEBHOOK_URL leads to jet\.test, a domain of production/,
    },
  ],
  [
    'a trigger of the database that calls production',
    {
      point: 'webhooks',
      change: () => {
        world.database.says.webhooks = ['https://jet.test/hooks/rows'];
      },
      says: /^a trigger of the database calls jet\.test:443, which is production's$/,
    },
  ],
  [
    'a secret with the fingerprint of one of production’s',
    {
      point: 'secrets',
      env: () => ({ MAPS_KEY: outside('MAPS_KEY') }),
      values: () => ({ MAPS_KEY: 'maps-key-of-production' }),
      // printf %s maps-key-of-production | sha256sum
      production: { fingerprints: { MAPS_KEY: 'sha256:9357ea8aa9d06e57c58ac3bed91e72d63c0e3e896f4b20e40ceaf09d0da6b6e4' } },
      says: /^MAPS_KEY has the fingerprint of production's MAPS_KEY$/,
    },
  ],
  [
    'a secret with a keyed fingerprint of one of production’s, made before the state key was rotated',
    {
      point: 'secrets',
      env: () => ({ MAPS_KEY: outside('MAPS_KEY') }),
      values: () => ({ MAPS_KEY: 'maps-key-of-production' }),
      change: () => void world.secretFile.values.set('JV_STATE_KEY_PREVIOUS', 'f'.repeat(43)),
      production: { fingerprints: { MAPS_KEY: `hmac:${stateSealing('f'.repeat(43)).fingerprint('maps-key-of-production')}` } },
      says: /^MAPS_KEY has the fingerprint of production's MAPS_KEY$/,
    },
  ],
  [
    'a service key where the anon key belongs, which browsers would get',
    {
      point: 'secrets',
      env: () => ({ NEXT_PUBLIC_SUPABASE_ANON_KEY: { value: { kind: 'env', name: 'ANON_KEY' }, class: 'public', required: true } }),
      values: () => ({ ANON_KEY: `sb_secret_hunter2hunter2` }),
      says: /^NEXT_PUBLIC_SUPABASE_ANON_KEY holds a Supabase service key/,
    },
  ],
];

describe('what is shared', () => {
  it.each(breaks)('is caught before any write of any command: %s', async (_title, broken) => {
    const settings = settingsWith(broken.env?.() ?? {}, broken.production);
    Object.assign(world.environment, broken.values?.() ?? {});
    broken.change?.();

    expect(await pointOf(broken.point, settings)).toMatchObject({ verdict: 'fail', evidence: expect.stringMatching(broken.says) });
    const ran = [
      await world.provision({ settings }),
      await world.deploy({ settings }),
      await world.seed({ settings }),
      await world.rollback(undefined, { settings }),
    ];

    for (const { error } of ran) {
      expect(error).toMatchObject({ kind: 'refused', code: expect.stringMatching(/^(?:ISOLATION_BROKEN|ENV_UNSAFE)$/), exitCode: 6 });
      expect(error instanceof StagingError && `${error.message} ${error.fix ?? ''}`).not.toContain('hunter2');
    }
    expect(world.calls).toEqual([]);
  });
});

describe('what cannot be known', () => {
  it('is a variable that somebody else set on Vercel, until the configuration declares it', async () => {
    const project = await world.hosting.projects.find(stagingSettings.name, signal);
    const variables = async () => [
      ...(await world.hosting.projects.variables(project?.id ?? '', signal)),
      { name: 'STRIPE_SECRET_KEY', fingerprint: null, updatedAtMs: null },
    ];
    world.base.projects = { ...world.hosting.projects, variables };

    const { error, points } = await examined(stagingSettings);

    expect(error).toMatchObject({ code: 'ISOLATION_UNKNOWN' });
    expect(points.filter(({ verdict }) => verdict === 'unknown').map(({ id }) => id)).toEqual(['payment', 'secrets']);
    expect(points.find(({ id }) => id === 'payment')?.evidence).toContain('STRIPE_SECRET_KEY was set on Vercel by somebody else');
  });

  it('is a secret from outside without fingerprints, a bucket with nothing to compare, a payment key without a mode', async () => {
    const env = { MAPS_KEY: outside('MAPS_KEY'), S3_BUCKET: outside('BUCKET'), PAYMENT_TOKEN: outside('TOKEN') };
    Object.assign(world.environment, { MAPS_KEY: 'maps', BUCKET: 's3://bucket.test/a', TOKEN: 'opaque' });

    const { points } = await examined(settingsWith(env));

    expect(points.filter(({ verdict }) => verdict === 'unknown').map(({ id }) => id)).toEqual(['payment', 'storage', 'secrets']);
  });

  it('stops no command: only what is shared does', async () => {
    world.environment['MAPS_KEY'] = 'maps';

    const { error } = await world.provision({ settings: settingsWith({ MAPS_KEY: outside('MAPS_KEY') }) });

    expect(error).toBeUndefined();
  });

  it('is nothing that a platform which fails to answer could hide: the other points are judged all the same', async () => {
    const addresses = async () => Promise.reject(new StagingError('vendor', 'SUPABASE_UNREACHABLE', 'No answer.'));
    world.base.databases = { ...world.databases, addresses };

    expect(await pointOf('sentry')).toMatchObject({ verdict: 'pass' });
    expect(await pointOf('database')).toMatchObject({ verdict: 'pass' });
  });
});

it('asks what must be asked once a run, not once a stage', async () => {
  const asked: string[] = [];
  const findByName = async (name: string) => {
    asked.push(name);
    return world.databases.findByName(name, signal);
  };
  world.base.databases = { ...world.databases, findByName };
  const resources = emptyResources();
  const deps = { ...world.base, productionReady: async () => undefined };

  for (let stage = 0; stage < 3; stage += 1) await world.run(isolationStage(deps, resources).steps);

  expect(asked.filter((name) => name === 'jet')).toEqual(['jet']);
});
