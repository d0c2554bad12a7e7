import type { Queues } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Realtime, Session, Sessions, WebClient, WebOutcome, WebTarget } from '../../core/ports/web.ts';
import { findingOf, type Problem } from '../../core/problem.ts';
import type { ProductionSettings } from '../../core/settings.ts';
import type { CheckIdentity, SmokeCheck, SmokeExpectation } from '../../core/smoke/smoke.ts';
import type { Finding } from '../../core/verdict.ts';
import type { RequestContext } from '../../core/smoke/who-answered.ts';

/** What smoke works with. A check whose part is missing here is red: not configured is not passed. */
export interface SmokeDeps {
  readonly web: WebClient;
  readonly clock: Clock;
  readonly sessions?: Sessions | undefined;
  readonly realtime?: Realtime | undefined;
  readonly queues?: Queues | undefined;
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
  };
  /** Signs in once a user and run. */
  session(email: string): Promise<Session>;
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

/** Signs in whom a check asks as; undefined for nobody. */
export async function sessionOf(as: CheckIdentity, run: Running): Promise<Session | undefined> {
  return as === 'nobody' ? undefined : await run.session(as.user);
}

/** Returns the finding of a check that could not be judged by its kind. */
export function failed({ id, title }: SmokeCheck, problem: Problem, durationMs: number): Finding {
  return findingOf({ id, title, seen: '', expected: '', problems: [problem], durationMs });
}

/** Returns the finding of a check whose part is missing: not configured is not passed. */
export function notConfigured(check: SmokeCheck, what: string, why: string, fix: string): Finding {
  return failed(check, { seen: 'not configured', expected: 'a check that can run', message: `${what} was not tested: ${why}.`, fix }, 0);
}
