import type { PlanCost } from '../plan/model.ts';
import { maxShareOfProduction } from '../prices.ts';
import type { Finding, Verdict } from '../verdict.ts';
import type { IdleRate } from './commands.ts';

/** What the environment costs, as `cost` says it. Money in US dollars a month of 30 days. */
export interface CostDetails extends PlanCost {
  /** Sum of what is known, with the larger figure where a price is a range; null when a part has no price. */
  readonly upToUsdPerMonth: number | null;
  /** From and up to as shares of production's cost, 0 to 1 and above; null when it is not given. */
  readonly shareOfProduction: { readonly from: number; readonly upTo: number | null } | null;
  /** Null when it could not be measured. */
  readonly idleCommands: IdleRate | null;
}

/** Returns one finding a vendor: its price with where and when it was read; without one it is inconclusive. */
export function priceFindings({ parts, unknown }: Pick<PlanCost, 'parts' | 'unknown'>): readonly Finding[] {
  const expected = 'a price with its source and day';
  return [
    ...parts.map(({ what, usdPerMonth, source, readOn }) => ({
      id: idOf(what),
      title: what,
      verdict: 'green' as const,
      seen: `$${usdPerMonth} a month (${source}, read ${readOn})`,
      expected,
    })),
    ...unknown.map(({ what, why }) => ({
      id: idOf(what),
      title: what,
      verdict: 'inconclusive' as const,
      seen: 'unknown',
      expected,
      message: `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
      fix: 'Say what it costs in `costs` of the configuration, with source and day, or set what is named here.',
    })),
  ];
}

/** Judges the share of production's cost: the smaller figure over the limit is red, the larger one below it green, else nobody can say. */
export function judgeShare({ shareOfProduction, knownUsdPerMonth, upToUsdPerMonth, productionUsdPerMonth }: CostDetails): Finding {
  const about = { id: 'share', title: 'Share of production’s cost', expected: `< ${percent(maxShareOfProduction)}` };
  if (shareOfProduction === null) {
    return {
      ...about,
      verdict: 'inconclusive',
      seen: `$${knownUsdPerMonth} a month known, production’s unknown`,
      message: 'What production costs is not known.',
      fix: 'Set `production.costUsdPerMonth` in the configuration.',
    };
  }
  const { from, upTo } = shareOfProduction;
  const verdict: Verdict = from >= maxShareOfProduction ? 'red' : upTo !== null && upTo < maxShareOfProduction ? 'green' : 'inconclusive';
  const sums =
    upToUsdPerMonth === null
      ? `at least $${knownUsdPerMonth}`
      : upToUsdPerMonth === knownUsdPerMonth
        ? `$${knownUsdPerMonth}`
        : `$${knownUsdPerMonth} to $${upToUsdPerMonth}`;
  const seen = `${upTo === null || upTo === from ? percent(from) : `${percent(from)} to ${percent(upTo)}`}${upTo === null ? ' or more' : ''}: ${sums} of $${productionUsdPerMonth ?? 0} a month`;
  if (verdict === 'green') return { ...about, verdict, seen };
  const message =
    verdict === 'red' ? 'Staging costs half of production or more.' : 'Whether it stays below the limit depends on what is unknown.';
  return {
    ...about,
    verdict,
    seen,
    message,
    fix: 'Choose a smaller `supabase.size` or `upstash.plan`, or say in `costs` what is unknown.',
  };
}

/** Returns shares of production's cost. */
export function sharesOf(from: number, upTo: number | null, production: number | null): CostDetails['shareOfProduction'] {
  return production === null ? null : { from: from / production, upTo: upTo === null ? null : upTo / production };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function idOf(what: string): string {
  return what.toLowerCase().replaceAll(' ', '-');
}
