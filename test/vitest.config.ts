import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './support/skipped-reporter.ts';

const reportFile = process.env['JV_TEST_REPORT'];
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * One project a kind of test. Real components (Postgres, Redis, Chrome, a built app) get minutes, pure code gets seconds. What
 * measures (Lighthouse, load) is in `e2e` and comes last and alone: on a busy machine its verdict would be inconclusive.
 */
const projects = [
  { name: 'unit', timeoutMs: 10_000, built: false, alone: false },
  { name: 'stages', timeoutMs: 10_000, built: false, alone: false },
  { name: 'contract', timeoutMs: 90_000, built: false, alone: false },
  { name: 'cli', timeoutMs: 60_000, built: true, alone: false },
  { name: 'faults', timeoutMs: 240_000, built: true, alone: false },
  { name: 'e2e', timeoutMs: 240_000, built: true, alone: true },
] as const;

export default defineConfig({
  root,
  test: {
    // Two files at a time: real Postgres, Redis and Chrome share two cores.
    maxWorkers: 2,
    disableConsoleIntercept: true,
    passWithNoTests: false,
    // How often a test that fails is repeated: CI says 1, and names what passed only then (`.ci/summary.js`).
    retry: Number(process.env['JV_TEST_REPEATS'] ?? 0),
    teardownTimeout: 20_000,
    reporters: ['default', new SkippedReporter(), ...(reportFile === undefined ? [] : ['json'])],
    ...(reportFile === undefined ? {} : { outputFile: { json: reportFile } }),
    projects: [
      {
        extends: true,
        test: { name: 'architecture', include: ['test/architecture.test.ts'], testTimeout: 30_000 },
      },
      ...projects.map(({ name, timeoutMs, built, alone }) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: built ? [`${root}test/support/built.ts`] : [],
          testTimeout: timeoutMs,
          hookTimeout: Math.max(timeoutMs, 60_000),
          ...(alone ? { maxWorkers: 1, sequence: { groupOrder: 1 } } : {}),
        },
      })),
    ],
  },
});
