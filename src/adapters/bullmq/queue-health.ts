import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueueHealth } from '../../core/ports/cache.ts';

/** More active jobs than this are not looked at one by one. */
const lockedAtMost = 1000;

/**
 * Returns how a queue stands. A stalled job is active and has no lock any more: BullMQ's workers hold one as the key `…:<id>:lock`
 * and renew it (docs.bullmq.io, "Stalled jobs"); the next worker takes such a job up again.
 */
export async function healthOf(queue: Queue, redis: Redis): Promise<QueueHealth> {
  const [counts, active, info] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'),
    redis.lrange(queue.toKey('active'), 0, lockedAtMost - 1),
    redis.info(),
  ]);
  const unlocked = await withoutLock(queue, redis, active);
  // One that ended between the two looks has no lock either, and is not active any more.
  const still = unlocked.length === 0 ? [] : await redis.lrange(queue.toKey('active'), 0, -1);
  const lost = await withoutLock(
    queue,
    redis,
    unlocked.filter((id) => still.includes(id)),
  );
  return {
    waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0) + (counts['delayed'] ?? 0),
    active: counts['active'] ?? 0,
    failed: counts['failed'] ?? 0,
    stalled: lost.length,
    evictionPolicy: /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? null,
  };
}

async function withoutLock(queue: Queue, redis: Redis, ids: readonly string[]): Promise<readonly string[]> {
  const locks = await Promise.all(ids.map((id) => redis.exists(queue.toKey(`${id}:lock`))));
  return ids.filter((_id, index) => locks[index] === 0);
}
