import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { previewDatabaseName } from '../../core/preview/names.ts';
import type { Step } from '../../core/run/step.ts';
import { waitUntil } from '../../core/run/wait.ts';
import type { Resources } from '../resources.ts';
import type { PreviewDeps } from './deps.ts';
import type { PreviewFacts } from './up.ts';

/** How long a database branch may take until it answers. */
const readyDeadlineMs = { cloud: 15 * 60_000, local: 90_000 } as const;

/** Returns the steps that give the preview a database of its own and wait until it answers. */
export function databaseSteps(deps: PreviewDeps, resources: Resources, facts: PreviewFacts): readonly Step[] {
  return [
    {
      id: 'database',
      title: 'Give it a database branch of its own',
      mutates: true,
      run: async (io) => {
        const { ref, name } = resources.database.get();
        guardProduction({ what: 'Supabase project', identities: [ref, name] }, deps.settings.production);
        facts.database.set(await deps.previewDatabases.create(ref, previewDatabaseName(facts.slug.get()), io.signal));
        return `${facts.database.get().name}, ${facts.database.get().ref}`;
      },
      verify: async () => {
        const { ref } = facts.database.get();
        if (ref !== resources.database.get().ref) return;
        throw new StagingError('refused', 'PREVIEW_DATABASE_SHARED', `The branch’s database is staging’s own (${ref}), expected another.`, {
          fix: 'Remove the branch in the Supabase dashboard, then run the same command again.',
        });
      },
    },
    {
      id: 'ready',
      title: 'Wait until it answers',
      run: async (io) => {
        const deadlineMs = readyDeadlineMs[deps.settings.target];
        await waitUntil(() => missingParts(deps, resources, facts, io.signal), {
          clock: deps.clock,
          signal: io.signal,
          deadlineMs,
          intervalMs: 500,
          onWaiting: (missing) => io.note(`waiting for ${missing}`),
          late: (missing) =>
            new StagingError('vendor', 'PREVIEW_NOT_READY', `After ${deadlineMs / 1000} s the preview’s database still lacks ${missing}.`, {
              fix: 'Run the same command again: it goes on waiting.',
            }),
        });
        return 'database, gateway and pooler answer';
      },
    },
  ];
}

/** Fills the preview's own resources once the platform knows them; Redis is staging's, below another prefix. */
async function missingParts(
  deps: PreviewDeps,
  resources: Resources,
  facts: PreviewFacts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const own = facts.database.get();
  const project = await deps.databases.get(own.ref, signal);
  if (project.state === 'failed') {
    throw new StagingError('vendor', 'PREVIEW_DATABASE_FAILED', `Supabase gave up making the branch ${own.name} (${own.ref}).`, {
      fix: `Look at its migrations, run \`jv-staging preview down\`, then the same command again.`,
    });
  }
  const unhealthy = await deps.databases.unhealthy(own.ref, signal);
  if (unhealthy.length > 0) return `Supabase (${unhealthy.join(', ')})`;
  const world = facts.world.get();
  const access = await deps.databases.access(own.ref, await deps.previewDatabases.password(own, signal), signal);
  world.resources.project.set(resources.project.get());
  world.resources.database.set(project);
  world.resources.databaseAccess.set(access);
  world.resources.cache.set(resources.cache.get());
  world.resources.cacheAccess.set(resources.cacheAccess.get());
  return (await postgresMissing(world.schema.openDatabase().ping(signal))) ?? world.gatewayMissing(signal);
}

async function postgresMissing(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked;
    return undefined;
  } catch (error) {
    if (error instanceof StagingError) return `Postgres (${error.code})`;
    throw error;
  }
}
