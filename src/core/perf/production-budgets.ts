import { formatRate } from '../load/judge.ts';
import { highestVus } from '../load/profile.ts';
import type { LoadStage, LoadThresholds } from '../load/load.ts';
import type { PerfBudgets } from './perf.ts';
import type { Finding } from '../verdict.ts';

/** What production promises, written once: staging may be as strict or stricter, never looser. What is missing is not compared. */
export interface ProductionBudgets extends Partial<{ readonly [Name in keyof PerfBudgets]: PerfBudgets[Name] | undefined }> {
  /** 95th percentile of all requests under load, in milliseconds. */
  readonly loadP95Ms?: number | undefined;
  /** Share of failed requests under load, 0 to 1. */
  readonly errorRate?: number | undefined;
  /** Virtual users that production must carry; staging must be tried with half of them (original plan: 50 of 100). */
  readonly virtualUsers?: number | undefined;
}

/** Share of production's virtual users that staging must be tried with (the one budget that may be looser; original plan, FR-7). */
const concurrencyShare = 0.5;

/** One limit of staging beside production's. */
interface Pair {
  readonly name: string;
  readonly staging: number;
  readonly production: number | undefined;
  /** A larger number is the stricter one: a score, virtual users. */
  readonly largerIsStricter?: boolean;
  readonly shown?: (value: number) => string;
}

/** Returns the finding over perf's budgets, or undefined when the configuration does not say what production's are. */
export function judgePerfBudgets(staging: PerfBudgets, production: ProductionBudgets | undefined): Finding | undefined {
  const ms = (value: number) => `${value} ms`;
  return judgePairs([
    { name: 'score', staging: staging.score, production: production?.score, largerIsStricter: true },
    { name: 'pageLoadMs', staging: staging.pageLoadMs, production: production?.pageLoadMs, shown: ms },
    {
      name: 'largestContentfulPaintMs',
      staging: staging.largestContentfulPaintMs,
      production: production?.largestContentfulPaintMs,
      shown: ms,
    },
    { name: 'cumulativeLayoutShift', staging: staging.cumulativeLayoutShift, production: production?.cumulativeLayoutShift },
    { name: 'totalBlockingTimeMs', staging: staging.totalBlockingTimeMs, production: production?.totalBlockingTimeMs, shown: ms },
    { name: 'apiP95Ms', staging: staging.apiP95Ms, production: production?.apiP95Ms, shown: ms },
  ]);
}

/** Returns the finding over load's thresholds and its ramp, or undefined when the configuration does not say what production's are. */
export function judgeLoadBudgets(
  thresholds: LoadThresholds,
  stages: readonly LoadStage[],
  production: ProductionBudgets | undefined,
): Finding | undefined {
  const users = production?.virtualUsers;
  return judgePairs([
    { name: 'loadP95Ms', staging: thresholds.p95Ms, production: production?.loadP95Ms, shown: (value) => `${value} ms` },
    { name: 'errorRate', staging: thresholds.errorRate, production: production?.errorRate, shown: formatRate },
    {
      name: `virtualUsers (${concurrencyShare * 100} % of production's ${users})`,
      staging: highestVus(stages),
      production: users === undefined ? undefined : users * concurrencyShare,
      largerIsStricter: true,
    },
  ]);
}

function judgePairs(pairs: readonly Pair[]): Finding | undefined {
  const compared = pairs.flatMap((pair) => (pair.production === undefined ? [] : [{ ...pair, production: pair.production }]));
  if (compared.length === 0) return undefined;
  const looser = compared.filter(({ staging, production, largerIsStricter }) =>
    largerIsStricter === true ? staging < production : staging > production,
  );
  const shownPairs = looser.map(
    ({ name, staging, production, shown = String }) => `${name} ${shown(staging)}, production's ${shown(production)}`,
  );
  return {
    id: 'budgets',
    title: "Budgets beside production's",
    verdict: looser.length === 0 ? 'green' : 'red',
    seen: looser.length === 0 ? `${compared.length} of ${compared.length} as strict or stricter` : shownPairs.join('; '),
    expected: 'none looser than production',
    ...(looser.length === 0
      ? {}
      : {
          message: 'A gate that is looser than production lets through what production would refuse.',
          fix: 'Tighten the budget of staging, or correct `production.budgets`, in the configuration.',
          about: 'configuration' as const,
        }),
  };
}
