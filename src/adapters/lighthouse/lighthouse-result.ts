import { z } from 'zod';
import type { PageRun } from '../../core/ports/measure.ts';

const numeric = z.object({ numericValue: z.number() });

/** What of Lighthouse's result is read (`lighthouse/types/lhr/lhr.d.ts` of 13.5.0). */
const lighthouseResult = z.object({
  runtimeError: z.object({ code: z.string(), message: z.string() }).optional(),
  mainDocumentUrl: z.string().optional(),
  finalDisplayedUrl: z.string(),
  environment: z.object({ benchmarkIndex: z.number() }),
  categories: z.object({ performance: z.object({ score: z.number().nullable() }) }),
  audits: z.object({
    'first-contentful-paint': numeric.partial(),
    'largest-contentful-paint': numeric.partial(),
    'total-blocking-time': numeric.partial(),
    'cumulative-layout-shift': numeric.partial(),
    metrics: z.object({
      details: z
        .object({ items: z.array(z.object({ interactive: z.number().optional(), observedLoad: z.number().optional() })) })
        .optional(),
    }),
    'screenshot-thumbnails': z
      .object({
        details: z
          .object({ items: z.array(z.object({ timing: z.number(), data: z.string().startsWith('data:image/jpeg;base64,') })) })
          .optional(),
      })
      .optional(),
    'network-requests': z.object({
      details: z
        .object({ items: z.array(z.object({ url: z.string(), statusCode: z.number().optional(), resourceType: z.string().optional() })) })
        .optional(),
    }),
  }),
});

/** What a Lighthouse result came to: a run, or why there is none. */
export type ReadRun =
  | { readonly kind: 'run'; readonly run: PageRun }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

/** Returns the run that a Lighthouse result describes; a page without a score has failed. */
export function readRun(result: unknown): ReadRun {
  const { runtimeError, audits, categories, environment, ...addresses } = lighthouseResult.parse(result);
  if (runtimeError !== undefined) return { kind: 'failed', code: runtimeError.code, reason: oneSentence(runtimeError.message) };
  const score = categories.performance.score;
  const largest = audits['largest-contentful-paint'].numericValue;
  if (score === null || largest === undefined) return { kind: 'failed', code: 'NO_SCORE', reason: 'Lighthouse could not score the page' };
  const metrics = audits.metrics.details?.items[0];
  const documentUrl = addresses.mainDocumentUrl ?? addresses.finalDisplayedUrl;
  const documents = (audits['network-requests'].details?.items ?? []).filter((item) => item.resourceType === 'Document');
  return {
    kind: 'run',
    run: {
      score: Math.round(score * 100),
      firstContentfulPaintMs: audits['first-contentful-paint'].numericValue ?? largest,
      largestContentfulPaintMs: largest,
      totalBlockingTimeMs: audits['total-blocking-time'].numericValue ?? 0,
      cumulativeLayoutShift: audits['cumulative-layout-shift'].numericValue ?? 0,
      // A page that never becomes quiet has no Time to Interactive: then its last big paint stands for it.
      pageLoadMs: Math.max(metrics?.interactive ?? largest, metrics?.observedLoad ?? 0),
      benchmarkIndex: environment.benchmarkIndex,
      status: documents.findLast((item) => withoutFragment(item.url) === withoutFragment(documentUrl))?.statusCode ?? 0,
      finalUrl: addresses.finalDisplayedUrl,
      filmstrip: audits['screenshot-thumbnails']?.details?.items.map(({ timing, data }) => ({ atMs: timing, image: data })),
    },
  };
}

function withoutFragment(url: string): string {
  return url.split('#')[0] ?? url;
}

function oneSentence(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
}
