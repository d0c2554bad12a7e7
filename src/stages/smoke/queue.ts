import { valueAt } from '../../core/json.ts';
import type { QueueHealth } from '../../core/ports/cache.ts';
import type { WebOutcome } from '../../core/ports/web.ts';
import { judgeQueue } from '../../core/smoke/probe-judge.ts';
import type { QueueCheck } from '../../core/smoke/smoke.ts';
import type { Finding } from '../../core/verdict.ts';
import { contextOf, graceMs, notConfigured, type Running, workerHeaders } from './running.ts';

/** Puts a probe job on the queue, lets the app drain it, and judges what became of the job; the job is removed in any case. */
export async function checkQueue(check: QueueCheck, run: Running): Promise<Finding> {
  const { queues, clock } = run.deps;
  if (queues === undefined)
    return notConfigured(check, 'The queue', 'the address of the Redis database is not known', 'Run `jv-staging provision`.');
  const startedMs = clock.nowMs();
  const jobId = await queues.addProbe(check.queue, run.signal);
  const worker = await drain(check, run).catch(async (error: unknown) => {
    // Even an interrupted run removes its job: asking for the outcome does.
    await queues.outcome(check.queue, jobId, 1, new AbortController().signal);
    throw error;
  });
  const isDrained = worker.kind === 'answer' && worker.status === 200;
  const job = await queues.outcome(check.queue, jobId, isDrained ? run.leftMs() : Math.min(graceMs, run.leftMs()), run.signal);
  const health = await healthOf(check, run);
  return judgeQueue(
    check,
    { worker, job, health, durationMs: clock.nowMs() - startedMs },
    contextOf(run.input.target, check.worker, check.timeoutMs),
    run.input.expected,
  );
}

/** What Redis does not say of its eviction, the platform may. */
async function healthOf(check: QueueCheck, run: Running): Promise<QueueHealth | undefined> {
  const health = await run.deps.queues?.health(check.queue, run.signal);
  if (health === undefined || health.evictionPolicy !== null) return health;
  const evicts = await run.deps.evicts?.(run.signal);
  return { ...health, evictionPolicy: evicts === undefined ? null : evicts ? 'eviction on' : 'noeviction' };
}

/** Calls the worker's endpoint until it says that nothing remains, as long as there is time. */
async function drain(check: QueueCheck, run: Running): Promise<WebOutcome> {
  const { target } = run.input;
  const headers = workerHeaders(run);
  for (;;) {
    const outcome = await run.deps.web.request(
      target,
      { method: 'POST', path: check.worker, headers, timeoutMs: run.leftMs() },
      run.signal,
    );
    if (outcome.kind === 'failure' || outcome.status !== 200 || !saysMoreRemains(outcome.body) || run.leftMs() <= graceMs) return outcome;
  }
}

function saysMoreRemains(body: string): boolean {
  try {
    const json: unknown = JSON.parse(body);
    const processed = valueAt(json, 'processed');
    const remaining = valueAt(json, 'remaining');
    // Without progress another call would only spin.
    return typeof remaining === 'number' && remaining > 0 && typeof processed === 'number' && processed > 0;
  } catch {
    return false;
  }
}
