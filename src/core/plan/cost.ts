import { type KnownPrice, maxShareOfProduction } from '../prices.ts';
import type { PlanCost } from './model.ts';

/** A thing with its price. */
export interface Priced {
  readonly what: string;
  readonly price: KnownPrice;
}

/**
 * Returns what the environment costs. It is `over` once what is known alone is over half of production's cost; with a part of unknown price, or
 * without production's cost, `within` cannot be said.
 */
export function planCost(things: readonly Priced[], productionUsdPerMonth: number | undefined): PlanCost {
  const parts = things.flatMap(({ what, price }) => (price.usdPerMonth === null ? [] : [{ what, ...price }]));
  const unknown = things.flatMap(({ what, price }) => (price.usdPerMonth === null ? [{ what, why: price.why }] : []));
  const knownUsdPerMonth = parts.reduce((sum, part) => sum + part.usdPerMonth, 0);
  const limit = productionUsdPerMonth === undefined ? undefined : productionUsdPerMonth * maxShareOfProduction;
  const verdict = limit === undefined ? 'unknown' : knownUsdPerMonth > limit ? 'over' : unknown.length > 0 ? 'unknown' : 'within';
  return { knownUsdPerMonth, unknown, parts, productionUsdPerMonth: productionUsdPerMonth ?? null, verdict };
}
