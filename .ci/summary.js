// The last line of a CI run, from vitest's report: `node .ci/summary.js REPORT EXIT-CODE-OF-THE-TESTS OTHER-FAILURES`.
// Anything that went wrong beside single tests counts as failed, too: nothing may look green that is not. A test that passed
// only when it was repeated is named as flaky; more of them than `flakyLimit` are a failure.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const flakyLimit = 3;

const [file, testsExit, otherFailures] = process.argv.slice(2);
const { passed, failed, skipped, files, flaky } = counts();
const whole = files + Number(otherFailures) + (flaky.length > flakyLimit ? 1 : 0);

if (flaky.length > 0) console.log(`Flaky, passed only when repeated, ${flaky.length} (more than ${flakyLimit} are a failure):`);
for (const line of flaky) console.log(`  ${line}`);
const total = failed + whole + (testsExit !== '0' && failed + whole === 0 ? 1 : 0) + (passed === 0 && failed + whole === 0 ? 1 : 0);

if (whole > 0) console.log(`${whole} of the failures are whole test files, checks or the set-up: see above.`);
if (testsExit === '124' || testsExit === '137') console.log('The time for this run is over.');
if (passed === 0) console.log('No test passed.');
console.log(`${passed} passed, ${total} failed, ${skipped} skipped`);
process.exitCode = total === 0 ? 0 : 1;

function counts() {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
      // A file that could not be loaded has no tests that could fail.
      files: report.testResults.filter(
        (result) => result.status === 'failed' && result.assertionResults.every((test) => test.status !== 'failed'),
      ).length,
      flaky: report.testResults.flatMap((result) =>
        result.assertionResults
          .filter((test) => test.status === 'passed' && test.failureMessages.length > 0)
          .map((test) => `${relative('.', result.name)} > ${test.fullName}: ${test.failureMessages[0].split('\n')[0]}`),
      ),
    };
  } catch {
    console.log('The tests left no report.');
    return { passed: 0, failed: 0, skipped: 0, files: 1, flaky: [] };
  }
}
