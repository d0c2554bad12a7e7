import {
  allowanceOf,
  type CommandAllowance,
  type CommandEstimate,
  type CommandProbe,
  estimateCommands,
  refuseOverBudget,
} from '../../core/load/commands.ts';
import { StagingError } from '../../core/errors.ts';
import type { LoadMeasurement } from '../../core/load/load.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Gauge } from '../../core/ports/gauges.ts';
import type { LoadEngine, LoadPlan } from '../../core/ports/measure.ts';
import type { Step } from '../../core/run/step.ts';

/** What the budget of Redis commands needs. */
export interface CommandDeps {
  /** What the configuration allows one run (`load.commandBudget`). */
  readonly budget?: number | undefined;
  /** What a request needs, where the server tells no count (`load.commandsPerRequest`). */
  readonly perRequest?: number | undefined;
  /** What the plan of the database has each month; undefined: commands are neither limited nor paid for. */
  readonly month?: CommandAllowance | undefined;
  /** Returns how many were used this month. */
  used(signal: AbortSignal): Promise<number>;
  /** Sends the few requests that are measured. */
  readonly probe: LoadEngine;
}

/** What a run may spend and will. */
export interface CommandBudget {
  readonly allowance: CommandAllowance;
  readonly estimate: CommandEstimate;
  /** What the few requests that were measured came to: they, too, left rows behind. */
  readonly probed: LoadMeasurement;
}

/** One virtual user for a second: enough requests for a mean, too few to be a load. */
const probeStages = [{ durationMs: 1000, vus: 1 }];

/** Before and after: what nobody asked for is counted apart, and a worker has time for its jobs. */
const quietMs = 1000;

/**
 * Returns the step that estimates what the load will spend of a database whose commands are limited or paid for, and refuses what is over
 * the budget: throws `LOAD_COMMANDS_OVER_BUDGET`, `LOAD_COMMANDS_UNKNOWN` (kind `refused`).
 */
export function commandsStep(
  deps: CommandDeps,
  { gauges, clock, plan }: { readonly gauges: () => readonly Gauge[]; readonly clock: Clock; readonly plan: () => LoadPlan },
  found: (budget: CommandBudget) => void,
): Step {
  return {
    id: 'commands',
    title: 'Estimate the Redis commands',
    mutates: true,
    skip: () =>
      deps.budget === undefined && deps.month === undefined ? 'the plan of the database neither limits nor charges them' : undefined,
    run: async ({ signal, note }) => {
      const used = deps.month === undefined ? 0 : await deps.used(signal);
      const allowance = allowanceOf(deps.budget, deps.month, used);
      if (allowance === undefined) return 'no budget';
      note('sending a few requests');
      const { journey, stages } = plan();
      const { probed, ...probe } = await probeCommands(deps, { gauges: gauges(), clock, plan: plan(), signal });
      const estimate = estimateCommands(journey, stages, probe);
      refuseOverBudget(estimate, allowance);
      found({ allowance, estimate, probed });
      return `about ${estimate.commands} (${estimate.perRequest.toFixed(1)} a request), ${allowance.commands} left`;
    },
  };
}

async function probeCommands(
  { probe, perRequest }: CommandDeps,
  {
    gauges,
    clock,
    plan,
    signal,
  }: { readonly gauges: readonly Gauge[]; readonly clock: Clock; readonly plan: LoadPlan; readonly signal: AbortSignal },
): Promise<CommandProbe & { readonly probed: LoadMeasurement }> {
  const redis = gauges.find(({ name }) => name === 'redis');
  const count = async () => (await redis?.read(signal))?.redis?.commands ?? null;
  try {
    const first = await count();
    await clock.sleep(quietMs, signal);
    const second = await count();
    const startedMs = clock.nowMs();
    const journey = plan.journey.map((request) => ({ ...request, thinkMs: 0 }));
    const probed = await probe.run({ ...plan, journey, stages: probeStages }, () => undefined, signal);
    const { all, byRequest } = probed;
    await clock.sleep(quietMs, signal);
    const third = await count();
    const meanMs = journey.map(({ id }) => byRequest[id]?.meanMs ?? 0);
    if (perRequest !== undefined) return { perRequest, idlePerSecond: 0, meanMs, probed };
    if (first === null || second === null || third === null || all.requests === 0) throw unknown();
    const idlePerSecond = ((second - first) * 1000) / quietMs;
    const caused = third - second - (idlePerSecond * (clock.nowMs() - startedMs)) / 1000;
    return { perRequest: Math.max(0, caused) / all.requests, idlePerSecond, meanMs, probed };
  } finally {
    await Promise.allSettled(gauges.map((gauge) => gauge.close()));
  }
}

function unknown(): StagingError {
  const message = 'What a request needs of the Redis database cannot be measured: it tells no count of its commands. No load was sent.';
  return new StagingError('refused', 'LOAD_COMMANDS_UNKNOWN', message, {
    fix: 'Set load.commandsPerRequest in the configuration to what a request of the journey needs.',
  });
}
