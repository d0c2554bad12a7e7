import type { CheckCaller } from '../smoke/smoke.ts';

/** One request of a journey, and the pause after it. */
export interface LoadRequest {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly as: CheckCaller;
  readonly body?: unknown;
  /** Expected status; any other counts as an error. */
  readonly status: number;
  /** An answer slower than this counts as a failed check of this request (reported; the thresholds decide). */
  readonly maxMs?: number | undefined;
  readonly thinkMs: number;
}

/** A stage of the ramp: reach `vus` virtual users over `durationMs`, linearly, as in k6. */
export interface LoadStage {
  readonly durationMs: number;
  readonly vus: number;
}

/** When a load run is red. */
export interface LoadThresholds {
  /** 95th percentile over all requests must be strictly below this. */
  readonly p95Ms: number;
  /** Share of failed requests (0 to 1) must be strictly below this. */
  readonly errorRate: number;
}

/** What load runs and its limits. */
export interface LoadSettings {
  readonly journey: readonly LoadRequest[];
  /** Named ramps; `short` and `full` are built in (full = the original plan's stages). */
  readonly profiles: Readonly<Record<string, readonly LoadStage[]>>;
  /** The profile used when none is named. */
  readonly profile: string;
  readonly thresholds: LoadThresholds;
  /** Upper bound on virtual users, whatever is asked. */
  readonly maxVus: number;
  /** Redis commands that one run may spend; the plan of the database may allow less. */
  readonly commandBudget?: number | undefined;
  /** Redis commands that a request of the journey needs; measured when missing. */
  readonly commandsPerRequest?: number | undefined;
}

/** One sample of the timeline, one a second. Counts are of that second; times in ms. */
export interface LoadSample {
  /** Seconds since the run's start. */
  readonly second: number;
  readonly vus: number;
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Statistics over the requests of one kind, or over all. Rates are 0 to 1. */
export interface RequestStatistics {
  readonly requests: number;
  readonly errors: number;
  readonly errorRate: number;
  readonly minMs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Errors by class: a status as text ("500"), `timeout`, `refused`, `reset`, `other`. */
  readonly errorsByClass: Readonly<Record<string, number>>;
}

/** What a load engine measured. */
export interface LoadMeasurement {
  readonly engine: 'k6' | 'embedded';
  /** The engine's version, as it reports it. */
  readonly engineVersion: string;
  readonly durationMs: number;
  readonly iterations: number;
  readonly vusMax: number;
  readonly all: RequestStatistics;
  readonly byRequest: Readonly<Record<string, RequestStatistics>>;
  readonly timeline: readonly LoadSample[];
  /** Share of one core that the generator used in its busiest five seconds, 0 to n, or null when unknown. */
  readonly generatorCpu: number | null;
  /** Cores that the generator can use: 1 for the embedded engine, the machine's for k6. Missing: 1. */
  readonly generatorCores?: number | undefined;
  /** 95th percentile of how late the generator itself was (of a fleet its latest process), or null when unknown. */
  readonly generatorLateMs?: number | null | undefined;
  /** Answers slower than their request's `maxMs`, by request id. */
  readonly slowByRequest?: Readonly<Record<string, number>> | undefined;
  /** Of the errors, those that refused in good order: 429 and 503 with Retry-After, by status. Missing: none was told apart. */
  readonly gracefulByStatus?: Readonly<Record<string, number>> | undefined;
  /** True when a script of the user's own crossed one of its own thresholds. */
  readonly crossedOwnThresholds?: boolean | undefined;
}
