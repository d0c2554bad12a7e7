import type { Queues } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { TableProtection } from '../../core/ports/database.ts';
import type {
  CacheProbe,
  CanaryRows,
  EchoSockets,
  ErrorEvents,
  ForeignDoors,
  JsonShapes,
  PageBrowser,
  RuntimeLogs,
} from '../../core/ports/probes.ts';
import type { Realtime, Session, WebClient, WebOutcome, WebTarget } from '../../core/ports/web.ts';
import { findingOf, type Problem } from '../../core/problem.ts';
import type { EnvReference, ProductionSettings } from '../../core/settings.ts';
import type { CheckCaller, SignInProvider, SmokeCheck, SmokeExpectation } from '../../core/smoke/smoke.ts';
import type { Finding } from '../../core/verdict.ts';
import type { RequestContext } from '../../core/smoke/who-answered.ts';
import type { SignIns } from '../isolation/identities.ts';

/** What smoke works with. A check whose part is missing here is red: not configured is not passed. */
export interface SmokeDeps extends SignIns {
  readonly web: WebClient;
  readonly clock: Clock;
  readonly realtime?: Realtime | undefined;
  readonly queues?: Queues | undefined;
  readonly browser?: PageBrowser | undefined;
  readonly sockets?: EchoSockets | undefined;
  readonly rows?: CanaryRows | undefined;
  /** Returns the tables of the exposed schemas and how they are protected. */
  readonly tables?: ((signal: AbortSignal) => Promise<readonly TableProtection[]>) | undefined;
  readonly cache?:
    | (CacheProbe & {
        readonly prefix: string;
        /** Tells the keys of the environment and its previews from those of others; by default those under the prefix are ours. */
        readonly isOwnKey?: ((key: string) => boolean) | undefined;
      })
    | undefined;
  /** True when the platform says that the database may evict keys; undefined when it says nothing. */
  readonly evicts?: ((signal: AbortSignal) => Promise<boolean | undefined>) | undefined;
  readonly errorEvents?: ErrorEvents | undefined;
  readonly logs?: RuntimeLogs | undefined;
  readonly foreign?: ForeignDoors | undefined;
  readonly shapes?: JsonShapes | undefined;
}

/** What one check needs of the run that it is part of. */
export interface CheckRun {
  readonly deps: SmokeDeps;
  readonly input: {
    readonly target: WebTarget;
    readonly expected: SmokeExpectation;
    readonly production: ProductionSettings;
    readonly secrets?: Readonly<Record<string, string>> | undefined;
    readonly workerSecret?: string | undefined;
    readonly readSecret?: ((reference: EnvReference) => string | undefined) | undefined;
  };
  /** A word that nothing else has: what this run writes and asks for is known by it. */
  readonly mark: string;
  /** Signs in once a user, provider and run. */
  session(email: string, provider?: SignInProvider): Promise<Session>;
  readonly signal: AbortSignal;
}

/** One check while its time runs. */
export interface Running extends CheckRun {
  /** Returns what is left of the check's time, at least 1 ms. */
  leftMs(): number;
}

/** A check that cannot succeed any more, or whose own bounds failed to end it, is given this much longer. */
export const graceMs = 1000;

/** Returns what a judge of a request to `path` must know. */
export function contextOf(target: WebTarget, path: string, timeoutMs: number): RequestContext {
  return { origin: target.origin, path, bypass: target.bypassSecret !== undefined, timeoutMs };
}

/** Asks for a path with what is left of the check's time. */
export function get(path: string, run: Running, headers: Readonly<Record<string, string>> = {}): Promise<WebOutcome> {
  return run.deps.web.request(run.input.target, { method: 'GET', path, headers, timeoutMs: run.leftMs() }, run.signal);
}

/** Returns the header that the app's worker endpoints want; none when the secret is not known. */
export function workerHeaders({ input }: Running): Readonly<Record<string, string>> {
  return input.workerSecret === undefined ? {} : { authorization: `Bearer ${input.workerSecret}` };
}

/** Signs in whom a check asks as; undefined for nobody. */
export async function sessionOf(as: CheckCaller, run: Running): Promise<Session | undefined> {
  return as === 'nobody' ? undefined : await run.session(as.user, as.provider);
}

/** Returns the finding of a check that could not be judged by its kind. */
export function failed({ id, title }: SmokeCheck, problem: Problem, durationMs: number): Finding {
  return findingOf({ id, title, seen: '', expected: '', problems: [problem], durationMs });
}

/** Returns the finding of a check whose part is missing: not configured is not passed. */
export function notConfigured(check: SmokeCheck, what: string, why: string, fix: string): Finding {
  return failed(check, { seen: 'not configured', expected: 'a check that can run', message: `${what} was not tested: ${why}.`, fix }, 0);
}
