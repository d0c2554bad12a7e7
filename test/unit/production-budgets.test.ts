import { expect, test } from 'vitest';
import { originalBudgets } from '../../src/core/perf/perf.ts';
import { judgeLoadBudgets, judgePerfBudgets, type ProductionBudgets } from '../../src/core/perf/production-budgets.ts';

const thresholds = { p95Ms: 2000, errorRate: 0.15 };
const ramp = [{ durationMs: 1000, vus: 50 }];

test.each<readonly [string, ProductionBudgets | undefined]>([
  ['nothing of production is known', undefined],
  ['production promises nothing of the kind', { virtualUsers: 100 }],
])('there is no verdict when %s', (_why, production) => {
  expect(judgePerfBudgets(originalBudgets, production)).toBeUndefined();
});

test.each<readonly [ProductionBudgets, string, string]>([
  [{ score: 85 }, 'green', '1 of 1 as strict or stricter'],
  [{ score: 84, pageLoadMs: 3001 }, 'green', '2 of 2 as strict or stricter'],
  [{ score: 86 }, 'red', "score 85, production's 86"],
  [{ pageLoadMs: 2999 }, 'red', "pageLoadMs 3000 ms, production's 2999 ms"],
  [{ apiP95Ms: 500, score: 90 }, 'red', "score 85, production's 90; apiP95Ms 2000 ms, production's 500 ms"],
  [{ cumulativeLayoutShift: 0.1 }, 'red', "cumulativeLayoutShift 0.25, production's 0.1"],
  [{ totalBlockingTimeMs: 200 }, 'red', "totalBlockingTimeMs 600 ms, production's 200 ms"],
  [{ largestContentfulPaintMs: 2500 }, 'red', "largestContentfulPaintMs 4000 ms, production's 2500 ms"],
])("perf's budgets beside production's %o are %s", (production, verdict, seen) => {
  expect(judgePerfBudgets(originalBudgets, production)).toMatchObject({ id: 'budgets', verdict, seen });
});

test.each<readonly [ProductionBudgets, string, string]>([
  [{ virtualUsers: 100, loadP95Ms: 2000, errorRate: 0.15 }, 'green', '3 of 3 as strict or stricter'],
  [{ virtualUsers: 102 }, 'red', "virtualUsers (50 % of production's 102) 50, production's 51"],
  [{ errorRate: 0.01 }, 'red', "errorRate 15.00 %, production's 1.00 %"],
  [{ loadP95Ms: 800 }, 'red', "loadP95Ms 2000 ms, production's 800 ms"],
])("load's thresholds beside production's %o are %s: concurrency alone may be half", (production, verdict, seen) => {
  expect(judgeLoadBudgets(thresholds, ramp, production)).toMatchObject({ id: 'budgets', verdict, seen });
});
