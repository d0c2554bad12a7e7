import { setTimeout as delay } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import type { ProbeJob, Queues } from '../../core/ports/cache.ts';
import { clip } from '../../core/problem.ts';
import { bullmqConnection, type BullmqQueuesOptions } from './connection.ts';
import { healthOf } from './queue-health.ts';

/** Finished probe jobs that could not be removed by us go when the worker finishes a later job. */
const keepFinishedSeconds = 3600;
/** First and longest pause between two looks at a job: Upstash counts commands. */
const firstPauseMs = 20;
const longestPauseMs = 500;

/** Returns the port over BullMQ. */
export function bullmqQueues(options: BullmqQueuesOptions): Queues {
  const { use, close } = bullmqConnection(options);
  return {
    addProbe: (name, signal) => use(signal, (open) => addProbe(open(name))),
    outcome: (name, jobId, timeoutMs, signal) => use(signal, (open) => outcomeOf(open(name), jobId, timeoutMs, signal)),
    health: (name, signal) => use(signal, (open, redis) => healthOf(open(name), redis)),
    close,
  };
}

async function addProbe(queue: Queue): Promise<string> {
  const job = await queue.add(
    'jv-probe',
    { probe: true },
    { attempts: 1, removeOnComplete: { age: keepFinishedSeconds }, removeOnFail: { age: keepFinishedSeconds } },
  );
  if (job.id === undefined) throw new Error('BullMQ added a job without an id.');
  return job.id;
}

async function outcomeOf(queue: Queue, jobId: string, timeoutMs: number, signal: AbortSignal): Promise<ProbeJob> {
  const startedMs = performance.now();
  const waitedMs = () => performance.now() - startedMs;
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.6, longestPauseMs)) {
      const job = await findJob(queue, jobId);
      const ended = job === undefined ? undefined : await endOf(job);
      if (ended !== undefined) return ended;
      const leftMs = timeoutMs - waitedMs();
      if (leftMs <= 0) return await unfinished(job, waitedMs());
      await delay(Math.min(pauseMs, leftMs), undefined, { signal });
    }
  } finally {
    // An active job is locked by its worker and cannot be removed: it goes by its age.
    await findJob(queue, jobId).then(
      (job) => job?.remove().catch(() => undefined),
      () => undefined,
    );
  }
}

async function findJob(queue: Queue, jobId: string): Promise<Job | undefined> {
  const job: Job | undefined = await queue.getJob(jobId);
  return job;
}

/** Returns how a job ended, or undefined while it has not: the states are read from the job's own times. */
async function endOf(job: Job): Promise<ProbeJob | undefined> {
  if (job.finishedOn === undefined) return undefined;
  if (await job.isFailed()) return { state: 'failed', reason: clip(job.failedReason ?? 'no reason given', 200) };
  const waited = job.processedOn === undefined ? {} : { waitedMs: job.processedOn - job.timestamp };
  return { state: 'completed', result: job.returnvalue, durationMs: job.finishedOn - job.timestamp, ...waited };
}

async function unfinished(job: Job | undefined, waitedMs: number): Promise<ProbeJob> {
  const state = await job?.getState();
  switch (state) {
    case 'waiting':
    case 'prioritized':
    case 'waiting-children':
      return { state: 'waiting', waitedMs };
    case 'active':
    case 'delayed':
      return { state, waitedMs };
    default:
      return { state: 'unknown', waitedMs };
  }
}
