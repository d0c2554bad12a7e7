import { StagingError } from '../../core/errors.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import type { SeedDeps, SeedReset } from './parts.ts';

/** Returns the steps that empty what a profile owns: none unless asked for. The environment's name must have been typed. */
export function resetSteps(
  { settings }: SeedDeps,
  reset: SeedReset | undefined,
  { what, empty }: { readonly what: () => string; readonly empty: (io: StepIo) => Promise<string> },
): readonly Step[] {
  if (reset === undefined) return [];
  return [
    {
      id: 'consent',
      title: 'Check that this is meant',
      run: async () => {
        if (reset.dryRun) return `would remove ${what()}`;
        if (reset.confirm === settings.name) return `--confirm ${settings.name}`;
        const seen = reset.confirm === undefined ? 'its name was not typed' : `${JSON.stringify(reset.confirm)} was typed`;
        throw new StagingError('refused', 'SEED_RESET_UNCONFIRMED', `This would remove ${what()} from ${settings.name}, and ${seen}.`, {
          fix: `Add \`--confirm ${settings.name}\`.`,
        });
      },
    },
    { id: 'reset', title: 'Empty what the seed owns', mutates: true, run: empty },
  ];
}
