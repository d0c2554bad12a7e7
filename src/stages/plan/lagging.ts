import type { Clock } from '../../core/ports/clock.ts';
import type { StepIo } from '../../core/run/step.ts';
import type { StagingSettings } from '../../core/settings.ts';

/**
 * How often a list that lacks what was made is asked again, and how long is waited between: the vendors promise nothing about how soon a
 * list shows it, so these are our own bounds. On this machine nothing lags for long.
 */
const looks = { cloud: { again: 10, intervalMs: 1000 }, local: { again: 5, intervalMs: 200 } } as const;

/** What looking again needs. */
export interface LaggingDeps {
  readonly settings: Pick<StagingSettings, 'target'>;
  readonly clock: Clock;
}

/** Asks `find` until a list shows what was made; undefined when it does not within the bound: then it is not there. */
export async function waitForList<Found>(
  { settings, clock }: LaggingDeps,
  what: string,
  find: () => Promise<Found | undefined>,
  io: StepIo,
): Promise<Found | undefined> {
  const { again, intervalMs } = looks[settings.target];
  for (let number = 0; ; number += 1) {
    const found = await find();
    if (found !== undefined || number === again) return found;
    if (number === 0) io.note(`the list does not show the ${what} that was made: looking again`);
    await clock.sleep(intervalMs, io.signal);
  }
}
