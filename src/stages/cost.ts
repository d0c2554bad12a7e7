import { commandPrice, idleRate, judgeCommands, type MeasuredCommands } from '../core/cost/commands.ts';
import { type CostDetails, judgeShare, priceFindings, sharesOf } from '../core/cost/judge.ts';
import { pricesOf } from '../core/plan/build.ts';
import { planCost } from '../core/plan/cost.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { CommandCounter, Gauge } from '../core/ports/gauges.ts';
import { slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import { verdictStep } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import type { StageResult } from '../core/verdict.ts';
import { type PlanDeps, planRun } from './plan/plan.ts';
import type { Resources } from './resources.ts';

/** What saying the cost needs beside planning. */
export interface CostDeps extends PlanDeps {
  readonly clock: Clock;
  /** Counts the commands of the environment's Redis; its address is secret. */
  readonly openCommands: (url: string) => CommandCounter;
  /** Reads the environment's queues. */
  readonly openQueues: (url: string) => Gauge;
}

/** Returns the stage that says what the environment costs, and holds it against production's cost; it changes nothing. */
export function costStage(deps: CostDeps, resources: Resources, { windowMs }: { readonly windowMs: number }): StageRun<CostDetails> {
  const startedAtMs = deps.clock.nowMs();
  const planning = planRun(deps, resources, { adopt: false });
  const measured = slot<MeasuredCommands>('measured commands');
  const result = (): StageResult<CostDetails> => {
    const { settings, caches } = planning.planned.get().facts;
    const plan = settings.upstash.plan ?? planOf(caches.found[0]?.fields['plan']);
    const details = costOf(planning.planned.get().facts, plan, measured.get());
    const share = judgeShare(details);
    const verdict = ({ green: 'within', red: 'over', inconclusive: 'unknown', skipped: 'unknown' } as const)[share.verdict];
    const findings = [...priceFindings(details), judgeCommands(plan, measured.get()), share];
    const made = stageResult('cost', findings, startedAtMs, deps.clock, { ...details, verdict }, share.seen);
    // What costs too much is certain, whatever else is unknown.
    return { ...made, verdict: findings.some((one) => one.verdict === 'red') ? 'red' : made.verdict };
  };
  return {
    steps: [
      ...planning.steps,
      {
        id: 'commands',
        title: `Count the commands of an idle Redis for ${Math.round(windowMs / 1000)} s`,
        run: async (io) => {
          measured.set(await measure(deps, resources, windowMs, io.signal));
          const got = measured.get();
          return got.rate === null ? `unknown: ${got.why}` : `at most ${got.rate.atMostPerMonth} a month`;
        },
      },
      verdictStep('Hold it against production’s cost', result),
    ],
    result: () => (measured.peek() === undefined ? undefined : result()),
  };
}

function planOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function costOf(facts: Parameters<typeof pricesOf>[0], plan: string | undefined, measured: MeasuredCommands): CostDetails {
  const prices = pricesOf(facts);
  const stated = facts.settings.costs?.upstash !== undefined;
  const redis = stated
    ? { price: prices['upstash-database'], upToUsdPerMonth: prices['upstash-database'].usdPerMonth }
    : commandPrice(plan, prices['upstash-database'], measured);
  const priced = [
    { what: 'Vercel project', price: prices['vercel-project'] },
    { what: 'Supabase project', price: prices['supabase-project'] },
    { what: 'Upstash database', price: redis.price },
  ];
  const cost = planCost(priced, facts.settings.production.costUsdPerMonth);
  const more = redis.upToUsdPerMonth === null ? null : redis.upToUsdPerMonth - (redis.price.usdPerMonth ?? 0);
  const upTo = cost.unknown.length > 0 || more === null ? null : cost.knownUsdPerMonth + more;
  return {
    ...cost,
    upToUsdPerMonth: upTo,
    shareOfProduction: sharesOf(cost.knownUsdPerMonth, upTo, cost.productionUsdPerMonth),
    idleCommands: measured.rate,
  };
}

/** Looks twice; a queue that is at work is not idle. */
async function measure(deps: CostDeps, resources: Resources, windowMs: number, signal: AbortSignal): Promise<MeasuredCommands> {
  const url = resources.cacheAccess.peek()?.url;
  if (url === undefined) return { rate: null, why: 'there is no Redis yet' };
  const [commands, queues] = [deps.openCommands(url), deps.openQueues(url)];
  try {
    const before = await commands.read(signal);
    await deps.clock.sleep(windowMs, signal);
    const after = await commands.read(signal);
    const busy = ((await queues.read(signal)).queues ?? []).filter(({ active }) => active > 0);
    if (before === undefined || after === undefined) return { rate: null, why: 'this Redis does not count commands (INFO commandstats)' };
    if (busy.length > 0) return { rate: null, why: `${busy.map(({ queue }) => queue).join(', ')} is at work, not idle` };
    const rate = idleRate(before, after, windowMs);
    return rate === undefined ? { rate: null, why: 'Redis began to count anew meanwhile' } : { rate };
  } catch (error) {
    signal.throwIfAborted();
    return { rate: null, why: `Redis could not be read: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    await Promise.allSettled([commands.close(), queues.close()]);
  }
}
