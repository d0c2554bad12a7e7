import type { QueuePauses } from '../../core/ports/cache.ts';
import { bullmqConnection, type BullmqQueuesOptions } from './connection.ts';

/** Returns the port over BullMQ; the names of what was paused here stand in a set under the environment's prefix. */
export function bullmqPauses(options: BullmqQueuesOptions): QueuePauses {
  const { use, close } = bullmqConnection(options);
  const key = `${options.prefix}jv-paused`;
  return {
    pause: (names, signal) =>
      use(signal, async (open, redis) => {
        const paused: string[] = [];
        for (const name of names) {
          const queue = open(name);
          if (await queue.isPaused()) continue;
          // Before it is paused: whoever comes after a crash in between resumes a queue that runs, which changes nothing.
          await redis.sadd(key, name);
          await queue.pause();
          paused.push(name);
        }
        return paused;
      }),
    active: (names, signal) =>
      use(signal, async (open) => {
        const counts = await Promise.all(names.map((name) => open(name).getActiveCount()));
        return counts.reduce((sum, count) => sum + count, 0);
      }),
    held: (signal) => use(signal, async (_open, redis) => (await redis.smembers(key)).toSorted()),
    resume: (signal) =>
      use(signal, async (open, redis) => {
        const names = (await redis.smembers(key)).toSorted();
        for (const name of names) {
          await open(name).resume();
          await redis.srem(key, name);
        }
        return names;
      }),
    close,
  };
}
