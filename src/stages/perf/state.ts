import type { DatabaseEvidence } from '../../core/perf/database.ts';
import type { BrowserMemoryEvidence, ServerMemoryEvidence } from '../../core/perf/memory.ts';
import type { PerfBaseline } from '../../core/perf/baseline.ts';
import type { PerfSettings } from '../../core/perf/perf.ts';
import type { PoolEvidence } from '../../core/perf/pool.ts';
import type { ProductionBudgets } from '../../core/perf/production-budgets.ts';
import type { RequestStatistics } from '../../core/load/load.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { DatabaseInsight, StatementTotals } from '../../core/ports/database-insight.ts';
import type { Gauge } from '../../core/ports/gauges.ts';
import type { BrowserMemory, LatencyHistogram, PageAudit, PageRun } from '../../core/ports/measure.ts';
import type { WebClient, WebTarget } from '../../core/ports/web.ts';
import type { PerfDetails } from '../../core/report.ts';
import { slot, type Slot } from '../../core/run/slot.ts';
import type { SessionsByUser, SignIns } from '../isolation/identities.ts';

/** What perf needs. */
export interface PerfDeps {
  readonly signIns: SignIns;
  readonly target: WebTarget;
  readonly settings: PerfSettings;
  /** What the command left out of the configuration's settings, in words. */
  readonly leftOut?: readonly string[] | undefined;
  /** What production promises, when the configuration says so. */
  readonly productionBudgets?: ProductionBudgets | undefined;
  readonly audit: PageAudit;
  readonly browserMemory: BrowserMemory;
  readonly web: WebClient;
  readonly clock: Clock;
  /** Returns an empty histogram. */
  readonly histogram: () => Promise<LatencyHistogram>;
  /** The health route, and the secret by which it collects garbage first; missing for an address that is not the environment's. */
  readonly health?: { readonly path: string; readonly secret: string | undefined } | undefined;
  /** What looks at the environment's database while perf measures; missing for an address that is not the environment's. */
  readonly inside?: { readonly gauges: readonly Gauge[]; readonly insight: DatabaseInsight } | undefined;
  /** Returns the earlier run to compare with, if there is one. */
  readonly baseline: () => Promise<PerfBaseline | undefined>;
}

/** What the steps of one run find out for one another. */
export interface PerfState {
  readonly signedIn: SessionsByUser;
  /** By page id and form factor: `home mobile`. */
  readonly pages: Map<string, readonly PageRun[]>;
  /** By endpoint id. */
  readonly endpoints: Map<string, { readonly cold: RequestStatistics; readonly warm: RequestStatistics }>;
  readonly statementsBefore: Slot<readonly StatementTotals[] | undefined>;
  readonly pool: Slot<PoolEvidence>;
  readonly database: Slot<DatabaseEvidence>;
  readonly server: Slot<ServerMemoryEvidence>;
  readonly browser: Slot<BrowserMemoryEvidence>;
  readonly baseline: Slot<PerfBaseline | undefined>;
  versions: PerfDetails['versions'];
  /** True once every step before the verdict has run. */
  measured: boolean;
}

/** Returns the state of a run that has not begun. */
export function newPerfState(): PerfState {
  return {
    signedIn: new Map(),
    pages: new Map(),
    endpoints: new Map(),
    statementsBefore: slot('statements before'),
    pool: slot('pool'),
    database: slot('database'),
    server: slot('server memory'),
    browser: slot('browser memory'),
    baseline: slot('baseline'),
    versions: { browser: '', lighthouse: '' },
    measured: false,
  };
}

/** Bound on one request of perf; the slowest budget of the original plan is 2 s. */
export const requestTimeoutMs = 10_000;
