import { guardProduction } from '../core/guard.ts';
import { StagingError } from '../core/errors.ts';
import type { Step } from '../core/step.ts';
import type { ProvisionDeps } from './provision.ts';
import { databasePasswordName, findCache, findDatabase, findProject, type Resources } from './resources.ts';

/** Returns the step that finds or creates the Vercel project: first, since only its name is unique on its platform. */
export function projectStep(deps: ProvisionDeps, resources: Resources, created: Set<string>): Step {
  const { name, vercel } = deps.settings;
  return {
    id: 'vercel-project',
    title: `Vercel project ${name}`,
    mutates: true,
    probe: async (io) => (await findProject(deps, resources, io.signal))?.id,
    run: async (io) => {
      guardProduction({ what: 'Vercel project', identities: [name] }, deps.settings.production);
      resources.project.set(await deps.projects.create({ name, region: vercel.region, nodeVersion: vercel.nodeVersion }, io.signal));
      created.add('vercel-project');
      return `created ${resources.project.get().id}`;
    },
    verify: async (io) => readBack('Vercel project', name, await findProject(deps, resources, io.signal)),
  };
}

/** Returns the step that finds or creates the Supabase project. */
export function databaseStep(deps: ProvisionDeps, resources: Resources, created: Set<string>): Step {
  const { name, supabase } = deps.settings;
  return {
    id: 'supabase-project',
    title: `Supabase project ${name}`,
    mutates: true,
    probe: async (io) => (await findDatabase(deps, resources, io.signal))?.ref,
    run: async (io) => {
      guardProduction({ what: 'Supabase project', identities: [name] }, deps.settings.production);
      const password = await deps.secretFile.read(databasePasswordName);
      if (password === undefined) throw new Error(`${databasePasswordName} is not in the environment file although it was just written.`);
      resources.database.set(await deps.databases.create({ name, region: supabase.region, password }, io.signal));
      created.add('supabase-project');
      return `created ${resources.database.get().ref}`;
    },
    verify: async (io) => readBack('Supabase project', name, await findDatabase(deps, resources, io.signal)),
  };
}

/** Returns the step that finds or creates the Upstash database, with eviction off. */
export function cacheStep(deps: ProvisionDeps, resources: Resources, created: Set<string>): Step {
  const { name, upstash } = deps.settings;
  return {
    id: 'upstash-database',
    title: `Upstash database ${name}`,
    mutates: true,
    probe: async (io) => {
      const found = await findCache(deps, resources, io.signal);
      return found === undefined || found.eviction ? undefined : found.id;
    },
    run: async (io) => {
      const found = resources.cache.peek();
      guardProduction({ what: 'Upstash database', identities: [name, found?.id ?? name] }, deps.settings.production);
      if (found !== undefined) {
        // BullMQ loses jobs when keys may be evicted (docs.bullmq.io, "Important notes": maxmemory-policy noeviction).
        await deps.caches.setEviction(found.id, false, io.signal);
        return `${found.id}: eviction turned off`;
      }
      resources.cache.set(await deps.caches.create({ name, region: upstash.region }, io.signal));
      created.add('upstash-database');
      return `created ${resources.cache.get().id}`;
    },
    verify: async (io) => readBack('Upstash database', name, await findCache(deps, resources, io.signal)),
  };
}

function readBack(what: string, name: string, found: unknown): void {
  if (found !== undefined) return;
  throw new StagingError(
    'vendor',
    'RESOURCE_NOT_FOUND_AFTER_CREATE',
    `The ${what} ${name} was created, but is not found by its name afterwards.`,
    {
      fix: 'Run `jv-staging provision` again.',
    },
  );
}
