import { type KnownPrice, maxShareOfProduction } from '../prices.ts';
import { StagingError } from '../errors.ts';
import type { Plan, PlanCost } from './model.ts';

/** A thing with its price. */
export interface Priced {
  readonly what: string;
  readonly price: KnownPrice;
}

/**
 * Returns what the environment costs. It is `over` once what is known alone is half of production's cost or more; with a part of unknown price, or
 * without production's cost, `within` cannot be said.
 */
export function planCost(things: readonly Priced[], productionUsdPerMonth: number | undefined): PlanCost {
  const parts = things.flatMap(({ what, price }) => (price.usdPerMonth === null ? [] : [{ what, ...price }]));
  const unknown = things.flatMap(({ what, price }) => (price.usdPerMonth === null ? [{ what, why: price.why }] : []));
  const knownUsdPerMonth = parts.reduce((sum, part) => sum + part.usdPerMonth, 0);
  const limit = productionUsdPerMonth === undefined ? undefined : productionUsdPerMonth * maxShareOfProduction;
  const verdict = limit === undefined ? 'unknown' : knownUsdPerMonth >= limit ? 'over' : unknown.length > 0 ? 'unknown' : 'within';
  return { knownUsdPerMonth, unknown, parts, productionUsdPerMonth: productionUsdPerMonth ?? null, verdict };
}

/** Returns the error for a plan whose environment costs too much (`PLAN_TOO_EXPENSIVE`, exit 5), or undefined. */
export function expensivePlan(plan: Plan): StagingError | undefined {
  const { cost } = plan;
  if (cost.verdict !== 'over') return undefined;
  const message = `Staging would cost at least $${cost.knownUsdPerMonth} a month, expected less than half of production’s $${cost.productionUsdPerMonth ?? 0}.`;
  return new StagingError('red', 'PLAN_TOO_EXPENSIVE', message, {
    fix: 'Choose a smaller `supabase.size` or `upstash.plan`, or correct `production.costUsdPerMonth`.',
    data: plan,
  });
}
