import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import type { DatabaseIdentity } from '../core/isolation/facts.ts';
import type { CacheAccess, CacheDatabase, CachePlatform } from '../core/ports/cache.ts';
import type { DatabaseAccess, DatabasePlatform, DatabaseProject } from '../core/ports/database.ts';
import type { HostingProject, HostingProjects } from '../core/ports/hosting.ts';
import type { SecretFile } from '../core/ports/secret-file.ts';
import type { ResourceFact, StagingSettings } from '../core/settings.ts';
import { type Slot, slot } from '../core/run/slot.ts';
import type { IsolationPorts, KnownProduction } from './isolation/ports.ts';

/** The environment's resources, filled in by the steps that find or create them. */
export interface Resources {
  readonly project: Slot<HostingProject>;
  readonly database: Slot<DatabaseProject>;
  readonly databaseAccess: Slot<DatabaseAccess>;
  readonly cache: Slot<CacheDatabase>;
  readonly cacheAccess: Slot<CacheAccess>;
  /** What is known of production, asked for once a run. */
  readonly production: Slot<KnownProduction>;
  /** What the database says of whose it is, asked for once a run. */
  readonly databaseSays: Slot<DatabaseIdentity>;
}

/** What finding the resources needs. */
export interface ResourceDeps {
  readonly settings: StagingSettings;
  readonly projects: HostingProjects;
  readonly databases: DatabasePlatform;
  readonly caches: CachePlatform;
  readonly secretFile: SecretFile;
  /** Address of the app on its domain: origin with scheme and port. */
  readonly appOrigin: string;
  readonly isolation: IsolationPorts;
}

/** Name of the line in the environment file that holds the database password. */
export const databasePasswordName = 'STAGING_SUPABASE_DB_PASSWORD';

/** Returns empty slots for one run. */
export function emptyResources(): Resources {
  return {
    project: slot('Vercel project'),
    database: slot('Supabase project'),
    databaseAccess: slot('access to the Supabase project'),
    cache: slot('Upstash database'),
    cacheAccess: slot('access to the Upstash database'),
    production: slot('what is known of production'),
    databaseSays: slot('what the database says'),
  };
}

/** Finds the Vercel project by name; returns it or undefined. Throws `PRODUCTION_REFUSED`. */
export async function findProject(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<HostingProject | undefined> {
  guardProduction({ what: 'Vercel project', identities: [deps.settings.name] }, deps.settings.production);
  const found = await deps.projects.find(deps.settings.name, signal);
  if (found === undefined) return undefined;
  guardProduction({ what: 'Vercel project', identities: [found.name, found.id] }, deps.settings.production);
  resources.project.set(found);
  return found;
}

/** Finds the Supabase project by name; returns it or undefined. Throws `PRODUCTION_REFUSED`, `SUPABASE_NAME_AMBIGUOUS`. */
export async function findDatabase(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<DatabaseProject | undefined> {
  guardProduction({ what: 'Supabase project', identities: [deps.settings.name] }, deps.settings.production);
  const found = onlyDatabase(await deps.databases.findByName(deps.settings.name, signal));
  if (found === undefined) return undefined;
  guardProduction({ what: 'Supabase project', identities: [found.name, found.ref] }, deps.settings.production);
  resources.database.set(found);
  return found;
}

/** Finds the Upstash database by name; returns it or undefined. Throws `PRODUCTION_REFUSED`, `UPSTASH_NAME_AMBIGUOUS`. */
export async function findCache(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<CacheDatabase | undefined> {
  guardProduction({ what: 'Upstash database', identities: [deps.settings.name] }, deps.settings.production);
  const found = onlyCache(await deps.caches.findByName(deps.settings.name, signal));
  if (found === undefined) return undefined;
  guardProduction({ what: 'Upstash database', identities: [found.name, found.id] }, deps.settings.production);
  resources.cache.set(found);
  return found;
}

/** Reads addresses and keys of both databases into the slots. Throws `DATABASE_PASSWORD_MISSING` (exit 3). */
export async function readAccess(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<void> {
  await Promise.all([readDatabaseAccess(deps, resources, signal), readCacheAccess(deps, resources, signal)]);
}

/** Reads addresses and keys of the Redis database into its slot. */
export async function readCacheAccess(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<void> {
  resources.cacheAccess.set(await deps.caches.access(resources.cache.get().id, signal));
}

/** Reads addresses and keys of the database project into its slot. Throws `DATABASE_PASSWORD_MISSING` (exit 3). */
export async function readDatabaseAccess(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<void> {
  const password = await deps.secretFile.read(databasePasswordName);
  if (password === undefined) throw passwordMissing(deps);
  resources.databaseAccess.set(await deps.databases.access(resources.database.get().ref, password, signal));
}

/** Returns the error for a database whose password nobody knows any more. */
export function passwordMissing({ settings, secretFile }: Pick<ResourceDeps, 'settings' | 'secretFile'>): StagingError {
  return new StagingError(
    'missing',
    'DATABASE_PASSWORD_MISSING',
    `The password of Supabase project ${settings.name} is not known: ${secretFile.path} has no ${databasePasswordName}.`,
    { fix: `Add the line ${databasePasswordName}=… to ${secretFile.path}.` },
  );
}

/** Returns the values that the environment contract may refer to. */
export function resourceFactsOf(deps: ResourceDeps, resources: Resources): Readonly<Record<ResourceFact, string>> {
  return { 'app.url': deps.appOrigin, ...databaseFacts(resources.databaseAccess.get()), ...cacheFacts(resources.cacheAccess.get()) };
}

/** Returns those values that are known by now. */
export function knownFactsOf(deps: ResourceDeps, resources: Resources): Readonly<Partial<Record<ResourceFact, string>>> {
  const [database, cache] = [resources.databaseAccess.peek(), resources.cacheAccess.peek()];
  return { 'app.url': deps.appOrigin, ...(database && databaseFacts(database)), ...(cache && cacheFacts(cache)) };
}

function databaseFacts(database: DatabaseAccess) {
  return {
    'database.poolerUrl': database.poolerUrl,
    'database.directUrl': database.directUrl,
    'supabase.url': database.url,
    'supabase.anonKey': database.anonKey,
    'supabase.serviceRoleKey': database.serviceRoleKey,
  };
}

function cacheFacts(cache: CacheAccess) {
  return { 'redis.url': cache.url, 'redis.restUrl': cache.restUrl, 'redis.restToken': cache.restToken };
}

/** Returns the database project of the environment's name. Throws `SUPABASE_NAME_AMBIGUOUS` (exit 6) when there are several. */
export function onlyDatabase(found: readonly DatabaseProject[]): DatabaseProject | undefined {
  return onlyOne(found, 'SUPABASE_NAME_AMBIGUOUS', 'Supabase projects', (each) => each.ref);
}

/** Returns the Redis database of the environment's name. Throws `UPSTASH_NAME_AMBIGUOUS` (exit 6) when there are several. */
export function onlyCache(found: readonly CacheDatabase[]): CacheDatabase | undefined {
  return onlyOne(found, 'UPSTASH_NAME_AMBIGUOUS', 'Upstash databases', (each) => each.id);
}

function onlyOne<Item>(items: readonly Item[], code: string, what: string, identify: (item: Item) => string): Item | undefined {
  if (items.length < 2) return items[0];
  throw new StagingError(
    'refused',
    code,
    `There are ${items.length} ${what} of this name (${items.map(identify).join(', ')}), expected at most one.`,
    {
      fix: 'Rename or delete those that do not belong to this environment.',
    },
  );
}
