import type { CacheDatabase } from '../ports/cache.ts';
import type { DatabaseProject } from '../ports/database.ts';
import type { HostingAnswer, ResourceAnswer, SchemaReading } from '../ports/managed.ts';
import { type KnownPrice, supabasePrice, upstashPrice, vercelPrice } from '../prices.ts';
import type { StagingSettings } from '../settings.ts';
import { planCost } from './cost.ts';
import type { OwnedKind, OwnershipMarker } from './marker.ts';
import type { Fields, Plan, PlanItem } from './model.ts';
import { resourceItem } from './resource-items.ts';
import { undeclaredVariables, variableItems, type WantedVariable } from './variable-items.ts';
import { wantedResources, type WantedResources } from './wanted.ts';

/** Everything that a plan is made from: the configuration, and what the vendors and the files say. */
export interface PlanFacts {
  readonly settings: StagingSettings;
  readonly appOrigin: string;
  readonly hosting: HostingAnswer;
  readonly databases: ResourceAnswer<DatabaseProject>;
  readonly caches: ResourceAnswer<CacheDatabase>;
  /** Undefined while there is no database that answers. */
  readonly schema: SchemaReading | undefined;
  /** Versions of the migrations in the folder. */
  readonly migrations: readonly string[];
  /** Names of the lines that are generated into the environment file because they are not there. */
  readonly missingSecrets: readonly string[];
  /** Name of the line that holds the database password. */
  readonly passwordName: string;
  readonly environmentFile: string;
  readonly variables: readonly WantedVariable[];
  /** Resources that variables with our fingerprints point to. */
  readonly proven: readonly OwnedKind[];
  readonly adopt: boolean;
}

/** Returns the plan: an item for each thing of the environment, in the order in which they are made. */
export function buildPlan(facts: PlanFacts): Plan {
  const { settings } = facts;
  const marker = markerOf(facts);
  const prices = pricesOf(facts);
  return {
    version: 1,
    name: settings.name,
    environment: settings.environment,
    target: settings.target,
    items: [
      secretsItem(facts),
      ...vendorItems(facts, marker, prices),
      schemaItem(facts),
      domainItem(facts, marker),
      ...variableItems(facts.variables, facts.hosting.project?.variables ?? [], { marker, adopt: facts.adopt }),
    ],
    cost: planCost(
      [
        { what: 'Vercel project', price: prices['vercel-project'] },
        { what: 'Supabase project', price: prices['supabase-project'] },
        { what: 'Upstash database', price: prices['upstash-database'] },
      ],
      settings.production.costUsdPerMonth,
    ),
    notes: notesOf(facts),
  };
}

/** Returns what the configuration wants of each vendor, given what production's resources are like. */
export function wantedOf({ settings, appOrigin, hosting, databases, caches }: PlanFacts): WantedResources {
  const production = { hostingRegion: hosting.productionRegion, databases: databases.production, caches: caches.production };
  const wanted = wantedResources(settings, { appOrigin, production });
  if (hosting.project?.pinned !== true) return wanted;
  // After a rollback it is the next deploy that lets the project take its domains again.
  const { autoAssignDomains: _left, ...managed } = wanted['vercel-project'].managed;
  return { ...wanted, 'vercel-project': { ...wanted['vercel-project'], managed } };
}

/** Returns the marker that stands on the project when it is this environment's, otherwise null. */
export function markerOf({ hosting, settings }: Pick<PlanFacts, 'hosting' | 'settings'>): OwnershipMarker | null {
  const marker = hosting.project?.marker ?? null;
  if (marker === null || typeof marker === 'string') return null;
  return marker.name === settings.name && marker.environment === settings.environment ? marker : null;
}

function vendorItems(
  facts: PlanFacts,
  marker: OwnershipMarker | null,
  prices: Readonly<Record<OwnedKind, KnownPrice>>,
): readonly PlanItem[] {
  const wanted = wantedOf(facts);
  const { name, environment } = facts.settings;
  const project = facts.hosting.project;
  const [database] = facts.databases.found;
  const [cache] = facts.caches.found;
  const found = {
    'vercel-project': project && { ...project, id: project.resource.id },
    'supabase-project': database && { ...database, id: database.resource.ref },
    'upstash-database': cache && { ...cache, id: cache.resource.id },
  };
  const kinds: readonly OwnedKind[] = ['vercel-project', 'supabase-project', 'upstash-database'];
  const items = kinds.map((kind) =>
    resourceItem({
      kind,
      name,
      environment,
      found: found[kind],
      marker,
      proven: facts.proven.includes(kind),
      adopt: facts.adopt,
      wanted: wanted[kind],
      price: prices[kind],
    }),
  );
  const foreign = foreignMarker(facts);
  return items.map((item) => {
    if (item.resource === 'vercel-project' && foreign !== undefined) return { ...item, action: 'blocked', changes: [], reason: foreign };
    return item.resource === 'supabase-project' ? { ...item, needsPerson: lackingPassword(facts) } : item;
  });
}

/** Returns what only a person can do when a database is there and its password is not, otherwise null. */
export function lackingPassword({ databases, missingSecrets, passwordName, environmentFile }: PlanFacts): string | null {
  if (databases.found.length === 0 || !missingSecrets.includes(passwordName)) return null;
  return `Add the line ${passwordName}=… to ${environmentFile}`;
}

/** A marker that is not this environment's blocks, whatever was asked: only a person can tell what happened there. */
function foreignMarker({ hosting, settings }: PlanFacts): string | undefined {
  const marker = hosting.project?.marker ?? null;
  if (marker === null) return undefined;
  if (marker === 'newer') return 'its variable JV_STAGING_MARKER was written by a later version of jv-staging: update this one';
  if (marker === 'damaged') return 'its variable JV_STAGING_MARKER cannot be read: remove it, then take the project over with `--adopt`';
  if (marker.name === settings.name && marker.environment === settings.environment) return undefined;
  return `belongs to the environment ${marker.environment} of ${marker.name}`;
}

/** Returns what each vendor costs: what the team's own configuration says of it, else the published price. */
export function pricesOf({ settings, databases, caches }: PlanFacts): Readonly<Record<OwnedKind, KnownPrice>> {
  const size = settings.supabase.size ?? textOf(databases.found[0]?.fields, 'size');
  const plan = settings.upstash.plan ?? textOf(caches.found[0]?.fields, 'plan');
  const { vercel, supabase, upstash } = settings.costs ?? {};
  return {
    'vercel-project': vercel ?? vercelPrice(),
    'supabase-project': supabase ?? supabasePrice(size),
    'upstash-database': upstash ?? upstashPrice(plan),
  };
}

function textOf(fields: Fields | undefined, name: string): string | undefined {
  const value = fields?.[name];
  return typeof value === 'string' ? value : undefined;
}

function secretsItem({ missingSecrets, environmentFile }: PlanFacts): PlanItem {
  const missing = missingSecrets.length > 0;
  return {
    // Without its folder: a plan that one machine saved must fit on another.
    ...itemBase('environment-file', environmentFile.split('/').at(-1) ?? environmentFile),
    action: missing ? 'create' : 'unchanged',
    changes: missingSecrets.map((field) => ({ field, actual: null, wanted: '(generated)', outside: false })),
    reason: missing ? `${missingSecrets.length} secrets are generated before anything is made with them` : 'holds every generated secret',
  };
}

function schemaItem({ schema, migrations, settings }: PlanFacts): PlanItem {
  const base = itemBase('schema', settings.name);
  if (schema === undefined) {
    return {
      ...base,
      action: 'create',
      changes: [count(null, migrations.length)],
      reason: `${migrations.length} migrations for a new database`,
    };
  }
  const pending = migrations.filter((version) => !schema.applied.includes(version)).length;
  if (pending === 0) return { ...base, action: 'unchanged', changes: [], reason: `${migrations.length} migrations are applied` };
  // Once a release is out, migrations belong to a release.
  if (schema.releases > 0) return { ...base, action: 'unchanged', changes: [], reason: `${pending} pending migrations are left to deploy` };
  const applied = migrations.length - pending;
  return { ...base, action: 'update', changes: [count(applied, migrations.length)], reason: `${pending} migrations are pending` };
}

function count(actual: number | null, wanted: number) {
  return { field: 'migrations', actual, wanted, outside: false };
}

function domainItem({ hosting, settings }: PlanFacts, marker: OwnershipMarker | null): PlanItem {
  const base = itemBase('domain', settings.domain);
  const domain = hosting.project?.domain;
  const record = domain?.record ?? hosting.dns;
  const needsPerson = record === undefined ? null : `Add the DNS record ${record.type} ${record.name} ${record.value}`;
  if (domain === undefined) {
    const gone = marker?.resources['vercel-project']?.applied['domain'] === settings.domain;
    const changes = [{ field: 'project', actual: null, wanted: settings.name, outside: gone }];
    return {
      ...base,
      action: gone ? 'drift' : 'create',
      changes,
      reason: gone ? 'was removed outside' : 'is not on the project yet',
      needsPerson,
    };
  }
  const reason = domain.verified
    ? record === undefined
      ? 'is verified'
      : 'is verified, but its DNS does not lead to Vercel'
    : 'is not verified yet';
  return { ...base, action: 'unchanged', changes: [], reason, needsPerson };
}

function itemBase(resource: PlanItem['resource'], id: string) {
  return { resource, id, vendorId: null, needsPerson: null, costUsdPerMonth: 0 };
}

/** Queues are no resource of a vendor's: what the plan can say is that nothing has to be made for them. */
function queuesNote({ queues, prefix }: StagingSettings['upstash']): string {
  return `Queues (BullMQ, under ${JSON.stringify(prefix)}): ${queues.join(', ')}. Each is made by its first job; nothing has to be made before.`;
}

/**
 * Returns what is to be said of a database that is not of production's version, or undefined: Supabase's API takes none for a new
 * project (OpenAPI file of 2026-06-01, `V1CreateProjectBody`), so a project may be made with another.
 */
function versionNote({ databases, settings }: PlanFacts): string | undefined {
  const { postgresVersion: theirs } = databases.production;
  const ours = databases.found[0]?.fields['postgresVersion'];
  if (settings.supabase.postgresVersion !== undefined || typeof theirs !== 'string' || typeof ours !== 'string' || ours === theirs)
    return undefined;
  return `The Supabase project has Postgres ${ours}, production's has ${theirs}. Supabase's API takes no version for a new project: upgrade the older one at the Supabase dashboard, or make a project of that version there and take it over with \`--adopt\`.`;
}

function notesOf(facts: PlanFacts): readonly string[] {
  const { hosting, settings } = facts;
  const version = versionNote(facts);
  const left = undeclaredVariables(Object.keys(settings.env), hosting.project?.variables ?? []);
  const listed = left.length > 5 ? `${left.slice(0, 5).join(', ')} …` : left.join(', ');
  return [
    ...(left.length === 0 ? [] : [`Left alone: ${left.length} variables that the configuration does not declare (${listed}).`]),
    ...(hosting.project?.pinned === true ? ['The domain is pinned by a rollback until the next deploy.'] : []),
    ...(version === undefined ? [] : [version]),
    ...(settings.upstash.queues.length === 0 ? [] : [queuesNote(settings.upstash)]),
    ...(settings.target === 'local' ? ['The local cloud costs nothing: the cost is that of the same settings at the vendors.'] : []),
  ];
}
