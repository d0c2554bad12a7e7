import { guardProduction } from '../../core/guard.ts';
import { buildPlan, markerOf, type PlanFacts } from '../../core/plan/build.ts';
import type { Plan } from '../../core/plan/model.ts';
import { wantedResources } from '../../core/plan/wanted.ts';
import type { DatabaseProject } from '../../core/ports/database.ts';
import type { HostingAnswer, ManagedPlatforms, ResourceAnswer, SchemaReading } from '../../core/ports/managed.ts';
import type { CacheDatabase } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';
import type { EnvReference } from '../../core/settings.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { generatedSecrets, learntNames, missingSecrets, stateKeyName } from '../provision/generated-secrets.ts';
import { waitForList } from './lagging.ts';
import { planVariables, provenBy } from './variables.ts';
import {
  databasePasswordName,
  knownFactsOf,
  onlyCache,
  onlyDatabase,
  readCacheAccess,
  readDatabaseAccess,
  type ResourceDeps,
  type Resources,
} from '../resources.ts';
import { knownProblems, refuseUnsafe } from './wanted-variables.ts';
import type { SchemaDeps } from '../provision/schema.ts';

/** What planning needs beside finding resources. */
export interface PlanDeps extends ResourceDeps, Pick<SchemaDeps, 'readMigrations'> {
  readonly managed: ManagedPlatforms;
  readonly clock: Clock;
  readonly readSecret: (reference: EnvReference) => string | undefined;
  /** Returns the fingerprints' key holder; only asked for once there is a key. */
  readonly sealing: () => Promise<Sealing>;
}

/** A plan with what it was made from. */
export interface Planned {
  readonly facts: PlanFacts;
  readonly plan: Plan;
}

/** How a plan is made. */
export interface PlanOptions {
  /** Takes over what has the right name but no mark of ours. */
  readonly adopt: boolean;
}

/** Steps that make a plan, and the plan once they have run. */
export interface PlanRun {
  readonly steps: readonly Step[];
  readonly planned: Slot<Planned>;
}

/** Returns the one step that reads all vendors at once and compares; it changes nothing. */
export function planRun(deps: PlanDeps, resources: Resources, options: PlanOptions): PlanRun {
  const planned = slot<Planned>('plan');
  const step: Step = {
    id: 'plan',
    title: 'Read all vendors and compare',
    run: async (io) => {
      planned.set(await readPlan(deps, resources, options, io));
      const { items } = planned.get().plan;
      const pending = items.filter((item) => item.action !== 'unchanged').length;
      return pending === 0 ? `${items.length} things, all as wished` : `${pending} of ${items.length} things are not as wished`;
    },
  };
  return { steps: [step], planned };
}

/** Returns what a plan that takes over nothing says, for stages that only look. Throws what the step of `planRun` throws. */
export async function currentPlan(deps: PlanDeps, resources: Resources, signal: AbortSignal): Promise<Plan> {
  return (await readPlan(deps, resources, { adopt: false }, { signal, note: () => undefined })).plan;
}

/**
 * Reads the vendors in at most three sequential round trips, whatever the number of variables: lists by name; then settings, schema,
 * keys; then nothing but what a key leads to. Throws `PRODUCTION_REFUSED`, `…_NAME_AMBIGUOUS`, `ENV_UNSAFE` (exit 6), `ENV_VALUE_MISSING` (exit 2).
 */
async function readPlan(deps: PlanDeps, resources: Resources, { adopt }: PlanOptions, io: StepIo): Promise<Planned> {
  const { signal } = io;
  const { settings } = deps;
  guardNames(deps);
  refuseUnsafe(knownProblems(deps));
  const [hosting, listedDatabases, listedCaches, folder, missing] = await Promise.all([
    readHosting(deps, resources, signal),
    readDatabases(deps, resources, signal),
    readCaches(deps, resources, signal),
    deps.readMigrations(),
    missingSecrets(deps),
  ]);
  const made = markerOf({ hosting, settings })?.resources ?? {};
  const databases =
    listedDatabases.answer.found.length > 0 || made['supabase-project'] === undefined
      ? listedDatabases
      : await lookAgain(deps, 'Supabase project', listedDatabases, () => readDatabases(deps, resources, signal), io);
  const caches =
    listedCaches.found.length > 0 || made['upstash-database'] === undefined
      ? listedCaches
      : (
          await lookAgain(
            deps,
            'Upstash database',
            { answer: listedCaches },
            async () => ({ answer: await readCaches(deps, resources, signal) }),
            io,
          )
        ).answer;
  const sealing = missing.includes(stateKeyName) ? undefined : await deps.sealing();
  const variables = planVariables({
    contract: settings.env,
    facts: knownFactsOf(deps, resources),
    readSecret: deps.readSecret,
    writtenBefore: [...generatedSecrets, ...learntNames],
    sealing,
    environmentFile: deps.secretFile.path,
  });
  const facts: PlanFacts = {
    settings,
    appOrigin: deps.appOrigin,
    hosting,
    databases: databases.answer,
    caches,
    schema: databases.schema,
    migrations: folder.migrations.map((migration) => migration.version),
    missingSecrets: missing,
    passwordName: databasePasswordName,
    environmentFile: deps.secretFile.path,
    variables,
    proven: provenBy(settings.env, variables, hosting.project?.variables ?? []),
    adopt,
  };
  return { facts, plan: buildPlan(facts) };
}

/** The marker says that it was made: a list that lags must not look as if it were gone, or a second one would be made. */
async function lookAgain<Reading extends { readonly answer: Pick<ResourceAnswer<unknown>, 'found'> }>(
  deps: PlanDeps,
  what: string,
  first: Reading,
  read: () => Promise<Reading>,
  io: StepIo,
): Promise<Reading> {
  const shown = async () => {
    const reading = await read();
    return reading.answer.found.length > 0 ? reading : undefined;
  };
  return (await waitForList(deps, what, shown, io)) ?? first;
}

function guardNames({ settings }: PlanDeps): void {
  const { name, domain, production } = settings;
  guardProduction({ what: 'domain', identities: [domain] }, production);
  for (const what of ['Vercel project', 'Supabase project', 'Upstash database'] as const)
    guardProduction({ what, identities: [name] }, production);
}

async function readHosting({ managed, settings }: PlanDeps, resources: Resources, signal: AbortSignal): Promise<HostingAnswer> {
  const { name, domain, production } = settings;
  const theirs = settings.vercel.region === undefined ? production.vercelProjects : [];
  const answer = await managed.hosting.read({ name, domain, production: theirs }, signal);
  if (answer.project === undefined) return answer;
  guardProduction({ what: 'Vercel project', identities: [answer.project.resource.id] }, production);
  resources.project.set(answer.project.resource);
  return answer;
}

async function readDatabases(
  deps: PlanDeps,
  resources: Resources,
  signal: AbortSignal,
): Promise<{ readonly answer: ResourceAnswer<DatabaseProject>; readonly schema: SchemaReading | undefined }> {
  const { name, production, environment } = deps.settings;
  const answer = await deps.managed.databases.list({ name, production: production.supabaseProjects }, signal);
  const database = onlyDatabase(answer.found.map((each) => each.resource));
  const [found] = answer.found;
  if (database === undefined || found === undefined) return { answer, schema: undefined };
  guardProduction({ what: 'Supabase project', identities: [database.ref] }, production);
  resources.database.set(database);
  // One that is coming up or paused answers to none of this yet.
  if (database.state !== 'healthy' && database.state !== 'unhealthy') return { answer, schema: undefined };
  const names = Object.keys(wantedOfDatabase(deps));
  const [settings, schema] = await Promise.all([
    deps.managed.databases.settings(database.ref, names, signal),
    deps.managed.databases.schema(database.ref, environment, signal),
    // Without its password it can be listed, and not more: the plan says so.
    (await deps.secretFile.read(databasePasswordName)) === undefined ? undefined : readDatabaseAccess(deps, resources, signal),
  ]);
  return { answer: { ...answer, found: [{ ...found, fields: { ...found.fields, ...settings } }] }, schema };
}

async function readCaches(deps: PlanDeps, resources: Resources, signal: AbortSignal): Promise<ResourceAnswer<CacheDatabase>> {
  const { name, production } = deps.settings;
  const answer = await deps.managed.caches.list({ name, production: production.upstashDatabases }, signal);
  const cache = onlyCache(answer.found.map((each) => each.resource));
  if (cache === undefined) return answer;
  guardProduction({ what: 'Upstash database', identities: [cache.id] }, production);
  resources.cache.set(cache);
  await readCacheAccess(deps, resources, signal);
  return answer;
}

/** Only what is managed need be read. */
function wantedOfDatabase({ settings, appOrigin }: PlanDeps) {
  const production = { hostingRegion: undefined, databases: {}, caches: {} };
  return wantedResources(settings, { appOrigin, production })['supabase-project'].managed;
}
