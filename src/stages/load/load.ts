import { judgeDegradation, judgeRecovery } from '../../core/load/degradation.ts';
import { compareLoads, type EarlierLoad } from '../../core/load/compare.ts';
import { createdRows, judgeLoad, loadSummary } from '../../core/load/judge.ts';
import { highestVus, rampMs } from '../../core/load/profile.ts';
import { isOwned, isOwnMachine, type LoadPermission, provePermission } from '../../core/load/target.ts';
import type { LoadStage } from '../../core/load/load.ts';
import { formatMs } from '../../core/perf/judge.ts';
import type { LoadService } from '../../core/ports/measure.ts';
import { judgeCommands, spentAll } from '../../core/load/commands.ts';
import { refuseTooFewFiles } from '../../core/load/open-files.ts';
import { judgePressure } from '../../core/load/pressure.ts';
import { judgeService, serviceSummary } from '../../core/load/service.ts';
import { judgeLoadBudgets, type ProductionBudgets } from '../../core/perf/production-budgets.ts';
import type { LoadDetails } from '../../core/report.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import { type StageRun, verdictStep } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { StageResult } from '../../core/verdict.ts';
import { type SessionsByUser, type SignIns, signInStep } from '../isolation/identities.ts';
import type { WantedAnswer } from './recovery.ts';
import { type CommandBudget, type CommandDeps, commandsStep } from './commands.ts';
import { loadPlan, type LoadRun, runAtService, type RunDeps, runWatched } from './run.ts';
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
export interface LoadDeps extends RunDeps {
  readonly signIns: SignIns;
  /** What production promises, when the configuration says so. */
  readonly productionBudgets?: ProductionBudgets | undefined;
  /** Where the load runs instead of the engine, when it keeps its figures to itself. */
  readonly service?: LoadService | undefined;
  /** A script of the user's own, which is read first; its ramp counts then. */
  readonly script?: LoadScript | undefined;
  /** The same load of an earlier run, to compare with. */
  readonly earlier?: (() => Promise<EarlierLoad>) | undefined;
  readonly permission: LoadPermission;
  /** Finds the environment's resources first, so that the gauges can be opened; missing for an address that is not the environment's. */
  readonly locate?: Step | undefined;
  /** Returns how many files the generator on this machine may open, undefined when that is unknown; missing for a load that runs elsewhere. */
  readonly openFiles?: (() => Promise<number | undefined>) | undefined;
  /** The budget of Redis commands; missing for an address that is not the environment's. */
  readonly commands?: CommandDeps | undefined;
}

/**
 * Returns the load stage: asks the target once, signs in, runs the journey, judges. Throws `LOAD_TARGET_UNREACHABLE` (kind
 * `red`) when nothing answers, `LOAD_TARGET_UNPROVEN` (kind `refused`) for an address elsewhere that is not shown to be staging.
 */
export function loadStage(given: LoadDeps): StageRun<LoadDetails | null> {
  const startedMs = given.clock.nowMs();
  const signedIn: SessionsByUser = new Map();
  let deps = given;
  let measured: StageResult<LoadDetails | null> | undefined;
  let earlier: EarlierLoad | undefined;
  let budget: CommandBudget | undefined;
  const before = slot<WantedAnswer>('what the target answered before the load');
  const notRun = () => stageResult('load', [], startedMs, deps.clock, null, 'no load was run');
  return {
    steps: [
      ...(given.script === undefined ? [] : [readScriptStep(given.script, (stages) => (deps = { ...given, stages }))]),
      ...(given.earlier === undefined ? [] : [readEarlierStep(given.earlier, (load) => (earlier = load))]),
      ...(given.locate === undefined ? [] : [given.locate]),
      ...(given.openFiles === undefined ? [] : [filesStep(given.openFiles, () => deps.stages)]),
      reachStep(given, before),
      signInStep(
        given.target,
        given.signIns,
        given.settings.journey.map((request) => request.as),
        signedIn,
      ),
      ...commandSteps(given, signedIn, (found) => {
        budget = found;
        deps = { ...deps, spent: (samples) => spentAll(samples, found.allowance) };
      }),
      {
        id: 'run',
        title: runTitle(given),
        mutates: true,
        run: async (io) => {
          measured =
            deps.service === undefined
              ? loadResult(deps, await runWatched(deps, loadPlan(deps, signedIn), before.get(), io), { earlier, budget, startedMs })
              : serviceResult(deps, deps.service, await runAtService(deps, deps.service, before.get(), io), { budget, startedMs });
          return { verdict: measured.verdict, detail: measured.summary };
        },
      },
      verdictStep('Verdict', () => measured ?? notRun()),
    ],
    result: () => measured,
  };
}

/** A service keeps its requests to itself, but they reach the same database. */
function commandSteps(given: LoadDeps, signedIn: SessionsByUser, found: (budget: CommandBudget) => void): readonly Step[] {
  const { commands, gauges, clock, script } = given;
  // What a script of the user's own sends is not known before it is sent.
  if (commands === undefined || gauges === undefined || script !== undefined) return [];
  return [commandsStep(commands, { gauges, clock, plan: () => loadPlan(given, signedIn) }, found)];
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

function filesStep(openFiles: () => Promise<number | undefined>, stages: () => readonly LoadStage[]): Step {
  return {
    id: 'files',
    title: 'Look at the limit of open files',
    run: async () => {
      const limit = await openFiles();
      refuseTooFewFiles(limit, highestVus(stages()));
      return limit === undefined ? 'not known here' : String(limit);
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

function loadResult(
  deps: LoadDeps,
  { measurement, watched, halted, recovery }: LoadRun,
  {
    earlier,
    budget,
    startedMs,
  }: { readonly earlier: EarlierLoad | undefined; readonly budget: CommandBudget | undefined; readonly startedMs: number },
): StageResult<LoadDetails | null> {
  const { settings, stages, clock, productionBudgets } = deps;
  const budgets = judgeLoadBudgets(settings.thresholds, stages, productionBudgets);
  const findings = [
    ...(budgets === undefined ? [] : [budgets]),
    ...judgeLoad(measurement, stages, settings.thresholds, halted),
    judgeDegradation(measurement, settings.thresholds),
    judgeRecovery(recovery),
    ...(earlier === undefined ? [] : compareLoads(measurement, stages, earlier)),
    ...(budget === undefined ? [] : [judgeCommands(watched?.samples ?? [], measurement, budget.estimate, budget.allowance)]),
  ];
  const pressure = watched === undefined ? [] : judgePressure(watched, halted);
  const created = createdRows(budget === undefined ? [measurement] : [budget.probed, measurement], settings.journey);
  const details = { measurement, stages, thresholds: settings.thresholds, created, watched, recovery };
  return stageResult('load', [...findings, ...pressure], startedMs, clock, details, loadSummary(measurement, settings.journey, created));
}

/** A service tells whether the thresholds held, not the figures: those stand at its own address. */
function serviceResult(
  { clock, settings, stages, productionBudgets }: LoadDeps,
  { title }: LoadService,
  { service, watched, recovery }: Awaited<ReturnType<typeof runAtService>>,
  { budget, startedMs }: { readonly budget: CommandBudget | undefined; readonly startedMs: number },
): StageResult<LoadDetails | null> {
  const budgets = judgeLoadBudgets(settings.thresholds, stages, productionBudgets);
  const findings = [
    ...(budgets === undefined ? [] : [budgets]),
    ...(budget === undefined ? [] : [judgeCommands(watched?.samples ?? [], undefined, budget.estimate, budget.allowance)]),
    judgeService(title, service, settings.thresholds),
    judgeRecovery(recovery),
    ...(watched === undefined ? [] : judgePressure(watched)),
  ];
  return stageResult('load', findings, startedMs, clock, null, serviceSummary(title, service, highestVus(stages)));
}
