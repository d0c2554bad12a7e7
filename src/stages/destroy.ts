import { StagingError } from '../core/errors.ts';
import { type GuardedTarget, guardProduction } from '../core/guard.ts';
import { type OwnedKind, type OwnershipMarker, ownershipOf } from '../core/plan/marker.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ManagedPlatforms } from '../core/ports/managed.ts';
import type { PreviewDatabases } from '../core/ports/previews.ts';
import { slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import type { Step } from '../core/run/step.ts';
import type { Finding } from '../core/verdict.ts';
import type { LeaseDeps } from './lease.ts';
import { readDatabaseAccess, type ResourceDeps, type Resources } from './resources.ts';

/** What destroying needs beside finding resources. */
export interface DestroyDeps extends ResourceDeps, LeaseDeps {
  readonly managed: ManagedPlatforms;
  readonly previewDatabases: Pick<PreviewDatabases, 'ownProjects'>;
  readonly clock: Clock;
}

/** How the environment is destroyed. */
export interface DestroyOptions {
  /** The environment's name as it was typed, if it was. */
  readonly confirm: string | undefined;
  /** With true nothing is removed, so nothing need be confirmed. */
  readonly dryRun: boolean;
}

/** A resource that goes. */
export interface DoomedResource {
  readonly kind: OwnedKind;
  readonly id: string;
  /** What goes with it, in words. */
  readonly holds: string;
}

/** What destroying reports beside its findings. */
export interface DestroyDetails {
  readonly resources: readonly DoomedResource[];
  /** Ids of those that are gone. */
  readonly removed: readonly string[];
  /** The environment file, which is kept. */
  readonly kept: string;
}

/** A resource as it was found, with whether the marker names it. */
interface Found extends DoomedResource {
  /** The preview whose database it is; undefined for the environment's own. */
  readonly preview?: string | undefined;
  readonly isOurs: boolean;
}

const names: Readonly<Record<OwnedKind, GuardedTarget['what']>> = {
  'vercel-project': 'Vercel project',
  'supabase-project': 'Supabase project',
  'upstash-database': 'Upstash database',
};

/**
 * Returns the stage that removes the environment: both databases first and the Vercel project last, since it bears the marker that says
 * whose they are, so that a run that was cut off can be repeated. Before anything is removed everything is looked at; production and
 * what bears no mark of this environment is refused (exit 6), and the environment's name must have been typed.
 */
export function destroyStage(deps: DestroyDeps, resources: Resources, options: DestroyOptions): StageRun<DestroyDetails> {
  const startedAtMs = deps.clock.nowMs();
  const found = slot<readonly Found[]>('resources');
  const meant = slot<true>('consent');
  const removed = new Set<string>();
  const of = (kind: OwnedKind) => found.get().filter((each) => each.kind === kind);
  const remove = (kind: OwnedKind): Step => removeStep(deps, kind, () => of(kind), removed);
  const steps: readonly Step[] = [
    {
      id: 'look',
      title: `Find everything of ${deps.settings.name}`,
      run: async (io) => {
        found.set(await findAll(deps, resources, io.signal));
        for (const { kind, id } of found.get()) guardProduction({ what: names[kind], identities: [id] }, deps.settings.production);
        refuseForeign(found.get());
        return found.get().length === 0 ? 'nothing is there' : `${found.get().length} resources, all of this environment`;
      },
    },
    {
      id: 'consent',
      title: 'Check that this is meant',
      run: async () => {
        const isFree = options.dryRun || found.get().length === 0;
        if (!isFree && options.confirm !== deps.settings.name) throw unconfirmed(deps, found.get(), options.confirm);
        meant.set(true);
        return isFree ? 'nothing is removed' : `--confirm ${deps.settings.name}`;
      },
    },
    leaseIfReachable(deps, resources),
    { id: 'databases', title: 'Databases', concurrent: true, steps: () => [remove('supabase-project'), remove('upstash-database')] },
    remove('vercel-project'),
  ];
  return {
    steps,
    result: () => {
      const doomed = found.peek();
      if (doomed === undefined || meant.peek() === undefined) return undefined;
      const details = {
        resources: doomed.map(({ kind, id, holds }) => ({ kind, id, holds })),
        removed: [...removed],
        kept: deps.secretFile.path,
      };
      const findings = doomed.length === 0 ? [nothing] : doomed.map((each) => findingOf(each, removed.has(each.id), options));
      return stageResult('destroy', findings, startedAtMs, deps.clock, details, summaryOf(doomed, removed, options));
    },
  };
}

async function findAll(deps: DestroyDeps, resources: Resources, signal: AbortSignal): Promise<readonly Found[]> {
  const { name, domain, production } = deps.settings;
  guardProduction({ what: 'domain', identities: [domain] }, production);
  for (const what of Object.values(names)) guardProduction({ what, identities: [name] }, production);
  const [{ project }, databases, caches, previews] = await Promise.all([
    deps.managed.hosting.read({ name, domain, production: [] }, signal),
    deps.managed.databases.list({ name, production: [] }, signal),
    deps.managed.caches.list({ name, production: [] }, signal),
    deps.previewDatabases.ownProjects(signal),
  ]);
  const marker = typeof project?.marker === 'string' ? null : (project?.marker ?? null);
  const [database] = databases.found;
  if (database !== undefined) resources.database.set(database.resource);
  if (project !== undefined) resources.project.set(project.resource);
  const isOurs = ownedBy(marker);
  return [
    ...databases.found.map(({ resource, createdAtMs }) => ({
      kind: 'supabase-project' as const,
      id: resource.ref,
      holds: 'the database with its rows, users and release records',
      isOurs: isOurs('supabase-project', resource.ref, createdAtMs),
    })),
    ...previews.map(({ ref, slug }) => ({
      kind: 'supabase-project' as const,
      id: ref,
      holds: `the database of the preview ${slug}`,
      preview: slug,
      isOurs: true,
    })),
    ...caches.found.map(({ resource, createdAtMs }) => ({
      kind: 'upstash-database' as const,
      id: resource.id,
      holds: 'every key and queue in it',
      isOurs: isOurs('upstash-database', resource.id, createdAtMs),
    })),
    ...(project === undefined
      ? []
      : [
          {
            kind: 'vercel-project' as const,
            id: project.resource.id,
            holds: `its deployments, ${project.variables.length} variables${project.domain === undefined ? '' : ` and the domain ${domain}`}`,
            isOurs: isOurs('vercel-project', project.resource.id, project.createdAtMs),
          },
        ]),
  ];
}

function ownedBy(marker: OwnershipMarker | null) {
  return (kind: OwnedKind, id: string, createdAtMs: number | null) => ownershipOf(marker, kind, { id, createdAtMs }) !== 'foreign';
}

/** Throws `RESOURCE_FOREIGN` (exit 6), naming everything that bears no mark of this environment. */
function refuseForeign(found: readonly Found[]): void {
  const foreign = found.filter((each) => !each.isOurs);
  if (foreign.length === 0) return;
  const list = foreign.map(({ kind, id }) => `${names[kind]} ${id}`).join(', ');
  throw new StagingError(
    'refused',
    'RESOURCE_FOREIGN',
    `Nothing was removed: ${list} bears no mark of this environment, so it may be somebody else’s.`,
    {
      fix: 'Take it over with `jv-staging provision --adopt` if it is yours, or remove it by hand.',
      data: { foreign: foreign.map(({ kind, id }) => ({ kind, id })) },
    },
  );
}

function unconfirmed({ settings }: DestroyDeps, found: readonly Found[], typed: string | undefined): StagingError {
  const list = found.map(({ kind, id, holds }) => `${names[kind]} ${id} with ${holds}`).join('; ');
  const seen = typed === undefined ? 'its name was not typed' : `${JSON.stringify(typed)} was typed`;
  return new StagingError('refused', 'DESTROY_UNCONFIRMED', `This would remove ${list}. It cannot be brought back, and ${seen}.`, {
    fix: `Run \`jv-staging destroy --confirm ${settings.name}\`.`,
    data: { resources: found.map(({ kind, id, holds }) => ({ kind, id, holds })) },
  });
}

/** A database that does not answer any more keeps no other run out, and must be removable. */
function leaseIfReachable(deps: DestroyDeps, resources: Resources): Step {
  return {
    id: 'lease',
    title: 'Take the lease of the environment',
    skip: () => (resources.database.peek()?.state === 'healthy' ? deps.lease.skipReason() : 'there is no database that answers'),
    run: async (io) => {
      try {
        await readDatabaseAccess(deps, resources, io.signal);
        return await deps.lease.take(io.signal);
      } catch (error) {
        if (error instanceof StagingError && (error.kind === 'vendor' || error.kind === 'missing')) return 'the database does not answer';
        throw error;
      }
    },
  };
}

function removeStep(deps: DestroyDeps, kind: OwnedKind, doomed: () => readonly Found[], removed: Set<string>): Step {
  const { settings, managed } = deps;
  const removeOne = { 'vercel-project': managed.hosting, 'supabase-project': managed.databases, 'upstash-database': managed.caches }[kind];
  return {
    id: kind,
    title: `${names[kind]} ${settings.name}`,
    mutates: true,
    probe: async () => (doomed().length === 0 ? 'not there' : undefined),
    run: async (io) => {
      for (const { id } of doomed()) {
        guardProduction({ what: names[kind], identities: [settings.name, id] }, settings.production);
        await removeOne.remove(id, io.signal);
        removed.add(id);
      }
      return `removed ${doomed()
        .map(({ id }) => id)
        .join(', ')}`;
    },
  };
}

function findingOf({ kind, id, holds, preview }: Found, isRemoved: boolean, { dryRun }: DestroyOptions): Finding {
  const seen = isRemoved ? `${id} is gone, with ${holds}` : dryRun ? `${id} would go, with ${holds}` : `${id} is still there`;
  return {
    id: preview === undefined ? kind : `preview-${preview}`,
    title: names[kind],
    verdict: isRemoved || dryRun ? 'green' : 'red',
    seen,
    expected: 'gone',
  };
}

const nothing: Finding = { id: 'resources', title: 'Resources', verdict: 'green', seen: 'none there', expected: 'none there' };

function summaryOf(found: readonly Found[], removed: ReadonlySet<string>, { dryRun }: DestroyOptions): string {
  if (found.length === 0) return 'nothing was there';
  return dryRun ? `${found.length} resources would be removed` : `${removed.size} of ${found.length} resources removed`;
}
