import { StagingError } from '../../core/errors.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import type { Resources } from '../resources.ts';
import { count, guardCache, type SeedDeps, type SeedReset } from './parts.ts';

/** What a profile owns in the database. */
export interface OwnedByProfile {
  readonly what: () => string;
  readonly empty: (io: StepIo) => Promise<string>;
}

/**
 * Returns the steps that empty what a profile owns, and Redis under the environment's prefix, where jobs and cached values of what goes would
 * be left: none unless asked for. The environment's name must have been typed.
 */
export function resetSteps(deps: SeedDeps, resources: Resources, reset: SeedReset | undefined, owned?: OwnedByProfile): readonly Step[] {
  if (reset === undefined) return [];
  const { name, upstash } = deps.settings;
  const what = async (signal: AbortSignal) => {
    const keys = `${keysText(await deps.openCache().countKeys(upstash.prefix, signal))} under ${upstash.prefix} in Redis`;
    return owned === undefined ? keys : `${owned.what()} and ${keys}`;
  };
  return [
    {
      id: 'consent',
      title: 'Check that this is meant',
      run: async ({ signal }) => {
        guardCache(deps, resources);
        if (reset.dryRun) return `would remove ${await what(signal)}`;
        if (reset.confirm === name) return `--confirm ${name}`;
        const seen = reset.confirm === undefined ? 'its name was not typed' : `${JSON.stringify(reset.confirm)} was typed`;
        throw new StagingError('refused', 'SEED_RESET_UNCONFIRMED', `This would remove ${await what(signal)} from ${name}, and ${seen}.`, {
          fix: `Add \`--confirm ${name}\`.`,
        });
      },
    },
    {
      id: 'reset-redis',
      title: 'Empty Redis of the environment’s keys',
      mutates: true,
      run: async ({ signal }) => {
        guardCache(deps, resources);
        return `${keysText(await deps.openCache().removeKeys(upstash.prefix, signal))} removed`;
      },
    },
    ...(owned === undefined ? [] : [{ id: 'reset', title: 'Empty what the seed owns', mutates: true, run: owned.empty }]),
  ];
}

function keysText(keys: number): string {
  return keys === 1 ? '1 key' : `${count(keys)} keys`;
}
