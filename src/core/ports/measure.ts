import type { LoadMeasurement, LoadRequest, LoadSample, LoadStage } from '../load/load.ts';
import type { BrowserMemorySample, JourneyStep } from '../perf/memory.ts';
import type { RequestSample } from '../statistics.ts';
import type { RequestStatistics } from '../load/load.ts';
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
  /** What the page looked like while it loaded; kept of the median run alone. */
  readonly filmstrip?: readonly FilmFrame[] | undefined;
}

/** One picture of a page that loads. */
export interface FilmFrame {
  /** Since the navigation began. */
  readonly atMs: number;
  /** A small JPEG as a `data:` address. */
  readonly image: string;
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

/** A page's journey in one tab, repeated. */
export interface PageJourney {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What each cycle does; loading the page again when empty. */
  readonly steps: readonly JourneyStep[];
}

/** A journey under way, in a browser of its own until it is closed. */
export interface OpenJourney {
  /** Does one cycle, collects the garbage through DevTools, and returns what is left. Throws `PERF_JOURNEY_FAILED` (kind `red`). */
  cycle(signal: AbortSignal): Promise<Omit<BrowserMemorySample, 'cycle'>>;
  close(): Promise<void>;
}

/** Opens a page in a real browser to repeat a journey on it. Throws `CHROME_NOT_FOUND` (kind `missing`), `PERF_JOURNEY_FAILED`. */
export interface BrowserMemory {
  open(target: WebTarget, journey: PageJourney, signal: AbortSignal): Promise<OpenJourney>;
}

/** Keeps the times of requests in bounded memory. */
export interface LatencyHistogram {
  record(sample: RequestSample): void;
  statistics(): RequestStatistics;
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
  /** Tells the person who watches how far the run is, where an engine has no sample each second. */
  readonly note?: ((text: string) => void) | undefined;
}

/** Drives load. Throws `K6_…` (kind `missing`), `LOAD_ENGINE_FAILED` (kind `vendor`). */
export interface LoadEngine {
  readonly name: 'k6' | 'embedded';
  run(plan: LoadPlan, onSample: (sample: LoadSample) => void, signal: AbortSignal): Promise<LoadMeasurement>;
}

/** What a load service that keeps its figures to itself said at the end. */
export interface ServiceVerdict {
  /** True when a threshold of the script was crossed. */
  readonly crossed: boolean;
  /** Where its figures can be seen. */
  readonly resultUrl: string | undefined;
}

/** Runs the emitted script on machines of a service. Throws `K6_…` (kind `missing`), `LOAD_ENGINE_FAILED` (kind `vendor`). */
export interface LoadService {
  readonly title: string;
  run(note: (text: string) => void, signal: AbortSignal): Promise<ServiceVerdict>;
}
