import { StagingError } from '../../core/errors.ts';
import type { RestorePoints } from '../../core/ports/restore-points.ts';
import { noPlace } from '../../core/restore/place.ts';

/** The keepers of one environment's restore points; what may not keep any is undefined, and `reasons` say why. */
export interface Keepers {
  readonly platform: RestorePoints | undefined;
  readonly dump: RestorePoints | undefined;
  readonly reasons: readonly string[];
}

/**
 * Returns the keepers as one: a new point goes to the platform, and to a dump where the platform keeps none; afterwards
 * the oldest beyond the configured number go. Throws
 * `RESTORE_POINT_NO_PLACE` (exit 6) when neither can keep it.
 */
export function restorePointsOf({ platform, dump, reasons }: Keepers): RestorePoints {
  const known = [platform, dump].filter((keeper) => keeper !== undefined);
  return {
    take: async (reason, signal) => {
      const refused: string[] = [];
      for (const keeper of known) {
        try {
          const point = await keeper.take(reason, signal);
          await keeper.prune(signal);
          return point;
        } catch (error) {
          if (!(error instanceof StagingError) || error.code !== 'RESTORE_POINT_UNSUPPORTED') throw error;
          refused.push(error.message.replace(/\.$/, ''));
        }
      }
      throw noPlace([...refused, ...reasons]);
    },
    list: async (named, signal) => {
      const lists = await Promise.all(known.map((keeper) => keeper.list(named, signal)));
      return lists.flat().toSorted((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
    },
    restore: async (id, signal) => {
      const keeper = id.startsWith('dump_') ? dump : platform;
      if (keeper === undefined) {
        throw new StagingError(
          'missing',
          'RESTORE_POINT_NOT_FOUND',
          `The keeper of restore point ${id} cannot be used here: ${reasons.join('; ')}.`,
          {
            fix: 'Set `restorePoints` in the configuration to where the point lies.',
          },
        );
      }
      await keeper.restore(id, signal);
    },
    prune: async (signal) => (await Promise.all(known.map((keeper) => keeper.prune(signal)))).flat(),
    reseal: async (signal) => (await dump?.reseal(signal)) ?? { sealed: 0, unopened: [] },
  };
}
