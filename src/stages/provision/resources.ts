import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { wantedOf } from '../../core/plan/build.ts';
import { newMarker, type OwnedKind } from '../../core/plan/marker.ts';
import type { FieldValue } from '../../core/plan/model.ts';
import { isoNow } from '../../core/ports/clock.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { waitForList } from '../plan/lagging.ts';
import type { ProvisionRun } from './provision.ts';
import { databasePasswordName, findCache, findDatabase, findProject } from '../resources.ts';

/** Returns the step that creates the Vercel project unless it is there: first, since only its name is unique on its platform. */
export function projectStep({ deps, resources, planned, created, marker }: ProvisionRun): Step {
  const { name, vercel } = deps.settings;
  return {
    id: 'vercel-project',
    title: `Vercel project ${name}`,
    mutates: true,
    probe: async () => resources.project.peek()?.id,
    run: async (io) => {
      guardProduction({ what: 'Vercel project', identities: [name] }, deps.settings.production);
      const region = textOf(wantedOf(planned.get().facts)['vercel-project'].created['region']);
      const claim = newMarker(deps.settings, isoNow(deps.clock));
      resources.project.set(await deps.projects.create({ name, region, nodeVersion: vercel.nodeVersion, marker: claim }, io.signal));
      marker.set(claim);
      created.add('vercel-project');
      return `created ${resources.project.get().id}`;
    },
    verify: (io) => readBack(deps, `Vercel project ${name}`, () => findProject(deps, resources, io.signal), io),
  };
}

/** Returns the step that creates the Supabase project unless it is there. */
export function databaseStep({ deps, resources, planned, created }: ProvisionRun): Step {
  const { name, supabase } = deps.settings;
  return {
    id: 'supabase-project',
    title: `Supabase project ${name}`,
    mutates: true,
    probe: async () => resources.database.peek()?.ref,
    run: async (io) => {
      guardProduction({ what: 'Supabase project', identities: [name] }, deps.settings.production);
      const password = await deps.secretFile.read(databasePasswordName);
      if (password === undefined) throw new Error(`${databasePasswordName} is not in the environment file although it was just written.`);
      const region = textOf(wantedOf(planned.get().facts)['supabase-project'].created['region']);
      resources.database.set(await deps.databases.create({ name, region, password, size: supabase.size }, io.signal));
      created.add('supabase-project');
      return `created ${resources.database.get().ref}`;
    },
    verify: (io) => readBack(deps, `Supabase project ${name}`, () => findDatabase(deps, resources, io.signal), io),
  };
}

/** Returns the step that creates the Upstash database unless it is there, with eviction off. */
export function cacheStep({ deps, resources, planned, created }: ProvisionRun): Step {
  const { name, upstash } = deps.settings;
  return {
    id: 'upstash-database',
    title: `Upstash database ${name}`,
    mutates: true,
    probe: async () => resources.cache.peek()?.id,
    run: async (io) => {
      guardProduction({ what: 'Upstash database', identities: [name] }, deps.settings.production);
      const region = textOf(wantedOf(planned.get().facts)['upstash-database'].created['region']);
      resources.cache.set(await deps.caches.create({ name, region, plan: upstash.plan, budgetUsd: upstash.budgetUsd }, io.signal));
      created.add('upstash-database');
      return `created ${resources.cache.get().id}`;
    },
    verify: (io) => readBack(deps, `Upstash database ${name}`, () => findCache(deps, resources, io.signal), io),
  };
}

/** Resources that a run created. */
export type CreatedResources = Set<OwnedKind>;

function textOf(value: FieldValue | undefined): string {
  if (typeof value !== 'string') throw new Error('A new resource has no region although there is a default for each.');
  return value;
}

/** Waits until what was made is found by its name, too: the next run finds it by nothing else. */
async function readBack(deps: ProvisionRun['deps'], what: string, find: () => Promise<unknown>, io: StepIo): Promise<void> {
  if ((await waitForList(deps, what, find, io)) !== undefined) return;
  throw new StagingError('vendor', 'RESOURCE_NOT_FOUND_AFTER_CREATE', `The ${what} was created, but is not found by its name afterwards.`, {
    fix: 'Wait until the vendor’s dashboard shows it, then run `jv-staging provision` again.',
  });
}
