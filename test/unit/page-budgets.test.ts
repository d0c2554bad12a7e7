import { expect, test } from 'vitest';
import { nextRunCount } from '../../src/core/perf/page-budgets.ts';
import { originalBudgets } from '../../src/core/perf/perf.ts';
import { pageRun } from '../support/measured.ts';

const undecided = (count: number) => Array.from({ length: count }, (_, index) => pageRun({ score: index === 0 ? 80 : 90 }));

test.each([
  [2, 5],
  [3, 5],
  [4, 5],
  [5, 7],
  [6, 7],
  [7, 9],
  [8, 9],
  [9, 9],
])('%i runs with a budget between them are followed up to %i', (count, next) => {
  expect(nextRunCount(undecided(count), originalBudgets)).toBe(next);
});

test.each([
  ['one run', [pageRun({ score: 10 })]],
  ['runs that all keep every budget', [pageRun({ score: 86 }), pageRun({ score: 100 }), pageRun({ score: 90 })]],
  ['runs that all miss it', [pageRun({ score: 85 }), pageRun({ score: 20 }), pageRun({ score: 70 })]],
])('%s are enough', (_what, runs) => {
  expect(nextRunCount(runs, originalBudgets)).toBe(runs.length);
});

test.each([
  ['load time', { pageLoadMs: 3000 }],
  ['LCP', { largestContentfulPaintMs: 4000 }],
  ['CLS', { cumulativeLayoutShift: 0.25 }],
  ['TBT', { totalBlockingTimeMs: 600 }],
])('a run at the limit of its %s among runs below it asks for more', (_what, changes) => {
  expect(nextRunCount([pageRun(), pageRun(changes), pageRun()], originalBudgets)).toBe(5);
});
