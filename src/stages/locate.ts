import { StagingError } from '../core/errors.ts';
import type { Step } from '../core/run/step.ts';
import { refuseShared } from './isolation/isolation.ts';
import { findCache, findDatabase, findProject, readAccess, type ResourceDeps, type Resources } from './resources.ts';

/**
 * Returns the step that finds the environment's resources by name, for stages that need them to exist.
 * Throws `RESOURCE_MISSING` (exit 3), `ISOLATION_BROKEN` (exit 6) when they are not staging's alone, and whatever the platforms throw.
 */
export function locateStep(deps: ResourceDeps, resources: Resources): Step {
  return {
    id: 'locate',
    title: `Find the resources of ${deps.settings.name}`,
    run: async (io) => {
      if (resources.cacheAccess.peek() !== undefined) return 'known from the stage before';
      await findLocated(deps, resources, io.signal);
      return `${resources.project.get().id}, ${resources.database.get().ref}, ${resources.cache.get().id}`;
    },
  };
}

/** Finds the environment's resources by name, reads how to get at them, and refuses those that are not staging's alone; see `locateStep`. */
export async function findLocated(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<void> {
  await Promise.all([
    findProject(deps, resources, signal).then((found) => required(found, 'Vercel project', deps)),
    findDatabase(deps, resources, signal).then((found) => required(found, 'Supabase project', deps)),
    findCache(deps, resources, signal).then((found) => required(found, 'Upstash database', deps)),
  ]);
  await readAccess(deps, resources, signal);
  await refuseShared(deps, resources, signal);
}

function required(found: unknown, what: string, deps: ResourceDeps): void {
  if (found !== undefined) return;
  throw new StagingError('missing', 'RESOURCE_MISSING', `There is no ${what} named ${deps.settings.name}.`, {
    fix: 'Run `jv-staging provision`.',
  });
}
