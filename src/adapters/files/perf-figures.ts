import { z } from 'zod';
import type { PerfFigures } from '../../core/perf/baseline.ts';

const figures = z.object({
  pages: z.array(
    z.object({
      path: z.string(),
      formFactor: z.enum(['desktop', 'mobile']),
      runs: z.array(
        z.object({
          score: z.number(),
          pageLoadMs: z.number(),
          largestContentfulPaintMs: z.number(),
          totalBlockingTimeMs: z.number(),
          benchmarkIndex: z.number(),
        }),
      ),
    }),
  ),
  endpoints: z.array(z.object({ method: z.string(), path: z.string(), statistics: z.object({ p50Ms: z.number(), p95Ms: z.number() }) })),
}) satisfies z.ZodType<PerfFigures>;

/** Returns the figures in the details of a kept perf stage, or undefined when they are not there. */
export function perfFiguresIn(details: unknown): PerfFigures | undefined {
  return figures.safeParse(details).data;
}
