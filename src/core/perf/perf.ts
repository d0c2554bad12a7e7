import type { CheckIdentity } from '../smoke/smoke.ts';

/** A page that Lighthouse audits. */
export interface PerfPage {
  readonly id: string;
  readonly path: string;
  readonly as: CheckIdentity;
}

/** An endpoint whose latency is measured. */
export interface PerfEndpoint {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly as: CheckIdentity;
  readonly body?: unknown;
  readonly status: number;
}

/** What perf measures and its limits (defaults: the original plan, FR-6). */
export interface PerfSettings {
  readonly pages: readonly PerfPage[];
  readonly endpoints: readonly PerfEndpoint[];
  /** Lighthouse runs a page; the median run counts. More follow while a budget lies inside their spread (`nextRunCount`). */
  readonly runs: number;
  /** Requests an endpoint. */
  readonly requests: number;
  readonly formFactor: 'desktop' | 'mobile';
  readonly budgets: PerfBudgets;
}

/** The limits of pages and endpoints. */
export interface PerfBudgets {
  /** The performance score (0 to 100) must be strictly above this. */
  readonly score: number;
  /** Page load (Lighthouse's Time to Interactive or the load event, whichever is later) must be strictly below this. */
  readonly pageLoadMs: number;
  /** Largest Contentful Paint must be strictly below this. */
  readonly largestContentfulPaintMs: number;
  /** Cumulative Layout Shift (no unit) must be strictly below this. */
  readonly cumulativeLayoutShift: number;
  /** Total Blocking Time must be strictly below this. */
  readonly totalBlockingTimeMs: number;
  /** 95th percentile of an endpoint's latency must be strictly below this. */
  readonly apiP95Ms: number;
}

/**
 * The original plan's limits (FR-6), and for what it does not name those where Lighthouse 13.5 alone gives the metric half of its
 * points on a phone (`core/audits/metrics/`, `scoring.median`, read 2026-11-23).
 */
export const originalBudgets: PerfBudgets = {
  score: 85,
  pageLoadMs: 3000,
  largestContentfulPaintMs: 4000,
  cumulativeLayoutShift: 0.25,
  totalBlockingTimeMs: 600,
  apiP95Ms: 2000,
};

/** Returns the settings of `perf --url` without a configuration: the address itself, no endpoints, median of 3 runs. */
export function perfSettingsForUrl(path: string): PerfSettings {
  return {
    pages: [{ id: 'page', path, as: 'nobody' }],
    endpoints: [],
    runs: 3,
    requests: 50,
    formFactor: 'desktop',
    budgets: originalBudgets,
  };
}
