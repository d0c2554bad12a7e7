import { StagingError } from '../errors.ts';
import type { GaugeSample } from '../ports/gauges.ts';
import type { Finding } from '../verdict.ts';
import type { LoadMeasurement, LoadRequest, LoadStage } from './load.ts';
import { rampMs, startVus } from './profile.ts';

/** Commands a month of Upstash's free plan (upstash.com/docs/redis/overall/billing, read 2026-11-27). */
const freeCommands = 500_000;

/** Pay as you go: $0.20 for so many commands (the same page, and `prices.ts`). */
const paidCommandsPerUsd = 500_000;

/** What a run may spend. */
export interface CommandAllowance {
  readonly commands: number;
  /** Where the number comes from, for people. */
  readonly what: string;
}

/** What a run is expected to spend. */
export interface CommandEstimate {
  readonly requests: number;
  readonly perRequest: number;
  readonly commands: number;
}

/** What one request costs, measured on a few. */
export interface CommandProbe {
  /** Redis commands that a request brings about, its queue's worker included. */
  readonly perRequest: number;
  /** Commands a second without any request: workers poll, gauges read. */
  readonly idlePerSecond: number;
  /** Mean time of each request of the journey, in its order. */
  readonly meanMs: readonly number[];
}

/** Returns how many commands a month a plan of Upstash has; undefined where commands are not what is paid for or limited. */
export function monthlyCommands(plan: string | undefined, budgetUsd: number | undefined): CommandAllowance | undefined {
  if (plan === 'free') return { commands: freeCommands, what: 'the free plan’s month' };
  if (plan !== 'payg' || budgetUsd === undefined) return undefined;
  return { commands: budgetUsd * paidCommandsPerUsd, what: `a month of upstash.budgetUsd ${budgetUsd}` };
}

/** Returns the smaller of what the configuration allows a run and what is left of the month; undefined when neither is known. */
export function allowanceOf(
  configured: number | undefined,
  month: CommandAllowance | undefined,
  usedThisMonth: number,
): CommandAllowance | undefined {
  const allowed = configured === undefined ? undefined : { commands: configured, what: 'load.commandBudget' };
  if (month === undefined) return allowed;
  const left = { commands: Math.max(0, month.commands - usedThisMonth), what: `${month.what}, ${usedThisMonth} used` };
  return allowed === undefined || left.commands < allowed.commands ? left : allowed;
}

/**
 * Returns what a ramp will spend: virtual users × time ÷ the time of an iteration, as if no answer became slower under load. That is the
 * most it can be, so that a run that fits is not stopped for its budget.
 */
export function estimateCommands(journey: readonly LoadRequest[], stages: readonly LoadStage[], probe: CommandProbe): CommandEstimate {
  const iterationMs = journey.reduce((sum, { thinkMs }, index) => sum + thinkMs + (probe.meanMs[index] ?? 0), 0);
  const requests = Math.ceil((userMs(stages) / Math.max(1, iterationMs)) * journey.length);
  const commands = Math.ceil(requests * probe.perRequest + (probe.idlePerSecond * rampMs(stages)) / 1000);
  return { requests, perRequest: probe.perRequest, commands };
}

/** Throws `LOAD_COMMANDS_OVER_BUDGET` (kind `refused`) when a load is expected to spend more than it may. */
export function refuseOverBudget({ requests, perRequest, commands }: CommandEstimate, allowance: CommandAllowance): void {
  if (commands <= allowance.commands) return;
  throw new StagingError(
    'refused',
    'LOAD_COMMANDS_OVER_BUDGET',
    `The load would spend about ${commands} Redis commands (${requests} requests of ${perRequest.toFixed(1)} each), and ${allowance.commands} are left (${allowance.what}). No load was sent.`,
    { fix: 'Pass fewer `--vus` or a shorter `--duration`, or raise load.commandBudget in the configuration or the plan of the database.' },
  );
}

/** Returns how many commands the server counted between the first and the last reading, or undefined when it tells no count. */
export function countedCommands(samples: readonly GaugeSample[]): number | undefined {
  const counts = samples.flatMap(({ redis }) => (redis === undefined || redis.commands === null ? [] : [redis.commands]));
  const [first, last] = [counts.at(0), counts.at(-1)];
  return first === undefined || last === undefined ? undefined : Math.max(0, last - first);
}

/** Returns why a run must be stopped: it has spent what it may. */
export function spentAll(samples: readonly GaugeSample[], allowance: CommandAllowance): string | undefined {
  const counted = countedCommands(samples);
  if (counted === undefined || counted <= allowance.commands) return undefined;
  return `${counted} Redis commands were spent, and ${allowance.commands} were left (${allowance.what}), so the run was stopped`;
}

/** Returns what a run spent against what it might; by its requests where the server tells no count. `measurement` is missing of a load at a service. */
export function judgeCommands(
  samples: readonly GaugeSample[],
  measurement: LoadMeasurement | undefined,
  { perRequest }: CommandEstimate,
  allowance: CommandAllowance,
): Finding {
  const counted = countedCommands(samples);
  const requests = measurement?.all.requests;
  if (counted === undefined && requests === undefined) return uncounted(allowance);
  const spent = counted ?? Math.ceil((requests ?? 0) * perRequest);
  const isOver = spent > allowance.commands;
  return {
    id: 'redis-commands',
    title: 'Redis commands of the run',
    verdict: isOver ? 'red' : 'green',
    seen: counted === undefined ? `about ${spent}, by ${requests} requests of ${perRequest.toFixed(1)}` : `${spent}`,
    expected: `<= ${allowance.commands} (${allowance.what})`,
    message: isOver ? 'The load spent more of the Redis database than it may.' : undefined,
    fix: isOver ? 'Send fewer requests, or let a request need fewer commands.' : undefined,
  };
}

function uncounted({ commands, what }: CommandAllowance): Finding {
  return {
    id: 'redis-commands',
    title: 'Redis commands of the run',
    verdict: 'inconclusive',
    seen: 'not counted',
    expected: `<= ${commands} (${what})`,
    message: 'Neither the server nor the load tells how many there were.',
    fix: 'Look at the statistics of the database at Upstash.',
  };
}

/** The area below the ramp: virtual users × milliseconds. */
function userMs(stages: readonly LoadStage[]): number {
  let from = startVus;
  let sum = 0;
  for (const { durationMs, vus } of stages) {
    sum += ((from + vus) / 2) * durationMs;
    from = vus;
  }
  return sum;
}
