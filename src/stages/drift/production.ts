import { StagingError } from '../../core/errors.ts';
import type { DatedVariable } from '../../core/ports/managed.ts';
import type { Fields } from '../../core/plan/model.ts';
import type { PlanDeps } from '../plan/plan.ts';

/** A thing of production as far as it could be read; `why` says what kept it from being read. */
export interface Read<Value> {
  readonly value: Value | undefined;
  readonly why: string;
}

/** What is compared of production's hosting project. */
export interface HostingParity {
  readonly fields: Fields;
  readonly variables: readonly string[];
}

/** Settings of the database project that the list of projects does not tell and that staging should share with production. */
export const databaseSettingNames = ['sslEnforced', 'poolMode'] as const;

/** Reads production's hosting project by its name, as the first one that the configuration names. */
export function productionHosting({ managed, settings }: PlanDeps, signal: AbortSignal): Promise<Read<HostingParity>> {
  const { vercelProjects, domains } = settings.production;
  return named(vercelProjects, 'production.vercelProjects', signal, async (name) => {
    const { project } = await managed.hosting.read({ name, domain: domains[0] ?? settings.domain, production: [] }, signal);
    return project === undefined ? undefined : { fields: project.fields, variables: namesOf(project.variables) };
  });
}

/** Reads the settings of production's database project. */
export function productionDatabase({ managed, settings }: PlanDeps, signal: AbortSignal): Promise<Read<Fields>> {
  return named(settings.production.supabaseProjects, 'production.supabaseProjects', signal, async (name) => {
    const { found } = await managed.databases.list({ name, production: [] }, signal);
    const [project] = found;
    if (project === undefined) return undefined;
    return { ...project.fields, ...(await managed.databases.settings(project.resource.ref, databaseSettingNames, signal)) };
  });
}

/** Reads the settings of production's Redis database. */
export function productionCache({ managed, settings }: PlanDeps, signal: AbortSignal): Promise<Read<Fields>> {
  return named(settings.production.upstashDatabases, 'production.upstashDatabases', signal, async (name) => {
    const { found } = await managed.caches.list({ name, production: [] }, signal);
    return found[0]?.fields;
  });
}

/** Returns the names that the app sees: what we write for ourselves is not among them. */
export function namesOf(variables: readonly DatedVariable[]): readonly string[] {
  return variables.map(({ name }) => name).filter((name) => !name.startsWith('JV_'));
}

/** Reads what `ask` reads; an expected failure is unknown, with its own words. */
export async function tryRead<Value>(signal: AbortSignal, ask: () => Promise<Value | undefined>, otherwise: string): Promise<Read<Value>> {
  try {
    return { value: await ask(), why: otherwise };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StagingError) return { value: undefined, why: error.message };
    throw error;
  }
}

async function named<Value>(
  names: readonly string[],
  key: string,
  signal: AbortSignal,
  ask: (name: string) => Promise<Value | undefined>,
): Promise<Read<Value>> {
  const [name] = names;
  if (name === undefined) return { value: undefined, why: `the configuration names nothing in ${key}` };
  return tryRead(signal, () => ask(name), `${name} (${key}) is not seen with these credentials`);
}
