import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../core/ports/clock.ts';

/**
 * The machine's clock as it stood when the process began, and from there on by a timer that only goes forward: a clock that is set right
 * under way (NTP, a laptop's owner) neither ends a wait early nor makes it last a day longer.
 */
export const systemClock: Clock = {
  nowMs: () => Math.round(performance.timeOrigin + performance.now()),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
