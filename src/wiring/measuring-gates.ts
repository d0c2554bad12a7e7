import { basename, join, resolve } from 'node:path';
import { embeddedLoad } from '../adapters/embedded-load/engine.ts';
import { k6Load, ownScriptLoad } from '../adapters/k6/engine.ts';
import { findK6 } from '../adapters/k6/find-k6.ts';
import { type FitScript, fitScript } from '../adapters/k6/own-script.ts';
import { appGauge } from '../adapters/gauges/app-gauge.ts';
import { databaseGauge, poolerGauge } from '../adapters/gauges/database-gauges.ts';
import { queueGauge, redisGauge } from '../adapters/gauges/redis-gauges.ts';
import { lighthouseAudit } from '../adapters/lighthouse/audit.ts';
import { browserMemory } from '../adapters/lighthouse/browser-memory.ts';
import { postgresInsight } from '../adapters/postgres/insight.ts';
import { findK6Program } from '../adapters/system/toolbox.ts';
import { openFiles } from '../adapters/system/open-files.ts';
import { parseDuration } from '../config/duration.ts';
import { earlierLoad } from '../core/load/compare.ts';
import type { LoadSettings, LoadStage } from '../core/load/load.ts';
import { monthlyCommands } from '../core/load/commands.ts';
import { loadSettingsForUrl, rampMs, rampStages, refuseTooMany, requestTimeoutMs } from '../core/load/profile.ts';
import { standaloneScript } from '../core/load/standalone-script.ts';
import { perfSettingsForUrl } from '../core/perf/perf.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Gauge } from '../core/ports/gauges.ts';
import type { LoadEngine } from '../core/ports/measure.ts';
import type { WebClient, WebTarget } from '../core/ports/web.ts';
import type { ProductionBudgets } from '../core/perf/production-budgets.ts';
import type { LoadDetails, PerfDetails } from '../core/report.ts';
import { outsideExpectation } from '../core/smoke/checks.ts';
import { slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { SignIns } from '../stages/isolation/identities.ts';
import type { CommandDeps } from '../stages/load/commands.ts';
import { type LoadDeps, type LoadScript, loadStage } from '../stages/load/load.ts';
import { perfStage } from '../stages/perf/perf.ts';
import type { PerfDeps } from '../stages/perf/state.ts';
import type { Resources } from '../stages/resources.ts';
import { parseAddress } from './address.ts';
import type { LoadChoice, PerfChoice } from './choices.ts';
import type { Context } from './context.ts';
import { toolboxOptions } from './doctor-deps.ts';
import { farLoad, fleetText, processesOf } from './load-fleet.ts';
import { chromeFinder, withPart } from './parts.ts';
import { reportReader } from './report-files.ts';

/** What both gates measure with. */
export interface MeasuringParts {
  readonly target: WebTarget;
  readonly web: WebClient;
  /** Returns who signs users in, for requests that go on for so long. */
  readonly signIns: (lastingMs: number) => SignIns;
  readonly clock: Clock;
}

/** Returns the perf stage for one command, and what must be closed after it. */
export function perfGate(
  context: Context,
  { url, runs, formFactors }: PerfChoice,
  parts: MeasuringParts & Pick<PerfDeps, 'inside' | 'baseline'>,
) {
  const isAddressAlone = url !== undefined && context.loaded === undefined;
  const settings = isAddressAlone ? perfSettingsForUrl(pathOf(url)) : context.settings().perf;
  const path = chromeFinder(context);
  const audit = lighthouseAudit({
    worker: join(context.request.toolRoot, 'dist/lighthouse-worker.js'),
    path,
    nodeArguments: async (signal) => context.parts.use('browser', { signal }),
  });
  const stage: StageRun<PerfDetails> = perfStage({
    ...parts,
    signIns: parts.signIns(0),
    settings: { ...settings, runs: runs ?? settings.runs, formFactors: formFactors ?? settings.formFactors },
    leftOut: [
      ...settings.formFactors.filter((one) => formFactors !== undefined && !formFactors.includes(one)),
      ...(runs !== undefined && runs < settings.runs ? [`${settings.runs - runs} of ${settings.runs} runs a page`] : []),
    ],
    productionBudgets: productionBudgets(context),
    audit,
    browserMemory: browserMemory(path),
    histogram: async () => (await import('../adapters/load-trace/histogram.ts')).requestHistogram(),
    health: isAddressAlone ? undefined : healthRoute(context),
  });
  return { stage: withPart(context.parts, 'browser', stage), audit };
}

/** Returns what looks at the environment's own connections and database while perf measures; the resources are known by then. */
export function insideOf(resources: Resources): NonNullable<PerfDeps['inside']> & { close(): Promise<void> } {
  const { directUrl, poolerUrl } = resources.databaseAccess.get();
  const gauges = [databaseGauge(directUrl), poolerGauge(poolerUrl)];
  const insight = postgresInsight(directUrl);
  return {
    gauges,
    insight,
    close: async () => {
      await Promise.allSettled([...gauges, insight].map((each) => each.close()));
    },
  };
}

function healthRoute(context: Context): PerfDeps['health'] {
  const path = context.settings().smoke.checks.find((check) => check.kind === 'health')?.path;
  return path === undefined ? undefined : { path, secret: context.secrets.read({ kind: 'env', name: 'CRON_SECRET' }) };
}

/** Returns the load stage for one command. Throws `K6_…` (kind `missing`) when k6 is asked for and not there. */
export function loadGate(
  context: Context,
  choice: LoadChoice,
  parts: MeasuringParts & Pick<LoadDeps, 'locate' | 'gauges' | 'commands'>,
): StageRun<LoadDetails | null> {
  const { settings, stages } = rampOf(context, choice);
  const { engine, script, service } = driverOf(context, choice, { settings, stages, target: parts.target });
  const permission = { ...expectedAnswer(context), ownedHost: choice.ownedHost };
  return loadStage({
    ...parts,
    signIns: parts.signIns(rampMs(stages)),
    settings: script === undefined ? settings : { ...settings, journey: [] },
    stages,
    permission,
    productionBudgets: productionBudgets(context),
    engine,
    service,
    ...(choice.distribute === undefined ? { openFiles } : {}),
    script,
    ...(choice.compare === undefined ? {} : { earlier: async () => earlierLoad(await reportReader(context)(choice.compare)) }),
  });
}

/** Returns what drives the load: this machine's engine, a script of the user's own, or other machines. */
function driverOf(
  context: Context,
  choice: LoadChoice,
  load: { readonly settings: LoadSettings; readonly stages: readonly LoadStage[]; readonly target: WebTarget },
): Pick<LoadDeps, 'engine' | 'script' | 'service'> {
  if (choice.distribute !== undefined) {
    return farLoad(
      context,
      choice,
      { ...load, script: standaloneScript({ ...load, timeoutMs: requestTimeoutMs, processes: processesOf(choice) }) },
      () => k6Path(context),
    );
  }
  return choice.script === undefined ? { engine: loadEngine(context, choice.engine) } : ownScript(context, choice.script, load.settings);
}

/**
 * Returns the load as a k6 script of its own, or as the objects of a cluster. Throws `LOAD_PROFILE_UNKNOWN`, `LOAD_TOO_MANY_USERS`,
 * `LOAD_PARALLELISM_TOO_HIGH` (kind `usage`).
 */
export function loadScript(context: Context, choice: LoadChoice, target: WebTarget): string {
  const load = { ...rampOf(context, choice), target };
  const processes = choice.emit === 'k8s' ? processesOf(choice) : 1;
  const script = standaloneScript({ ...load, timeoutMs: requestTimeoutMs, processes });
  return choice.emit === 'k8s' ? fleetText(choice, { ...load, script }) : script;
}

function rampOf(context: Context, choice: LoadChoice) {
  const settings =
    choice.url !== undefined && context.loaded === undefined
      ? loadSettingsForUrl(choice.path === undefined || choice.path.startsWith('/') ? (choice.path ?? '/') : `/${choice.path}`)
      : context.settings().load;
  const durationMs = choice.duration === undefined ? undefined : parseDuration(choice.duration, '--duration');
  return { settings, stages: rampStages(settings, { profile: choice.profile, vus: choice.vus, durationMs }) };
}

/** Returns the engine of a script of the user's own, which is read before anything is sent. */
function ownScript(context: Context, name: string, { maxVus }: LoadSettings): { readonly engine: LoadEngine; readonly script: LoadScript } {
  const k6 = k6Path(context);
  const fit = slot<FitScript>('script');
  const valueOf = (variable: string) => context.secrets.read({ kind: 'env', name: variable });
  return {
    engine: ownScriptLoad(k6, fit.get),
    script: {
      name: basename(name),
      read: async (signal) => {
        const found = await fitScript(k6, resolve(context.request.cwd, name), valueOf, signal);
        refuseTooMany(found.stages, maxVus);
        fit.set(found);
        return found.stages;
      },
    },
  };
}

/** Which environment must answer where before it is loaded; without a configuration the health contract's own route and name. */
function expectedAnswer(context: Context) {
  if (context.loaded === undefined) return { healthPath: '/api/health', environment: outsideExpectation.environment };
  const { smoke, environment } = context.settings();
  return { healthPath: smoke.checks.find((check) => check.kind === 'health')?.path ?? '/api/health', environment };
}

/** Returns the gauges of the environment's own database, pooler, Redis, queues and app; the resources are known by then. */
export function gaugesOf(context: Context, resources: Resources, { web, target }: MeasuringParts): readonly Gauge[] {
  const { upstash, smoke } = context.settings();
  const { directUrl, poolerUrl } = resources.databaseAccess.get();
  const { url } = resources.cacheAccess.get();
  const health = smoke.checks.find((check) => check.kind === 'health');
  return [
    databaseGauge(directUrl),
    poolerGauge(poolerUrl),
    redisGauge(url),
    ...(upstash.queues.length === 0 ? [] : [queueGauge(url, upstash.prefix, upstash.queues)]),
    ...(health === undefined ? [] : [appGauge(web, target, health.path)]),
  ];
}

/** Returns the budget of Redis commands of the environment's own database. */
export function commandsOf(context: Context, used: CommandDeps['used']): CommandDeps {
  const { upstash, load } = context.settings();
  return {
    budget: load.commandBudget,
    perRequest: load.commandsPerRequest,
    month: monthlyCommands(upstash.plan, upstash.budgetUsd),
    used,
    probe: embeddedLoad(context.request.toolVersion),
  };
}

function productionBudgets(context: Context): ProductionBudgets | undefined {
  return context.loaded === undefined ? undefined : context.settings().production.budgets;
}

function pathOf(url: string): string {
  const { pathname, search } = parseAddress(url);
  return `${pathname}${search}`;
}

/** Returns the engine that was asked for; `auto` is k6 where there is one. */
function loadEngine(context: Context, wanted: LoadChoice['engine']): LoadEngine {
  const { toolVersion } = context.request;
  if (wanted === 'embedded' || (wanted === 'auto' && findK6Program(toolboxOptions(context)) === undefined))
    return embeddedLoad(toolVersion);
  return k6Load(k6Path(context));
}

function k6Path(context: Context): string {
  const options = toolboxOptions(context);
  return findK6(findK6Program(options), [options.installedPrograms, ...options.path]);
}
