import { catalogDrift, planDrift, settingsDrift, variableNamesDrift } from '../../core/drift/compare.ts';
import { type DriftDetails, type DriftFacts, joinDrift, judgeDrift } from '../../core/drift/drift.ts';
import { driftError, driftFindings, driftSummary, driftVerdict } from '../../core/drift/findings.ts';
import type { CatalogSnapshot } from '../../core/catalog/catalog.ts';
import type { Fields } from '../../core/plan/model.ts';
import type { CatalogReader } from '../../core/ports/catalog.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { StageResult } from '../../core/verdict.ts';
import { type PlanDeps, type Planned, planRun } from '../plan/plan.ts';
import type { Resources } from '../resources.ts';
import { databaseSettingNames, namesOf, productionCache, productionDatabase, productionHosting, type Read, tryRead } from './production.ts';

/** What looking for drift needs. */
export interface DriftDeps extends PlanDeps {
  readonly clock: Clock;
  /** Waits until the platforms know production, where it is made beside staging (the local cloud). */
  readonly productionReady: (signal: AbortSignal) => Promise<void>;
  /** Returns the connection string of production's database, or undefined when nobody says it. */
  readonly productionDatabaseUrl: (signal: AbortSignal) => Promise<string | undefined>;
  readonly openCatalog: (url: string) => CatalogReader;
}

/** What staging's hosting project shares with production's: the rest differs by its purpose (domain, variables' values) or its price. */
const hostingNames = ['region', 'nodeVersion', 'framework'] as const;
const databaseNames = ['region', 'postgresVersion', ...databaseSettingNames] as const;
const cacheNames = ['region', 'eviction', 'tls'] as const;

/** Returns the stage that compares the environment with its configuration and with production; it changes nothing. */
export function driftStage(deps: DriftDeps, resources: Resources): StageRun<DriftDetails> {
  const startedAtMs = deps.clock.nowMs();
  const planning = planRun(deps, resources, { adopt: false });
  const parity = slot<DriftFacts>('parity with production');
  const catalogs = slot<DriftFacts>('parity of catalogs');
  const result = (): StageResult<DriftDetails> => {
    const facts = joinDrift([planDrift(planning.planned.get().plan), parity.get(), catalogs.get()]);
    const today = new Date(deps.clock.nowMs()).toISOString().slice(0, 10);
    const details = judgeDrift(facts, deps.settings.drift.waivers, today);
    const made = stageResult('drift', driftFindings(details), startedAtMs, deps.clock, details, driftSummary(details));
    return { ...made, verdict: driftVerdict(details) };
  };
  const steps: readonly Step[] = [
    { id: 'production', title: 'Look for production', run: (io) => deps.productionReady(io.signal) },
    ...planning.steps,
    {
      id: 'compare',
      title: 'Compare with production',
      concurrent: true,
      steps: () => [
        {
          id: 'settings',
          title: 'Settings and variables',
          run: async (io) => {
            parity.set(await settingsParity(deps, planning.planned.get(), io.signal));
            return foundText(parity.get());
          },
        },
        {
          id: 'catalog',
          title: 'Catalog of the database',
          run: async (io) => {
            catalogs.set(catalogDrift(await readCatalogs(deps, resources, io.signal)));
            return foundText(catalogs.get());
          },
        },
      ],
    },
    {
      id: 'verdict',
      title: 'Nothing has drifted',
      run: async () => {
        const error = driftError(result());
        if (error !== undefined) throw error;
        return result().summary;
      },
    },
  ];
  return { steps, result: () => (parity.peek() === undefined || catalogs.peek() === undefined ? undefined : result()) };
}

async function settingsParity(deps: DriftDeps, { facts }: Planned, signal: AbortSignal): Promise<DriftFacts> {
  const [hosting, database, cache, own] = await Promise.all([
    productionHosting(deps, signal),
    productionDatabase(deps, signal),
    productionCache(deps, signal),
    ownDatabase(deps, facts, signal),
  ]);
  const project = facts.hosting.project;
  return joinDrift([
    settingsDrift('settings', 'vercel-project', hostingNames, {
      staging: project?.fields,
      production: hosting.value?.fields,
      why: whyOf('The Vercel project', project, hosting),
    }),
    variableNamesDrift({
      staging: project === undefined ? undefined : namesOf(project.variables),
      production: hosting.value?.variables,
      why: whyOf('The Vercel project', project, hosting),
    }),
    settingsDrift('settings', 'supabase-project', databaseNames, {
      staging: own.value,
      production: database.value,
      why: own.value === undefined ? own.why : database.why,
    }),
    settingsDrift('redis', 'upstash-database', cacheNames, {
      staging: facts.caches.found[0]?.fields,
      production: cache.value,
      why: whyOf('The Upstash database', facts.caches.found[0], cache),
    }),
  ]);
}

function ownDatabase(deps: DriftDeps, facts: Planned['facts'], signal: AbortSignal): Promise<Read<Fields>> {
  const read = async (): Promise<Fields | undefined> => {
    const [found] = facts.databases.found;
    if (found === undefined) return undefined;
    return { ...found.fields, ...(await deps.managed.databases.settings(found.resource.ref, databaseSettingNames, signal)) };
  };
  return tryRead(signal, read, 'The Supabase project does not exist yet');
}

function whyOf(what: string, staging: unknown, production: Read<unknown>): string {
  return staging === undefined ? `${what} does not exist yet` : production.why;
}

interface CatalogSides {
  readonly staging: CatalogSnapshot | undefined;
  readonly production: CatalogSnapshot | undefined;
  readonly why: string;
}

async function readCatalogs(deps: DriftDeps, resources: Resources, signal: AbortSignal): Promise<CatalogSides> {
  const stagingUrl = resources.databaseAccess.peek()?.directUrl;
  if (stagingUrl === undefined)
    return { staging: undefined, production: undefined, why: 'Staging’s database does not exist yet, or its password is not known' };
  const productionUrl = await deps.productionDatabaseUrl(signal);
  if (productionUrl === undefined)
    return {
      staging: undefined,
      production: undefined,
      why: 'production.database of the configuration names no connection to production’s database, or the variable that it names is not set',
    };
  const read = async (url: string): Promise<Read<CatalogSnapshot>> => {
    const reader = deps.openCatalog(url);
    try {
      return await tryRead(signal, () => reader.read({}, signal), '');
    } finally {
      await reader.close();
    }
  };
  const [staging, production] = await Promise.all([read(stagingUrl), read(productionUrl)]);
  return { staging: staging.value, production: production.value, why: [staging.why, production.why].filter((why) => why !== '').join(' ') };
}

function foundText({ compared, items }: DriftFacts): string {
  const total = Object.values(compared).reduce((sum, count) => sum + count, 0);
  return items.length === 0 ? `${total} compared, all the same` : `${total} compared, ${items.length} not the same`;
}
