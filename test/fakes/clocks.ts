import type { Clock } from '../../src/core/ports/clock.ts';

/** A clock whose waits pass at once: each moves its time on by what was asked, and is kept. */
export function steppingClock(startMs = Date.UTC(2026, 10, 22)): Clock & { readonly waits: number[] } {
  let nowMs = startMs;
  const waits: number[] = [];
  return {
    waits,
    nowMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      nowMs += ms;
      // Lets others have their turn, as a real wait does.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
