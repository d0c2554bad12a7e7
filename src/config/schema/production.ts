import { z } from 'zod';
import { durationMs, envReference, text } from './parts.ts';

/** What is production's, and must never be touched. */
export const production = z.strictObject({
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
  fingerprints: z.record(text, z.string().regex(/^(?:hmac|sha256):[0-9a-f]{64}$/, 'hmac: or sha256: and 64 hexadecimal digits')).optional(),
});
