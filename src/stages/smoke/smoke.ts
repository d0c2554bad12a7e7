import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import type { Health } from '../../core/smoke/health.ts';
import { noProduction } from '../../core/smoke/leaks.ts';
import type { Session, WebTarget } from '../../core/ports/web.ts';
import type { SmokeDetails } from '../../core/report.ts';
import type { EnvReference, ProductionSettings } from '../../core/settings.ts';
import { needsProof, selectChecks, smokeResult, type SmokeSelection } from '../../core/smoke/checks.ts';
import { callerName } from '../../core/smoke/caller.ts';
import { judgeHealth } from '../../core/smoke/judge.ts';
import { flaky, notRunFor } from '../../core/smoke/order.ts';
import { type BuiltSite, judgeRoutes, unknownRoutes } from '../../core/smoke/routes.ts';
import type { HealthCheck, RouteWaiver, SignInProvider, SmokeCheck, SmokeExpectation } from '../../core/smoke/smoke.ts';
import { type StageRun, stepVerdict, verdictStep } from '../../core/run/stage.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding, StageResult } from '../../core/verdict.ts';
import { runCheck } from './check.ts';
import { signInAt } from '../isolation/identities.ts';
import { type Settling, settlingOf } from './settling.ts';
import { contextOf, type SmokeDeps } from './running.ts';

export type { SmokeDeps } from './running.ts';

/** What smoke tests, and what it expects. */
export interface SmokeInput {
  readonly target: WebTarget;
  /** Checks of the configuration; empty without one (then the built-in ones of the profile `outside` run). */
  readonly checks: readonly SmokeCheck[];
  readonly profile: SmokeDetails['profile'];
  readonly expected: SmokeExpectation;
  /** Ids of the checks that are wanted; undefined for all. The health check always runs. */
  readonly only?: readonly string[] | undefined;
  /** Identities that must not appear in what browsers get. */
  readonly production?: ProductionSettings | undefined;
  /** Secret values by variable name that must not appear there either. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Sent to the worker's endpoint as `Authorization: Bearer …` (Vercel's CRON_SECRET). */
  readonly workerSecret?: string | undefined;
  /** Fewer executed checks than this are red; 1 by default. A check of the run that was not executed is never green anyway. */
  readonly minimumExecuted?: number | undefined;
  /** The configuration's own minimum, for the report; undefined without a configuration. */
  readonly minimum?: number | undefined;
  /** True: the first red check settles the verdict, and the others are not waited for (a broken release goes back at once). */
  readonly settles?: boolean | undefined;
  /** A word that nothing else has, to find again what this run wrote; one made of the time by default. */
  readonly mark?: string | undefined;
  /** Reads the values that checks refer to. */
  readonly readSecret?: ((reference: EnvReference) => string | undefined) | undefined;
  /** The routes of the build output, where every one must be visited or waived. */
  readonly routes?: RoutesInput | undefined;
}

/** Where the routes of the build output are read, and which need no check. */
export interface RoutesInput {
  /** The build output's folder, for messages. */
  readonly output: string;
  /** Returns undefined when there is no build output. */
  read(): Promise<BuiltSite | undefined>;
  readonly waivers: readonly RouteWaiver[];
}

/** Who answered, and whether it proved to be the environment that was meant. */
interface Proof {
  readonly finding: Finding;
  readonly isProven: boolean;
}

/**
 * Returns the smoke stage: all checks at the same time but for those that need another first, then the verdict. Checks that write or
 * sign in wait until the address has proved which environment it is, and are skipped (the run is red) when it has not.
 * Throws `SMOKE_CHECK_UNKNOWN`; the last step throws `SMOKE_RED`.
 */
export function smokeRun(deps: SmokeDeps, input: SmokeInput): StageRun<SmokeDetails> {
  const { clock } = deps;
  const selection = selectChecks({ origin: input.target.origin, profile: input.profile, checks: input.checks, only: input.only });
  const { health, others } = selection;
  if (selection.unknown.length > 0)
    throw unknownChecks(selection.unknown, [health, ...others].length === 1 ? input.checks : [health, ...others]);
  const findings = new Map<string, Finding>();
  const execute = executor(deps, input, selection);
  let startedMs: number | undefined;
  let found: StageResult<SmokeDetails> | undefined;

  const settling: Settling = input.settles === true ? settlingOf(clock) : (_check, signal, work) => work(signal);
  const stepOf = (id: string, title: string, work: (signal: AbortSignal) => Promise<Finding>): Step => ({
    id,
    title,
    run: async ({ signal }) => {
      startedMs ??= clock.nowMs();
      const finding = await settling({ id, title }, signal, work);
      findings.set(id, finding);
      return stepVerdict(finding);
    },
  });
  const routes = input.only === undefined ? input.routes : undefined;
  const judge = (): StageResult<SmokeDetails> => {
    const endedMs = clock.nowMs();
    const durationMs = endedMs - (startedMs ?? endedMs);
    found = smokeResult({
      profile: input.profile,
      notInProfile: selection.notInProfile,
      findings: [health.id, ...others.map(({ id }) => id), 'routes'].flatMap((id) => findings.get(id) ?? []),
      minimumExecuted: input.minimumExecuted ?? 1,
      leftOut: [...selection.leftOut, ...(input.routes !== undefined && routes === undefined ? ['routes'] : [])],
      minimum: input.minimum,
      startedAt: new Date(endedMs - durationMs).toISOString(),
      durationMs,
    });
    return found;
  };
  const checks: Step = {
    id: 'checks',
    title: `Run ${countOf(others.length + 1, 'check')} against ${input.target.origin}`,
    concurrent: true,
    // Some checks create what they remove again: nothing for a dry run.
    mutates: true,
    steps: () => [
      ...[health, ...others].map((check) => stepOf(check.id, check.title, (signal) => execute(check, signal))),
      ...(routes === undefined ? [] : [stepOf('routes', 'Routes visited', () => checkRoutes(routes, input.checks))]),
    ],
  };
  return { steps: [checks, verdictStep('Judge the checks', judge)], result: () => found };
}

/** Returns what runs a check of the run, once each however often it is asked for: after those that it needs, twice when it may. */
function executor(deps: SmokeDeps, input: SmokeInput, { health, others }: SmokeSelection) {
  const all = [health, ...others];
  const running = new Map<string, Promise<Finding>>();
  const sessions = new Map<string, Promise<Session>>();
  const prove = once(async (signal: AbortSignal): Promise<Proof> => {
    const first = await proveAddress(deps, input, health, signal);
    if (first.finding.verdict !== 'red' || health.retry !== true) return first;
    const second = await proveAddress(deps, input, health, signal);
    return second.finding.verdict === 'green' ? { ...second, finding: flaky(first.finding, second.finding) } : second;
  });
  const session = (email: string, provider: SignInProvider, signal: AbortSignal): Promise<Session> => {
    const key = callerName({ user: email, provider });
    const shared = sessions.get(key) ?? signInAt(deps, provider, { target: input.target, email, signal });
    sessions.set(key, shared);
    // A check that is tried once more signs in anew.
    shared.catch(() => sessions.delete(key));
    return shared;
  };
  const attempt = (check: SmokeCheck, signal: AbortSignal): Promise<Finding> =>
    runCheck(check, {
      deps,
      input: { ...input, production: input.production ?? noProduction },
      mark: input.mark ?? `t${deps.clock.nowMs().toString(36)}`,
      session: (email, provider = 'app') => session(email, provider, signal),
      signal,
    });
  const perform = async (check: SmokeCheck, signal: AbortSignal): Promise<Finding> => {
    if (check === health) return (await prove(signal)).finding;
    for (const id of check.needs ?? []) {
      const needed = all.find((other) => other.id === id);
      if (needed !== undefined && (await execute(needed, signal)).verdict !== 'green') return notRunFor(check, needed);
    }
    if (needsProof(check) && !(await prove(signal)).isProven) return unproven(check, input);
    const first = await attempt(check, signal);
    if (first.verdict !== 'red' || check.retry !== true) return first;
    const second = await attempt(check, signal);
    return second.verdict === 'green' ? flaky(first, second) : second;
  };
  const execute = (check: SmokeCheck, signal: AbortSignal): Promise<Finding> => {
    const started = running.get(check.id) ?? perform(check, signal);
    running.set(check.id, started);
    return started;
  };
  return execute;
}

async function checkRoutes({ read, output, waivers }: RoutesInput, checks: readonly SmokeCheck[]): Promise<Finding> {
  const site = await read();
  return site === undefined ? unknownRoutes(output) : judgeRoutes(site, checks, waivers);
}

async function proveAddress(deps: SmokeDeps, input: SmokeInput, check: HealthCheck, signal: AbortSignal): Promise<Proof> {
  const outcome = await deps.web.request(input.target, { method: 'GET', path: check.path, timeoutMs: check.timeoutMs }, signal);
  const { finding, health } = judgeHealth(check, outcome, contextOf(input.target, check.path, check.timeoutMs), input.expected);
  return { finding, isProven: isMeant(health, input) };
}

function isMeant(health: Health | undefined, { expected, production, target }: SmokeInput): boolean {
  const isProduction = production?.domains.includes(new URL(target.origin).hostname) === true;
  return health?.environment === expected.environment && !isProduction;
}

function unproven(check: SmokeCheck, { expected }: SmokeInput): Finding {
  return {
    id: check.id,
    title: check.title,
    verdict: 'skipped',
    seen: 'not run',
    expected: `an address that proves to be "${expected.environment}"`,
    message: `Not run: the address did not prove to be "${expected.environment}", and this check signs in or writes.`,
    fix: 'Mend the health check first.',
  };
}

function unknownChecks(unknown: readonly string[], known: readonly SmokeCheck[]): StagingError {
  return new StagingError(
    'usage',
    'SMOKE_CHECK_UNKNOWN',
    `There is no smoke check ${unknown.map((id) => `"${id}"`).join(', ')} in this run.`,
    {
      fix: `Name one of these with --only: ${known.map(({ id }) => id).join(', ')}.`,
    },
  );
}

/** Returns a function that does its work on the first call and hands the same result to all. */
function once<Value>(work: (signal: AbortSignal) => Promise<Value>): (signal: AbortSignal) => Promise<Value> {
  let result: Promise<Value> | undefined;
  return (signal) => (result ??= work(signal));
}
