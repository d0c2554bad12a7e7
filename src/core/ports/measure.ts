import type { LoadMeasurement, LoadRequest, LoadSample, LoadStage } from '../load/load.ts';
import type { WebTarget } from './web.ts';

/** One Lighthouse run of one page. */
export interface PageRun {
  /** Performance score, 0 to 100. */
  readonly score: number;
  readonly firstContentfulPaintMs: number;
  readonly largestContentfulPaintMs: number;
  readonly totalBlockingTimeMs: number;
  readonly cumulativeLayoutShift: number;
  /** Until the page is loaded and interactive. */
  readonly pageLoadMs: number;
  /** Lighthouse's own measure of the machine's speed. */
  readonly benchmarkIndex: number;
  /** Status of the document that was audited. */
  readonly status: number;
  /** The address that was finally audited (after redirects). */
  readonly finalUrl: string;
}

/** Audits a page once in a real browser. Throws `CHROME_NOT_FOUND` (kind `missing`), `PERF_PAGE_FAILED` (kind `red`). */
export interface PageAudit {
  audit(
    target: WebTarget,
    page: { readonly path: string; readonly headers: Readonly<Record<string, string>>; readonly formFactor: 'desktop' | 'mobile' },
    signal: AbortSignal,
  ): Promise<PageRun>;
  /** Returns the browser's and Lighthouse's versions. */
  versions(signal: AbortSignal): Promise<{ readonly browser: string; readonly lighthouse: string }>;
}

/** A load run about to start. */
export interface LoadPlan {
  readonly target: WebTarget;
  readonly journey: readonly LoadRequest[];
  /** Headers by request id (the session of the user that the request signs in as). Secret. */
  readonly headers: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly stages: readonly LoadStage[];
  /** Bound on one request. */
  readonly timeoutMs: number;
  /** Ends the run early when aborted: what was measured until then is returned. */
  readonly halt?: AbortSignal | undefined;
}

/** Drives load. Throws `K6_…` (kind `missing`), `LOAD_ENGINE_FAILED` (kind `vendor`). */
export interface LoadEngine {
  readonly name: 'k6' | 'embedded';
  run(plan: LoadPlan, onSample: (sample: LoadSample) => void, signal: AbortSignal): Promise<LoadMeasurement>;
}
