import { judgeDegradation, judgeRecovery, type Recovery } from '../../core/load/degradation.ts';
import { compareLoads, type EarlierLoad } from '../../core/load/compare.ts';
import { createdRows, formatRate, judgeLoad, loadSummary } from '../../core/load/judge.ts';
import { highestVus, rampMs, requestTimeoutMs } from '../../core/load/profile.ts';
import { isOwned, isOwnMachine, type LoadPermission, provePermission } from '../../core/load/target.ts';
import { loadValve } from '../../core/load/valve.ts';
import type { LoadMeasurement, LoadSample, LoadSettings, LoadStage } from '../../core/load/load.ts';
import { formatMs } from '../../core/perf/judge.ts';
import { fillPlaceholders } from '../../core/variables/placeholders.ts';
import { type Clock } from '../../core/ports/clock.ts';
import type { LoadEngine, LoadPlan } from '../../core/ports/measure.ts';
import type { Sessions, WebClient, WebTarget } from '../../core/ports/web.ts';
import type { Gauge, GaugeSample } from '../../core/ports/gauges.ts';
import { judgePressure, type Watched } from '../../core/load/pressure.ts';
import { judgeLoadBudgets, type ProductionBudgets } from '../../core/perf/production-budgets.ts';
import type { LoadDetails } from '../../core/report.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import { type StageRun, verdictStep } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import type { StageResult } from '../../core/verdict.ts';
import { identityHeaders, sessionOf, type SessionsByUser, signInStep } from '../isolation/identities.ts';
import { awaitRecovery, type WantedAnswer } from './recovery.ts';
import { startWatch } from './watch.ts';
import { unreachable } from '../unreachable.ts';

/** Bound on the one request that finds out whether the target is there at all. */
const preflightTimeoutMs = 10_000;

/** A script of the user's own. */
export interface LoadScript {
  /** As people type it. */
  readonly name: string;
  /** Reads it without running it; returns its ramp. Throws `LOAD_SCRIPT_…` (kind `usage`). */
  read(signal: AbortSignal): Promise<readonly LoadStage[]>;
}

/** What load needs. */
export interface LoadDeps {
  readonly target: WebTarget;
  readonly settings: LoadSettings;
  /** What production promises, when the configuration says so. */
  readonly productionBudgets?: ProductionBudgets | undefined;
  /** The ramp to run (see `rampStages`). */
  readonly stages: readonly LoadStage[];
  readonly engine: LoadEngine;
  /** A script of the user's own, which is read first; its ramp counts then. */
  readonly script?: LoadScript | undefined;
  /** The same load of an earlier run, to compare with. */
  readonly earlier?: (() => Promise<EarlierLoad>) | undefined;
  readonly permission: LoadPermission;
  /** Finds the environment's resources first, so that the gauges can be opened; missing for an address that is not the environment's. */
  readonly locate?: Step | undefined;
  /** Returns what is read once a second while the load runs. */
  readonly gauges?: (() => readonly Gauge[]) | undefined;
  readonly web: WebClient;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/**
 * Returns the load stage: asks the target once, signs in, runs the journey, judges. Throws `LOAD_TARGET_UNREACHABLE` (kind
 * `red`) when nothing answers, `LOAD_TARGET_UNPROVEN` (kind `refused`) for an address elsewhere that is not shown to be staging.
 */
export function loadStage(given: LoadDeps): StageRun<LoadDetails> {
  const startedMs = given.clock.nowMs();
  const signedIn: SessionsByUser = new Map();
  let deps = given;
  let measured: StageResult<LoadDetails> | undefined;
  let earlier: EarlierLoad | undefined;
  const before = slot<WantedAnswer>('what the target answered before the load');
  const notRun = () => stageResult('load', [], startedMs, deps.clock, null, 'no load was run');
  return {
    steps: [
      ...(given.script === undefined ? [] : [readScriptStep(given.script, (stages) => (deps = { ...given, stages }))]),
      ...(given.earlier === undefined ? [] : [readEarlierStep(given.earlier, (load) => (earlier = load))]),
      ...(given.locate === undefined ? [] : [given.locate]),
      reachStep(given, before),
      signInStep(
        given.target,
        given.sessions,
        given.settings.journey.map((request) => request.as),
        signedIn,
      ),
      {
        id: 'run',
        title: runTitle(given),
        mutates: true,
        run: async (io) => {
          measured = loadResult(deps, await runWatched(deps, loadPlan(deps, signedIn), before.get(), io), earlier, startedMs);
          return { verdict: measured.verdict, detail: measured.summary };
        },
      },
      verdictStep('Verdict', () => measured ?? notRun()),
    ],
    result: () => measured,
  };
}

/** Short: figures of the running load stand beside it, within 80 columns. */
function runTitle({ script, stages }: LoadDeps): string {
  return script === undefined ? `${highestVus(stages)} users, ${Math.round(rampMs(stages) / 1000)} s` : `Run ${script.name}`;
}

function readScriptStep(script: LoadScript, found: (stages: readonly LoadStage[]) => void): Step {
  return {
    id: 'script',
    title: `Read ${script.name}`,
    run: async ({ signal }) => {
      const stages = await script.read(signal);
      found(stages);
      return `${highestVus(stages)} virtual users, ${Math.round(rampMs(stages) / 1000)} s at most`;
    },
  };
}

function readEarlierStep(read: () => Promise<EarlierLoad>, found: (load: EarlierLoad) => void): Step {
  return {
    id: 'earlier',
    title: 'Read the run to compare with',
    run: async () => {
      const load = await read();
      found(load);
      return `${load.runId}: p95 ${formatMs(load.p95Ms)}`;
    },
  };
}

function reachStep({ target, settings, web, permission }: LoadDeps, before: Slot<WantedAnswer>): Step {
  return {
    id: 'reach',
    title: 'Reach the target',
    run: async ({ signal }) => {
      const ask = (path: string) => web.request(target, { method: 'GET', path, timeoutMs: preflightTimeoutMs }, signal);
      const path = settings.journey.find((request) => request.method === 'GET')?.path ?? '/';
      const outcome = await ask(path);
      if (outcome.kind === 'failure') throw unreachable('LOAD_TARGET_UNREACHABLE', target, outcome);
      before.set({ path, status: outcome.status, withinMs: settings.thresholds.p95Ms });
      const isFree = isOwned(target, permission) || isOwnMachine(target);
      if (!isFree) provePermission(target, await ask(permission.healthPath), permission);
      const proof = isFree ? '' : `, environment ${permission.environment}`;
      return `${target.origin} answers ${outcome.status} in ${formatMs(outcome.durationMs)}${proof}`;
    },
  };
}

/** What a run came to. */
interface LoadRun {
  readonly measurement: LoadMeasurement;
  readonly watched: Watched | undefined;
  /** Why the run was stopped before its end. */
  readonly halted: string | undefined;
  readonly recovery: Recovery;
}

async function runWatched(deps: LoadDeps, plan: LoadPlan, before: WantedAnswer, io: StepIo): Promise<LoadRun> {
  const gauges = deps.gauges?.() ?? [];
  const watch = gauges.length === 0 ? undefined : startWatch(gauges, deps.clock, io.signal);
  const valve = loadValve(deps.settings.thresholds.errorRate);
  const halt = new AbortController();
  let halted: string | undefined;
  const onSample = (sample: LoadSample) => {
    io.note(describeSample(sample, watch?.latest()));
    halted ??= valve.take(sample);
    if (halted !== undefined) halt.abort(new Error(halted));
  };
  try {
    const measurement = await deps.engine.run({ ...plan, halt: halt.signal }, onSample, io.signal);
    io.note(watch === undefined ? 'waiting for the target to recover' : 'waiting for the queues to drain');
    const [recovery, watched] = await Promise.all([awaitRecovery(deps, before, io.signal), watch?.end()]);
    return { measurement, watched, halted, recovery };
  } finally {
    await watch?.abandon();
    await Promise.allSettled(gauges.map((gauge) => gauge.close()));
  }
}

function loadPlan({ target, settings, stages, clock }: LoadDeps, signedIn: SessionsByUser): LoadPlan {
  const nowMs = clock.nowMs();
  return {
    target,
    journey: settings.journey.map((request) => {
      const user = sessionOf(request.as, signedIn);
      return { ...request, body: fillPlaceholders(request.body, { nowMs, user: user && { id: user.userId, email: user.email } }) };
    }),
    headers: Object.fromEntries(settings.journey.map((request) => [request.id, identityHeaders(request.as, signedIn)])),
    stages,
    timeoutMs: requestTimeoutMs,
  };
}

function loadResult(
  deps: LoadDeps,
  { measurement, watched, halted, recovery }: LoadRun,
  earlier: EarlierLoad | undefined,
  startedMs: number,
): StageResult<LoadDetails> {
  const { settings, stages, clock, productionBudgets } = deps;
  const budgets = judgeLoadBudgets(settings.thresholds, stages, productionBudgets);
  const findings = [
    ...(budgets === undefined ? [] : [budgets]),
    ...judgeLoad(measurement, stages, settings.thresholds, halted),
    judgeDegradation(measurement, settings.thresholds),
    judgeRecovery(recovery),
    ...(earlier === undefined ? [] : compareLoads(measurement, stages, earlier)),
  ];
  const pressure = watched === undefined ? [] : judgePressure(watched, halted);
  const created = createdRows(measurement, settings.journey);
  const details = { measurement, stages, thresholds: settings.thresholds, created, watched, recovery };
  return stageResult('load', [...findings, ...pressure], startedMs, clock, details, loadSummary(measurement, settings.journey, created));
}

function describeSample({ second, vus, requests, errors, p95Ms }: LoadSample, gauges: GaugeSample | undefined): string {
  return [
    `${second} s: ${vus} VUs`,
    `${requests}/s`,
    `p95 ${formatMs(p95Ms)}`,
    ...(requests === 0 ? [] : [`${formatRate(errors / requests)} errors`]),
    ...(gauges?.database === undefined ? [] : [`${gauges.database.connections}/${gauges.database.limit} conns`]),
  ].join(', ');
}
