import type { Reporter, TestModule } from 'vitest/node';

/** Names the tests that were skipped, after the summary: a skipped test is not a passed one. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    if (skipped.length === 0) return;
    console.log(`Skipped, ${skipped.length}:`);
    for (const test of skipped) console.log(`  ${test.module.relativeModuleId} > ${test.fullName}`);
  }
}
