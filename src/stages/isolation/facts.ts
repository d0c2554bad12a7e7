import { StagingError } from '../../core/errors.ts';
import type { ClerkInstance, DatabaseIdentity, IsolationFacts, KnownService, StagingVariable } from '../../core/isolation/facts.ts';
import type { ListedVariable } from '../../core/ports/hosting.ts';
import { addressText, type ServiceAddress, serviceAddress } from '../../core/service-address.ts';
import { generatedSecrets, learntNames } from '../provision/generated-secrets.ts';
import type { KnownProduction } from './ports.ts';
import { knownFactsOf, readCacheAccess, readDatabaseAccess, type ResourceDeps, type Resources } from '../resources.ts';

/** Collects everything that isolation is judged by; changes nothing. What cannot be asked stays unknown. */
export async function isolationFacts(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<IsolationFacts> {
  const project = resources.project.peek();
  const [production, listed] = await Promise.all([
    knownProduction(deps, resources, signal),
    project === undefined ? [] : tolerant(signal, [], () => deps.projects.variables(project.id, signal)),
    ownAccess(deps, resources, signal),
  ]);
  const variables = stagingVariables(deps, resources, listed);
  const [databaseSays, clerk, productionSecrets] = await Promise.all([
    databaseIdentity(deps, resources, signal),
    clerkInstances(deps, variables, signal),
    sharedSecrets(deps, variables, listed),
  ]);
  return {
    environment: deps.settings.environment,
    domain: deps.settings.domain,
    variables,
    production: deps.settings.production,
    productionDatabases: production.databases,
    productionCaches: production.caches,
    ...ownServices(resources),
    databaseSays,
    clerk,
    productionSecrets,
  };
}

/** Where staging itself answers: read unless a step before has done so. */
async function ownAccess(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<void> {
  const { database, databaseAccess, cache, cacheAccess } = resources;
  const nothing = async () => undefined;
  await Promise.all([
    tolerant(
      signal,
      undefined,
      database.peek() === undefined || databaseAccess.peek() !== undefined ? nothing : () => readDatabaseAccess(deps, resources, signal),
    ),
    tolerant(
      signal,
      undefined,
      cache.peek() === undefined || cacheAccess.peek() !== undefined ? nothing : () => readCacheAccess(deps, resources, signal),
    ),
  ]);
}

function ownServices(resources: Resources): Pick<IsolationFacts, 'database' | 'cache'> {
  const [database, cache] = [resources.database.peek(), resources.cache.peek()];
  const [databaseAccess, cacheAccess] = [resources.databaseAccess.peek(), resources.cacheAccess.peek()];
  return {
    database:
      database === undefined
        ? undefined
        : service(database.name, database.ref, [databaseAccess?.directUrl, databaseAccess?.poolerUrl, databaseAccess?.url]),
    cache: cache === undefined ? undefined : service(cache.name, cache.id, [cacheAccess?.url, cacheAccess?.restUrl]),
  };
}

function service(name: string, id: string, urls: readonly (string | undefined)[]): KnownService {
  return {
    name,
    id,
    addresses: urls.flatMap((url): readonly ServiceAddress[] => [serviceAddress(url ?? '')].filter((each) => each !== undefined)),
  };
}

function stagingVariables(deps: ResourceDeps, resources: Resources, listed: readonly ListedVariable[]): readonly StagingVariable[] {
  const facts = knownFactsOf(deps, resources);
  const generated: readonly string[] = [...generatedSecrets, ...learntNames];
  const declared = Object.entries(deps.settings.env).flatMap(([name, setting]): readonly StagingVariable[] => {
    const { value, class: secrecy } = setting;
    if (typeof value === 'string') return [{ name, class: secrecy, value, origin: 'literal' }];
    if (value.kind === 'fact') return [{ name, class: secrecy, value: facts[value.fact], origin: 'resource' }];
    const found = deps.isolation.readSecret(value);
    return found === undefined
      ? []
      : [{ name, class: secrecy, value: found, origin: generated.includes(value.name) ? 'generated' : 'outside' }];
  });
  const foreign = listed
    .filter(({ name, fingerprint }) => fingerprint === null && deps.settings.env[name] === undefined && !name.startsWith('JV_'))
    .map(({ name }): StagingVariable => ({ name, class: 'secret', value: undefined, origin: 'foreign' }));
  return [...declared, ...foreign];
}

async function knownProduction(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<KnownProduction> {
  const known = resources.production.peek();
  if (known !== undefined) return known;
  const { supabaseProjects, upstashDatabases, database } = deps.settings.production;
  const reference = database === undefined ? undefined : serviceAddress(deps.isolation.readSecret(database) ?? '');
  const [databases, caches] = await Promise.all([
    Promise.all(supabaseProjects.map((name) => productionDatabases(deps, name, signal))),
    Promise.all(upstashDatabases.map((name) => productionCaches(deps, name, signal))),
  ]);
  const named =
    reference === undefined
      ? []
      : [{ name: 'production.database', id: reference.projectRef ?? addressText(reference), addresses: [reference] }];
  const asked = { databases: [...databases.flat(), ...named], caches: caches.flat() };
  resources.production.set(asked);
  return asked;
}

async function productionDatabases(deps: ResourceDeps, name: string, signal: AbortSignal): Promise<readonly KnownService[]> {
  return tolerant(signal, [], async () => {
    const found = /^[a-z]{20}$/.test(name) ? [{ ref: name }] : await deps.databases.findByName(name, signal);
    return Promise.all(
      found.map(async ({ ref }) => service(name, ref, await tolerant(signal, [], () => deps.databases.addresses(ref, signal)))),
    );
  });
}

async function productionCaches(deps: ResourceDeps, name: string, signal: AbortSignal): Promise<readonly KnownService[]> {
  return tolerant(signal, [], async () => {
    const found = await deps.caches.findByName(name, signal);
    const ids = found.length === 0 ? [name] : found.map(({ id }) => id);
    return Promise.all(ids.map(async (id) => service(name, id, await tolerant(signal, [], () => deps.caches.addresses(id, signal)))));
  });
}

async function databaseIdentity(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<DatabaseIdentity | undefined> {
  const known = resources.databaseSays.peek();
  if (known !== undefined || resources.databaseAccess.peek() === undefined) return known;
  // One that is coming up or paused would only be waited for.
  if (!['healthy', 'unhealthy'].includes(resources.database.get().state)) return undefined;
  const said = await tolerant(signal, undefined, () => deps.isolation.openDatabase().identity(signal));
  if (said !== undefined) resources.databaseSays.set(said);
  return said;
}

async function clerkInstances(
  deps: ResourceDeps,
  variables: readonly StagingVariable[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, ClerkInstance | null>>> {
  const apiUrl = variables.find(({ name }) => name === 'CLERK_API_URL')?.value;
  const keys = variables.filter(({ name, value }) => /(?:^|_)CLERK(?:_|$)/.test(name) && value?.startsWith('sk_') === true);
  const asked = keys.map(async ({ name, value = '' }) => [name, await deps.isolation.askClerk(value, apiUrl, signal)] as const);
  return Object.fromEntries(await Promise.all(asked));
}

/** Holds each value, and each fingerprint that is kept on Vercel, against those of production; undefined when nothing can be compared. */
async function sharedSecrets(
  deps: ResourceDeps,
  variables: readonly StagingVariable[],
  listed: readonly ListedVariable[],
): Promise<IsolationFacts['productionSecrets']> {
  const wanted = Object.entries(deps.settings.production.fingerprints ?? {});
  if (wanted.length === 0) return undefined;
  const isKeyed = wanted.some(([, fingerprint]) => fingerprint.startsWith('hmac:'));
  const sealing = isKeyed ? await tolerant(undefined, undefined, deps.isolation.sealing) : undefined;
  if (isKeyed && sealing === undefined) return undefined;
  const values = variables.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
  const isOf = (value: string, print: string) =>
    print.startsWith('hmac:')
      ? sealing?.isFingerprintOf(value, print.slice('hmac:'.length)) === true
      : print === `sha256:${deps.isolation.sha256(value)}`;
  const shared = wanted.flatMap(([secret, print]) =>
    [
      ...values.filter(({ value }) => isOf(value, print)),
      ...listed.filter(({ fingerprint }) => fingerprint !== null && print === `hmac:${fingerprint}`),
    ].map(({ name }) => ({ variable: name, secret })),
  );
  return shared.filter((each, index) => shared.findIndex((other) => other.variable === each.variable) === index);
}

/** Returns what `ask` finds out, or `otherwise` for an expected failure: then it stays unknown, which is not pass. */
async function tolerant<Value>(signal: AbortSignal | undefined, otherwise: Value, ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof StagingError && error.kind !== 'refused') return otherwise;
    throw error;
  }
}
