import { StagingError } from '../core/errors.ts';
import type { Step } from '../core/step.ts';
import { waitUntil } from '../core/wait.ts';
import type { ProvisionDeps } from './provision.ts';
import { readAccess, type Resources } from './resources.ts';

/** How long resources may take to answer after their platform has accepted them. */
const readyDeadlineMs = 10 * 60_000;

/** Waits until the databases really answer: the platform's own word is asked first, but does not suffice. */
export function readyStep(deps: ProvisionDeps, resources: Resources): Step {
  return {
    id: 'ready',
    title: 'Wait until database, gateway, pooler and Redis answer',
    run: async (io) => {
      await waitUntil(() => missingParts(deps, resources, io.signal), {
        clock: deps.clock,
        signal: io.signal,
        deadlineMs: readyDeadlineMs,
        intervalMs: 500,
        onWaiting: (missing) => io.note(`waiting for ${missing}`),
        late: (missing) =>
          new StagingError(
            'vendor',
            'RESOURCE_NOT_READY',
            `After ${readyDeadlineMs / 60_000} minutes there is still no answer from ${missing}.`,
            {
              fix: 'Run `jv-staging provision` again: it goes on waiting.',
            },
          ),
      });
      return 'all answer';
    },
  };
}

async function missingParts(deps: ProvisionDeps, resources: Resources, signal: AbortSignal): Promise<string | undefined> {
  const { ref } = resources.database.get();
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
