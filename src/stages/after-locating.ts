import { liveRelease, type ReleaseRecord } from '../core/release/release.ts';
import { slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import { locateStep } from './locate.ts';
import { type ResourceDeps, type Resources } from './resources.ts';
import type { SchemaDeps } from './provision/schema.ts';

/** What finding the live release needs. */
export interface LocatingDeps extends ResourceDeps, Pick<SchemaDeps, 'openDatabase'> {}

/**
 * Returns a stage that first finds the environment's resources and its live release, and then runs what `open` makes of them:
 * for gates on the environment's own address, which expect the commit that is recorded as live (undefined before the first).
 */
export function afterLocating<Details>(
  deps: LocatingDeps,
  resources: Resources,
  open: (live: ReleaseRecord | undefined) => StageRun<Details>,
): StageRun<Details> {
  const live = slot<ReleaseRecord | undefined>('live release');
  const inner = slot<StageRun<Details>>('stage after locating');
  return {
    steps: [
      locateStep(deps, resources),
      {
        id: 'release',
        title: 'Read the live release',
        run: async (io) => {
          live.set(liveRelease(await deps.openDatabase().releases(deps.settings.environment, io.signal)));
          return live.get()?.id ?? 'no release yet';
        },
      },
      {
        id: 'checks',
        title: 'Checks',
        steps: () => {
          inner.set(open(live.get()));
          return inner.get().steps;
        },
      },
    ],
    result: () => inner.peek()?.result(),
  };
}
