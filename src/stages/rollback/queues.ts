import { StagingError } from '../../core/errors.ts';
import type { Step } from '../../core/run/step.ts';
import { waitUntil } from '../../core/run/wait.ts';
import type { RollbackDeps } from './deps.ts';

/** How long jobs that are being worked on may take to end; whoever works longer is worked on by the old code's side as well. */
const drainDeadlineMs = 15_000;

/** What pausing and resuming needs. */
export type PauseDeps = Pick<RollbackDeps, 'openPauses' | 'settings' | 'clock'>;

/**
 * Returns the step that pauses the queues and waits until no job is being worked on: no job may meet half a release. Where Redis cannot be
 * reached no job runs either, and the rollback goes on: smoke tells.
 */
export function pauseStep(deps: PauseDeps): Step {
  const { queues } = deps.settings.upstash;
  return {
    id: 'pause-queues',
    title: 'Pause the queues',
    mutates: true,
    skip: () => (queues.length === 0 ? 'no queues configured' : undefined),
    run: async (io) => {
      const pauses = deps.openPauses();
      try {
        await pauses.pause(queues, io.signal);
        return await drained(deps, io.signal, io.note);
      } catch (error) {
        if (isUnreachable(error)) return 'Redis cannot be reached, so no job runs';
        throw error;
      }
    },
    undo: async (io) => void (await deps.openPauses().resume(io.signal)),
  };
}

async function drained(deps: PauseDeps, signal: AbortSignal, note: (text: string) => void): Promise<string> {
  const { queues } = deps.settings.upstash;
  const left = { active: 0 };
  const look = async () => {
    left.active = await deps.openPauses().active(queues, signal);
    return left.active === 0 || deps.clock.nowMs() >= endMs ? undefined : `${left.active} jobs are being worked on`;
  };
  const endMs = deps.clock.nowMs() + drainDeadlineMs;
  const late = (missing: string) => new StagingError('vendor', 'QUEUES_BUSY', missing);
  await waitUntil(look, { clock: deps.clock, signal, deadlineMs: drainDeadlineMs * 2, intervalMs: 250, onWaiting: note, late });
  const busy = left.active === 0 ? '' : `; ${left.active} jobs still run after ${drainDeadlineMs / 1000} s`;
  return `${queues.join(', ')} paused${busy}`;
}

/** Returns the step that resumes what was paused here, by this run or by one that was cut off. */
export function resumeStep(deps: PauseDeps, title = 'Resume the queues'): Step {
  return {
    id: 'resume-queues',
    title,
    mutates: true,
    skip: () => (deps.settings.upstash.queues.length === 0 ? 'no queues configured' : undefined),
    probe: async (io) => {
      try {
        return (await deps.openPauses().held(io.signal)).length === 0 ? 'none is paused by us' : undefined;
      } catch (error) {
        if (isUnreachable(error)) return 'Redis cannot be reached';
        throw error;
      }
    },
    run: async (io) => `${(await deps.openPauses().resume(io.signal)).join(', ')} resumed`,
  };
}

function isUnreachable(error: unknown): boolean {
  return error instanceof StagingError && error.code === 'REDIS_UNREACHABLE';
}
