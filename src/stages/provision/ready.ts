import { StagingError } from '../../core/errors.ts';
import type { Step } from '../../core/run/step.ts';
import { waitUntil } from '../../core/run/wait.ts';
import type { ProvisionDeps } from './provision.ts';
import { readAccess, type Resources } from '../resources.ts';

/** How long resources may take to answer after their platform has accepted them; on this machine nothing takes minutes. */
const readyDeadlineMs = { cloud: 10 * 60_000, local: 90_000 } as const;

/** Waits until the databases really answer: the platform's own word is asked first, but does not suffice. */
export function readyStep(deps: ProvisionDeps, resources: Resources): Step {
  return {
    id: 'ready',
    title: 'Wait until database, gateway, pooler and Redis answer',
    run: async (io) => {
      const deadlineMs = readyDeadlineMs[deps.settings.target];
      await waitUntil(() => missingParts(deps, resources, io.signal), {
        clock: deps.clock,
        signal: io.signal,
        deadlineMs,
        intervalMs: 500,
        onWaiting: (missing) => io.note(`waiting for ${missing}`),
        late: (missing) =>
          new StagingError('vendor', 'RESOURCE_NOT_READY', `After ${deadlineMs / 1000} s there is still no answer from ${missing}.`, {
            fix: 'Run `jv-staging provision` again: it goes on waiting.',
          }),
      });
      return 'all answer';
    },
  };
}

async function missingParts(deps: ProvisionDeps, resources: Resources, signal: AbortSignal): Promise<string | undefined> {
  const { ref } = resources.database.get();
  if ((await deps.databases.get(ref, signal)).state === 'failed') {
    throw new StagingError('vendor', 'SUPABASE_PROJECT_FAILED', `Supabase gave up making project ${ref}; expected it to become healthy.`, {
      fix: `Delete project ${ref} in Supabase’s dashboard, then run \`jv-staging provision\` again.`,
    });
  }
  const unhealthy = await deps.databases.unhealthy(ref, signal);
  if (unhealthy.length > 0) return `Supabase (${unhealthy.join(', ')})`;
  await readAccess(deps, resources, signal);
  const failing = await Promise.all([
    answers('Postgres', () => deps.openDatabase().ping(signal)),
    answers('Redis', () => deps.openCache().ping(deps.settings.upstash.prefix, signal)),
    deps.gatewayMissing(resources.databaseAccess.get(), signal),
  ]);
  return failing.find((missing) => missing !== undefined);
}

async function answers(what: string, ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    // Not answering yet is what we wait for; anything that is no expected failure is a bug and must surface.
    if (error instanceof StagingError) return `${what} (${error.code})`;
    throw error;
  }
}
