import type { PerfBudgets } from './perf.ts';
import type { PageRun } from '../ports/measure.ts';

/** One budget of a page: which figure of a run it bounds. */
export interface PageBudget {
  /** Ending of the finding's id: `home-score`. */
  readonly id: string;
  /** What is measured, before "of /path". */
  readonly title: string;
  /** Returns whether a run keeps the budget. */
  keeps(run: PageRun, budgets: PerfBudgets): boolean;
  /** Returns the figure of a run as people read it. */
  seen(run: PageRun): string;
  /** Returns the limit as people read it. */
  expected(budgets: PerfBudgets): string;
}

const wholeMs = (ms: number) => `${Math.round(ms)} ms`;

/** The budgets of a page, in the order of its findings. */
export const pageBudgets: readonly PageBudget[] = [
  {
    id: 'score',
    title: 'Lighthouse performance score',
    keeps: (run, { score }) => run.score > score,
    seen: (run) => String(run.score),
    expected: ({ score }) => `> ${score}`,
  },
  {
    id: 'load',
    title: 'Load time',
    keeps: (run, { pageLoadMs }) => run.pageLoadMs < pageLoadMs,
    seen: (run) => wholeMs(run.pageLoadMs),
    expected: ({ pageLoadMs }) => `< ${pageLoadMs} ms`,
  },
  {
    id: 'lcp',
    title: 'Largest Contentful Paint',
    keeps: (run, { largestContentfulPaintMs }) => run.largestContentfulPaintMs < largestContentfulPaintMs,
    seen: (run) => wholeMs(run.largestContentfulPaintMs),
    expected: ({ largestContentfulPaintMs }) => `< ${largestContentfulPaintMs} ms`,
  },
  {
    id: 'cls',
    title: 'Cumulative Layout Shift',
    keeps: (run, { cumulativeLayoutShift }) => run.cumulativeLayoutShift < cumulativeLayoutShift,
    seen: (run) => run.cumulativeLayoutShift.toFixed(3),
    expected: ({ cumulativeLayoutShift }) => `< ${cumulativeLayoutShift}`,
  },
  {
    id: 'tbt',
    title: 'Total Blocking Time',
    keeps: (run, { totalBlockingTimeMs }) => run.totalBlockingTimeMs < totalBlockingTimeMs,
    seen: (run) => wholeMs(run.totalBlockingTimeMs),
    expected: ({ totalBlockingTimeMs }) => `< ${totalBlockingTimeMs} ms`,
  },
];

/** A page is audited at most this often (issue 6: "extended to 5 to 9"). */
export const mostRuns = 9;

/**
 * Returns how many runs of a page there must be before its verdict: as many as there are, or, while a budget lies inside their
 * spread (some keep it, some do not), the next odd number from 5 on, at most 9. One run has no spread and is not extended.
 */
export function nextRunCount(runs: readonly PageRun[], budgets: PerfBudgets): number {
  const isUndecided = budgetsInsideSpread(runs, budgets).length > 0;
  if (!isUndecided || runs.length >= mostRuns) return runs.length;
  return Math.max(5, runs.length + (runs.length % 2 === 0 ? 1 : 2));
}

/** Returns the budgets that some of the runs keep and others do not. */
export function budgetsInsideSpread(runs: readonly PageRun[], budgets: PerfBudgets): readonly PageBudget[] {
  return pageBudgets.filter((budget) => {
    const kept = runs.filter((run) => budget.keeps(run, budgets)).length;
    return kept > 0 && kept < runs.length;
  });
}
