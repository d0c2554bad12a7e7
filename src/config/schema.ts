import { z } from 'zod';
import { originalBudgets } from '../core/perf.ts';
import { supabaseRegions, upstashRegions, vercelRegionCodes } from '../core/regions.ts';
import { resourceFacts } from '../core/settings.ts';
import type { CheckIdentity, SmokeCheck } from '../core/smoke.ts';

const text = z.string().min(1);
const envReference = z.strictObject({ kind: z.literal('env'), name: z.string().regex(/^[A-Z_][A-Z0-9_]*$/) });
const factReference = z.strictObject({ kind: z.literal('fact'), fact: z.enum(resourceFacts) });
const path = z.string().regex(/^\//, 'a path that begins with /');
const identity = z.union([z.literal('nobody'), z.strictObject({ user: z.email() })]) satisfies z.ZodType<CheckIdentity>;
const identifier = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens');
const durationMs = z.number().int().positive();
const httpStatus = z.number().int().min(100).max(599);
const fieldType = z.enum(['string', 'number', 'boolean', 'array', 'object']);

const checkBase = { id: identifier, title: text, timeoutMs: durationMs.default(10_000) };
const smokeCheck = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('page'),
    ...checkBase,
    path,
    as: identity.default('nobody'),
    status: httpStatus.default(200),
    marker: text,
  }),
  z.strictObject({ kind: z.literal('health'), ...checkBase, path: path.default('/api/health') }),
  z.strictObject({
    kind: z.literal('api'),
    ...checkBase,
    method: z.enum(['GET', 'POST']).default('GET'),
    path,
    as: identity.default('nobody'),
    body: z.unknown().optional(),
    status: httpStatus,
    fields: z.record(z.string(), fieldType).default({}),
    notEmpty: z.string().optional(),
    remove: z.strictObject({ id: text, path: path.includes('{id}') }).optional(),
  }),
  z.strictObject({
    kind: z.literal('realtime'),
    ...checkBase,
    table: text,
    as: z.strictObject({ user: z.email() }),
    row: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({ kind: z.literal('queue'), ...checkBase, queue: text, worker: path }),
  z.strictObject({ kind: z.literal('headers'), ...checkBase, path, headers: z.record(z.string(), z.string()) }),
  z.strictObject({ kind: z.literal('negative'), ...checkBase, path, absent: z.array(text).default([]) }),
]) satisfies z.ZodType<SmokeCheck>;

const variable = z.strictObject({
  value: z.union([z.string(), envReference, factReference]),
  class: z.enum(['public', 'secret']),
  required: z.boolean().default(true),
  rule: z.string().refine(isExpression, 'a regular expression').optional(),
});

function isExpression(source: string): boolean {
  try {
    return new RegExp(source, 'u').source !== '';
  } catch {
    return false;
  }
}

const request = {
  id: identifier,
  method: z.enum(['GET', 'POST']).default('GET'),
  path,
  as: identity.default('nobody'),
  body: z.unknown().optional(),
};

const perf = z.strictObject({
  pages: z.array(z.strictObject({ id: identifier, path, as: identity.default('nobody') })).min(1),
  endpoints: z.array(z.strictObject({ ...request, status: httpStatus.default(200) })).default([]),
  runs: z.number().int().min(1).max(9).default(3),
  requests: z.number().int().min(10).max(1000).default(50),
  formFactor: z.enum(['desktop', 'mobile']).default('desktop'),
  budgets: z
    .strictObject({
      score: z.number().min(0).max(100).default(originalBudgets.score),
      pageLoadMs: durationMs.default(originalBudgets.pageLoadMs),
      largestContentfulPaintMs: durationMs.default(originalBudgets.largestContentfulPaintMs),
      cumulativeLayoutShift: z.number().gt(0).max(10).default(originalBudgets.cumulativeLayoutShift),
      totalBlockingTimeMs: durationMs.default(originalBudgets.totalBlockingTimeMs),
      apiP95Ms: durationMs.default(originalBudgets.apiP95Ms),
    })
    .prefault({}),
});

const stage = z.strictObject({ durationMs, vus: z.number().int().min(0).max(1000) });

const load = z.strictObject({
  journey: z
    .array(
      z.strictObject({
        ...request,
        status: httpStatus.default(200),
        maxMs: durationMs.optional(),
        thinkMs: z.number().int().min(0).default(0),
      }),
    )
    .min(1),
  profiles: z.record(identifier, z.array(stage).min(1)).default({}),
  profile: identifier.default('full'),
  thresholds: z.strictObject({ p95Ms: durationMs.default(2000), errorRate: z.number().gt(0).max(1).default(0.15) }).prefault({}),
  maxVus: z.number().int().min(1).max(1000).default(100),
});

/** Compute sizes (Supabase's OpenAPI file of 2026-06-01, `desired_instance_size`). */
const supabaseSizes = [
  'nano',
  'micro',
  'small',
  'medium',
  'large',
  'xlarge',
  '2xlarge',
  '4xlarge',
  '8xlarge',
  '12xlarge',
  '16xlarge',
] as const;

/** Plans (Upstash's OpenAPI file of 2026-08-21, `plan`). */
const upstashPlans = [
  'free',
  'payg',
  'fixed_250mb',
  'fixed_1gb',
  'fixed_5gb',
  'fixed_10gb',
  'fixed_50gb',
  'fixed_100gb',
  'fixed_500gb',
] as const;

/**
 * The shape of `staging.config.ts`. Defaults are the original plan's (FR-6, FR-7 and its k6 script); paths are relative to the
 * configuration file. Unknown keys are errors.
 */
export const configSchema = z.strictObject({
  name: identifier,
  environment: text.default('staging'),
  target: z.enum(['cloud', 'local']).default('cloud'),
  domain: z.hostname(),
  branch: text.default('develop'),
  allowDistantRegions: z.boolean().default(false),
  app: z.strictObject({
    dir: text.default('.'),
    build: z.array(text).min(1).optional(),
    output: text.default('.vercel/output'),
  }),
  vercel: z
    .strictObject({
      token: envReference.default({ kind: 'env', name: 'VERCEL_TOKEN' }),
      team: envReference.default({ kind: 'env', name: 'VERCEL_ORG_ID' }),
      region: z.enum(vercelRegionCodes).optional(),
      nodeVersion: text.default('24.x'),
      framework: text.nullable().optional(),
      buildCommand: text.optional(),
      installCommand: text.optional(),
      outputDirectory: text.optional(),
      rootDirectory: text.optional(),
      git: z
        .strictObject({
          repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'a repository, "owner/name"'),
          provider: z.enum(['github', 'gitlab', 'bitbucket']).default('github'),
          deployments: z.boolean().default(false),
        })
        .optional(),
      protectionBypass: z.boolean().optional(),
    })
    .prefault({}),
  supabase: z.strictObject({
    accessToken: envReference.default({ kind: 'env', name: 'SUPABASE_ACCESS_TOKEN' }),
    organization: envReference.default({ kind: 'env', name: 'SUPABASE_ORGANIZATION' }),
    region: z.enum(supabaseRegions).optional(),
    size: z.enum(supabaseSizes).optional(),
    postgresVersion: z.enum(['15', '17']).optional(),
    sslEnforced: z.boolean().optional(),
    allowedCidrs: z.array(z.cidrv4()).optional(),
    auth: z.strictObject({ siteUrl: z.url().optional(), redirectUrls: z.array(text).optional() }).optional(),
    pooler: z
      .strictObject({ size: z.number().int().min(1).max(3000).optional(), mode: z.enum(['transaction', 'session']).optional() })
      .optional(),
    migrations: text.default('supabase/migrations'),
    rollbacks: text.default('supabase/rollbacks'),
  }),
  upstash: z.strictObject({
    email: envReference.default({ kind: 'env', name: 'UPSTASH_EMAIL' }),
    apiKey: envReference.default({ kind: 'env', name: 'UPSTASH_API_KEY' }),
    region: z.enum(upstashRegions).optional(),
    plan: z.enum(upstashPlans).optional(),
    budgetUsd: z.number().min(0).optional(),
    prefix: z.string().regex(/^[a-z0-9][a-z0-9:-]*:$/, 'a key prefix that ends with a colon'),
    queues: z.array(text).default([]),
  }),
  production: z.strictObject({
    domains: z.array(z.hostname()).min(1),
    vercelProjects: z.array(text).default([]),
    supabaseProjects: z.array(text).default([]),
    upstashDatabases: z.array(text).default([]),
    costUsdPerMonth: z.number().positive().optional(),
    budgets: z
      .strictObject({
        score: z.number().min(0).max(100).optional(),
        pageLoadMs: durationMs.optional(),
        largestContentfulPaintMs: durationMs.optional(),
        cumulativeLayoutShift: z.number().gt(0).max(10).optional(),
        totalBlockingTimeMs: durationMs.optional(),
        apiP95Ms: durationMs.optional(),
        loadP95Ms: durationMs.optional(),
        errorRate: z.number().gt(0).max(1).optional(),
        virtualUsers: z.number().int().min(1).optional(),
      })
      .optional(),
    database: envReference.optional(),
    databaseHosts: z.array(text).optional(),
    redisHosts: z.array(text).optional(),
    clerk: z.array(text).optional(),
    storage: z.array(text).optional(),
    mail: z.array(text).optional(),
    webhooks: z.array(text).optional(),
    fingerprints: z
      .record(text, z.string().regex(/^(?:hmac|sha256):[0-9a-f]{64}$/, 'hmac: or sha256: and 64 hexadecimal digits'))
      .optional(),
  }),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), variable),
  seed: z.strictObject({ dir: text.default('seed'), profile: identifier.default('demo') }),
  smoke: z.strictObject({ checks: z.array(smokeCheck).min(1) }),
  perf,
  load,
});

/** What `defineConfig` takes: the shape of `staging.config.ts`, defaults optional. */
export type StagingConfig = z.input<typeof configSchema>;

/** The configuration with its defaults filled in, paths still relative. */
export type ParsedConfig = z.output<typeof configSchema>;
