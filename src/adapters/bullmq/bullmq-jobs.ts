import type { Job, Queue } from 'bullmq';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { JobStore, NamedJob } from '../../core/ports/cache.ts';
import { bullmqConnection, type BullmqQueuesOptions } from './connection.ts';

const json = z.json();

/** Returns the port over BullMQ. */
export function bullmqJobs(options: BullmqQueuesOptions): JobStore {
  const { use, close } = bullmqConnection(options);
  return {
    find: (name, ids, signal) => use(signal, (open) => find(open(name), ids)),
    put: (name, jobs, signal) => use(signal, (open) => put(open(name), jobs)),
    close,
  };
}

async function find(queue: Queue, ids: readonly string[]): Promise<readonly NamedJob[]> {
  // The types leave out that there may be none.
  const found: readonly (Job | undefined)[] = await Promise.all(ids.map((id) => queue.getJob(id)));
  return found.flatMap((job) =>
    job?.id === undefined ? [] : [{ id: job.id, name: job.name, data: json.parse(job.data), delayMs: job.opts.delay ?? 0 }],
  );
}

async function put(queue: Queue, jobs: readonly NamedJob[]): Promise<void> {
  for (const { id } of jobs) {
    if ((await queue.remove(id)) === 1) continue;
    throw new StagingError(
      'vendor',
      'QUEUE_JOB_ACTIVE',
      `The job ${id} of the queue ${queue.name} is being worked on, so it cannot be replaced.`,
      {
        fix: 'Run the same command again once it is done.',
      },
    );
  }
  // What a worker says of finished jobs holds for those that say nothing themselves: these stay, so that a second seed finds them.
  const opts = { removeOnComplete: false, removeOnFail: false };
  await queue.addBulk(jobs.map(({ id, name, data, delayMs }) => ({ name, data, opts: { ...opts, jobId: id, delay: delayMs } })));
}
