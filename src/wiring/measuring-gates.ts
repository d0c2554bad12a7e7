import { join } from 'node:path';
import { embeddedLoad } from '../adapters/embedded-load/engine.ts';
import { k6Load } from '../adapters/k6/engine.ts';
import { findK6 } from '../adapters/k6/find-k6.ts';
import { appGauge } from '../adapters/gauges/app-gauge.ts';
import { databaseGauge, poolerGauge } from '../adapters/gauges/database-gauges.ts';
import { queueGauge, redisGauge } from '../adapters/gauges/redis-gauges.ts';
import { lighthouseAudit } from '../adapters/lighthouse/audit.ts';
import { browserMemory } from '../adapters/lighthouse/browser-memory.ts';
import { requestHistogram } from '../adapters/load-trace/histogram.ts';
import { postgresInsight } from '../adapters/postgres/insight.ts';
import { findChrome, findK6Program } from '../adapters/system/toolbox.ts';
import { parseDuration } from '../config/duration.ts';
import { loadSettingsForUrl, rampStages } from '../core/load/profile.ts';
import { perfSettingsForUrl } from '../core/perf/perf.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Gauge } from '../core/ports/gauges.ts';
import type { LoadEngine } from '../core/ports/measure.ts';
import type { Sessions, WebClient, WebTarget } from '../core/ports/web.ts';
import type { ProductionBudgets } from '../core/perf/production-budgets.ts';
import type { LoadDetails, PerfDetails } from '../core/report.ts';
import { outsideExpectation } from '../core/smoke/checks.ts';
import type { StageRun } from '../core/run/stage.ts';
import { type LoadDeps, loadStage } from '../stages/load/load.ts';
import { perfStage } from '../stages/perf/perf.ts';
import type { PerfDeps } from '../stages/perf/state.ts';
import type { Resources } from '../stages/resources.ts';
import { parseAddress } from './address.ts';
import type { LoadChoice, PerfChoice } from './app.ts';
import type { Context } from './context.ts';
import { toolboxOptions } from './doctor-deps.ts';

/** What both gates measure with. */
export interface MeasuringParts {
  readonly target: WebTarget;
  readonly web: WebClient;
  readonly sessions: Sessions;
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
  const chromePath = findChrome(toolboxOptions(context));
  const audit = lighthouseAudit({ worker: join(context.request.toolRoot, 'dist/lighthouse-worker.js'), chromePath });
  const stage: StageRun<PerfDetails> = perfStage({
    ...parts,
    settings: { ...settings, runs: runs ?? settings.runs, formFactors: formFactors ?? settings.formFactors },
    productionBudgets: productionBudgets(context),
    audit,
    browserMemory: browserMemory(chromePath),
    histogram: requestHistogram,
    health: isAddressAlone ? undefined : healthRoute(context),
  });
  return { stage, audit };
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
  parts: MeasuringParts & Pick<LoadDeps, 'locate' | 'gauges'>,
): StageRun<LoadDetails> {
  const settings =
    choice.url !== undefined && context.loaded === undefined
      ? loadSettingsForUrl(choice.path === undefined || choice.path.startsWith('/') ? (choice.path ?? '/') : `/${choice.path}`)
      : context.settings().load;
  const durationMs = choice.duration === undefined ? undefined : parseDuration(choice.duration, '--duration');
  const stages = rampStages(settings, { profile: choice.profile, vus: choice.vus, durationMs });
  const engine = loadEngine(context, choice.engine);
  const permission = { ...expectedAnswer(context), ownedHost: choice.ownedHost };
  return loadStage({ ...parts, settings, stages, permission, productionBudgets: productionBudgets(context), engine });
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
  if (wanted === 'embedded') return embeddedLoad(toolVersion);
  const options = toolboxOptions(context);
  const path = findK6Program(options);
  if (path === undefined && wanted === 'auto') return embeddedLoad(toolVersion);
  return k6Load(findK6(path, [options.installedPrograms, ...options.path]));
}
