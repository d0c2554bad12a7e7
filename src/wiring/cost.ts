import { commandCounter, queueGauge } from '../adapters/gauges/redis-gauges.ts';
import { parseDuration } from '../config/duration.ts';
import type { CostDetails } from '../core/cost/judge.ts';
import { StagingError } from '../core/errors.ts';
import type { StageRun } from '../core/run/stage.ts';
import { costStage } from '../stages/cost.ts';
import type { Resources } from '../stages/resources.ts';
import type { CostChoice } from './choices.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** Idle workers of BullMQ ask every few seconds: a shorter look would see none, or too many. */
const shortestMs = 5000;

/** Returns the stage that says what the environment costs. Throws `DURATION_INVALID`, `COST_WINDOW_TOO_SHORT` (exit 2). */
export function costOf(context: Context, deps: Deps, resources: Resources, choice: CostChoice): StageRun<CostDetails> {
  const windowMs = parseDuration(choice.for, '--for');
  if (windowMs < shortestMs) {
    throw new StagingError(
      'usage',
      'COST_WINDOW_TOO_SHORT',
      `--for is ${choice.for}, expected at least 5s: idle workers ask every few seconds.`,
      {
        fix: 'Pass `--for 15s`.',
      },
    );
  }
  const { prefix, queues } = context.settings().upstash;
  const openQueues = (url: string) => queueGauge(url, prefix, queues);
  return costStage({ ...deps.plan(), clock: context.clock, openCommands: commandCounter, openQueues }, resources, { windowMs });
}
