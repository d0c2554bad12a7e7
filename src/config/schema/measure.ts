import { z } from 'zod';
import { originalBudgets, usualDatabaseBudgets, usualNoise } from '../../core/perf/perf.ts';
import { caller, durationMs, httpStatus, identifier, path, text } from './parts.ts';

const request = {
  id: identifier,
  method: z.enum(['GET', 'POST']).default('GET'),
  path,
  as: caller.default('nobody'),
  body: z.unknown().optional(),
};

const count = z.number().int().positive();
const share = z.number().gt(0).max(1);
const journeyStep = z.union([z.strictObject({ open: path }), z.strictObject({ click: text })]);

/** Turns what is switched off into what is not there. */
const unlessFalse = <Schema extends z.ZodType>(schema: Schema) => z.union([z.literal(false).transform(() => undefined), schema]);

const memory = z.strictObject({
  server: unlessFalse(
    z.strictObject({
      samples: count.min(10).max(200).default(30),
      requests: count.max(1000).default(20),
      concurrency: count.max(50).default(4),
      heapBytesPerRequest: count.default(500),
      rssBytesPerRequest: count.default(5000),
    }),
  ).prefault({}),
  browser: unlessFalse(
    z.strictObject({
      page: identifier.optional(),
      journey: z.array(journeyStep).default([]),
      cycles: count.min(10).max(200).default(10),
      heapBytesPerCycle: count.default(10_000),
      nodesPerCycle: z.number().positive().default(1),
      listenersPerCycle: z.number().positive().default(0.5),
    }),
  ).prefault({}),
});

/** Pages, endpoints and budgets of perf. */
export const perf = z.strictObject({
  pages: z.array(z.strictObject({ id: identifier, path, as: caller.default('nobody') })).min(1),
  endpoints: z.array(z.strictObject({ ...request, status: httpStatus.default(200) })).default([]),
  runs: z.number().int().min(1).max(9).default(3),
  requests: z.number().int().min(10).max(1000).default(50),
  coldRequests: count.max(100).default(10),
  formFactors: z
    .array(z.enum(['desktop', 'mobile']))
    .min(1)
    .default(['desktop', 'mobile']),
  pool: unlessFalse(z.strictObject({ concurrency: count.max(100).default(10), requests: count.max(10_000).default(200) })).prefault({}),
  database: z
    .strictObject({
      statementMs: durationMs.default(usualDatabaseBudgets.statementMs),
      unindexedRows: count.default(usualDatabaseBudgets.unindexedRows),
      deadShare: share.default(usualDatabaseBudgets.deadShare),
      deadRows: count.default(usualDatabaseBudgets.deadRows),
    })
    .prefault({}),
  memory: memory.prefault({}),
  noise: z
    .strictObject({
      share: share.default(usualNoise.share),
      ms: durationMs.default(usualNoise.ms),
      scorePoints: count.default(usualNoise.scorePoints),
    })
    .prefault({}),
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
  commandBudget: z.number().int().min(1).optional(),
  commandsPerRequest: z.number().min(0).optional(),
});
