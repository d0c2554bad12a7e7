import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { fieldChanges, toldFields, wantedFields } from '../../core/plan/fields.ts';
import { previewDatabaseFields } from '../../core/preview/settings.ts';
import type { PreviewDatabase } from '../../core/ports/previews.ts';
import type { PreviewDatabaseChoice } from '../../core/settings.ts';
import type { Step } from '../../core/run/step.ts';
import { waitUntil } from '../../core/run/wait.ts';
import type { Resources } from '../resources.ts';
import type { PreviewDeps } from './deps.ts';
import type { PreviewFacts } from './up.ts';

/** How long a new database may take until it answers. */
const readyDeadlineMs = { cloud: 15 * 60_000, local: 90_000 } as const;

/** What dry run says of it, too: which of the two it will be, the platform tells only when it is asked to make one. */
const titles: Readonly<Record<PreviewDatabaseChoice, string>> = {
  auto: 'Give it a database of its own: a branch, or a Supabase project where the plan has no branches (costs as one does)',
  branch: 'Give it a database branch of its own',
  project: 'Give it a Supabase project of its own (costs as one does)',
};

/** Returns the steps that give the preview a database of its own and wait until it answers. */
export function databaseSteps(deps: PreviewDeps, resources: Resources, facts: PreviewFacts): readonly Step[] {
  return [
    {
      id: 'database',
      title: titles[deps.settings.supabase.previews ?? 'auto'],
      mutates: true,
      run: async (io) => {
        const parent = resources.database.get();
        guardProduction({ what: 'Supabase project', identities: [parent.ref, parent.name] }, deps.settings.production);
        const own = await deps.previewDatabases.create(parent, facts.slug.get(), io.signal);
        guardProduction({ what: 'Supabase project', identities: [own.ref, own.name] }, deps.settings.production);
        facts.database.set(own);
        return `${own.kind === 'project' ? 'Supabase project' : 'branch'} ${own.name}, ${own.ref}`;
      },
      verify: async () => {
        const { ref } = facts.database.get();
        if (ref !== resources.database.get().ref) return;
        throw new StagingError(
          'refused',
          'PREVIEW_DATABASE_SHARED',
          `The preview’s database is staging’s own (${ref}), expected another.`,
          {
            fix: 'Remove the branch in the Supabase dashboard, then run the same command again.',
          },
        );
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
    settingsStep(deps, facts),
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
  if (project.state === 'failed' || project.state === 'paused')
    throw notComing(own, project.state, deps.settings.name, facts.source.get().branch);
  const unhealthy = await deps.databases.unhealthy(own.ref, signal);
  if (unhealthy.length > 0) return `Supabase (${unhealthy.join(', ')})`;
  const world = facts.world.get();
  const access = await deps.databases.access(own.ref, await deps.previewDatabases.password(own, signal), signal);
  world.resources.project.set(resources.project.get());
  world.resources.database.set(project);
  world.resources.databaseAccess.set(access);
  world.resources.cache.set(resources.cache.get());
  world.resources.cacheAccess.set(resources.cacheAccess.get());
  const code = await refusalOf(world.schema.openDatabase().ping(signal));
  if (code === undefined) return world.gatewayMissing(signal);
  // Its password is derived from the state key: after a rotation of that it is another one.
  if (code === 'DATABASE_PASSWORD_REFUSED' && own.kind === 'project')
    await deps.databases.setPassword(own.ref, await deps.previewDatabases.password(own, signal), signal);
  return `Postgres (${code})`;
}

async function refusalOf(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked;
    return undefined;
  } catch (error) {
    if (error instanceof StagingError) return error.code;
    throw error;
  }
}

function notComing({ kind, name, ref }: PreviewDatabase, state: 'failed' | 'paused', environment: string, branch: string): StagingError {
  const what = `${kind === 'project' ? 'project' : 'branch'} ${name} (${ref})`;
  const again = `remove it with \`jv-staging preview down --branch ${branch} --confirm ${environment}\`, then run the same command again`;
  return state === 'failed'
    ? new StagingError('vendor', 'PREVIEW_DATABASE_FAILED', `Supabase gave up making the ${what}.`, {
        fix: `Look at its log in the Supabase dashboard, ${again}.`,
      })
    : new StagingError('vendor', 'PREVIEW_DATABASE_PAUSED', `Supabase has paused the ${what}, expected it to be awake.`, {
        fix: `Resume it in the Supabase dashboard, or ${again}.`,
      });
}

/** A branch has its parent's settings; a project begins with the platform's own. */
function settingsStep(deps: PreviewDeps, facts: PreviewFacts): Step {
  const wanted = () => previewDatabaseFields(deps.settings, facts.world.get().origin);
  const changes = async (signal: AbortSignal) => {
    const actual = await deps.managed.databases.settings(facts.database.get().ref, Object.keys(wanted()), signal);
    return fieldChanges(toldFields(wanted(), actual), actual, {});
  };
  return {
    id: 'settings',
    title: 'Give it staging’s Supabase settings',
    mutates: true,
    skip: () => (facts.database.peek()?.kind === 'branch' ? 'a branch has its parent’s' : undefined),
    probe: async (io) => ((await changes(io.signal)).length === 0 ? 'as wished' : undefined),
    run: async (io) => {
      const pending = await changes(io.signal);
      await deps.managed.databases.change(facts.database.get().ref, wantedFields(pending), io.signal);
      return pending.map(({ field }) => field).join(', ');
    },
  };
}
