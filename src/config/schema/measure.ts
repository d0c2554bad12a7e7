import { z } from 'zod';
import { originalBudgets } from '../../core/perf/perf.ts';
import { durationMs, httpStatus, identifier, identity, path } from './parts.ts';

const request = {
  id: identifier,
  method: z.enum(['GET', 'POST']).default('GET'),
  path,
  as: identity.default('nobody'),
  body: z.unknown().optional(),
};

/** Pages, endpoints and budgets of perf. */
export const perf = z.strictObject({
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

/** Journey, ramps and thresholds of load. */
export const load = z.strictObject({
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
