import { z } from 'zod';
import { protections, type TableWaiver } from '../../core/release/protection.ts';
import { supabaseRegions, upstashRegions, vercelRegionCodes } from '../../core/regions.ts';
import { previewDatabaseChoices } from '../../core/settings.ts';
import { envReference, text } from './parts.ts';

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

/** The Vercel project. */
export const vercel = z
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
  .prefault({});

/** The Supabase project. */
export const supabase = z.strictObject({
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
  previews: z.enum(previewDatabaseChoices).optional(),
  migrations: text.default('supabase/migrations'),
  rollbacks: text.default('supabase/rollbacks'),
  tableWaivers: z
    .array(
      z.strictObject({
        table: z.string().regex(/^[^.\s]+\.[^.\s]+$/, 'a table with its schema, "public.outbox"'),
        without: z.enum(protections),
        reason: text,
      }) satisfies z.ZodType<TableWaiver>,
    )
    .optional(),
});

/** The Upstash database. */
export const upstash = z.strictObject({
  email: envReference.default({ kind: 'env', name: 'UPSTASH_EMAIL' }),
  apiKey: envReference.default({ kind: 'env', name: 'UPSTASH_API_KEY' }),
  region: z.enum(upstashRegions).optional(),
  plan: z.enum(upstashPlans).optional(),
  budgetUsd: z.number().min(0).optional(),
  prefix: z.string().regex(/^[a-z0-9][a-z0-9:-]*:$/, 'a key prefix that ends with a colon'),
  queues: z.array(text).default([]),
});
