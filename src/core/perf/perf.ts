import type { NoiseBand } from './baseline.ts';
import type { DatabaseBudgets } from './database.ts';
import type { BrowserSoakSettings, ServerSoakSettings } from './memory.ts';
import type { PoolSettings } from './pool.ts';
import type { CheckCaller } from '../smoke/smoke.ts';

/** What a page is audited as. */
export type FormFactor = 'desktop' | 'mobile';

/** A page that Lighthouse audits. */
export interface PerfPage {
  readonly id: string;
  readonly path: string;
  readonly as: CheckCaller;
}

/** An endpoint whose latency is measured. */
export interface PerfEndpoint {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly as: CheckCaller;
  readonly body?: unknown;
  readonly status: number;
}

/** What perf measures and its limits (defaults: the original plan, FR-6). */
export interface PerfSettings {
  readonly pages: readonly PerfPage[];
  readonly endpoints: readonly PerfEndpoint[];
  /** Lighthouse runs a page; the median run counts. More follow while a budget lies inside their spread (`nextRunCount`). */
  readonly runs: number;
  /** Warm requests an endpoint: over connections that are open, after some that do not count. */
  readonly requests: number;
  /** Cold requests an endpoint, before the warm ones: the first that it gets, each over a connection of its own. */
  readonly coldRequests: number;
  /** Each page is audited as each of these. */
  readonly formFactors: readonly FormFactor[];
  readonly budgets: PerfBudgets;
  /** Undefined: not tried. */
  readonly pool?: PoolSettings | undefined;
  readonly database: DatabaseBudgets;
  /** What is undefined is not soaked. */
  readonly memory: { readonly server?: ServerSoakSettings | undefined; readonly browser?: BrowserSoakSettings | undefined };
  /** Beside an earlier run, a figure is a regression only beyond this. */
  readonly noise: NoiseBand;
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

/** From when on the database's own figures are red, where the configuration does not say. */
export const usualDatabaseBudgets: DatabaseBudgets = { statementMs: 500, unindexedRows: 1000, deadShare: 0.4, deadRows: 10_000 };

/**
 * Wide enough for a busy machine: on two cores with a load average of 10, runs of one page lay 10 points apart (`judge.ts`), and the
 * p95 of an endpoint that answers in 10 ms between 11 and 30 ms.
 */
export const usualNoise: NoiseBand = { share: 0.3, ms: 100, scorePoints: 10 };

/** Returns the settings of `perf --url` without a configuration: the address itself as desktop and phone, median of 3 runs. */
export function perfSettingsForUrl(path: string): PerfSettings {
  return {
    pages: [{ id: 'page', path, as: 'nobody' }],
    endpoints: [],
    runs: 3,
    requests: 50,
    coldRequests: 10,
    formFactors: ['desktop', 'mobile'],
    budgets: originalBudgets,
    database: usualDatabaseBudgets,
    memory: {},
    noise: usualNoise,
  };
}
