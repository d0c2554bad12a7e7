import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A test of a report: what it ended with, and the errors of its tries. */
interface Result {
  readonly status: 'passed' | 'failed' | 'pending';
  readonly failureMessages: readonly string[];
}

function summary(tests: readonly Result[], { testsExit = '0', others = '0' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'jv-summary-'));
  folders.push(folder);
  const file = join(folder, 'report.json');
  const count = (status: Result['status']) => tests.filter((one) => one.status === status).length;
  const assertionResults = tests.map((one, index) => ({ ...one, fullName: `test ${index}` }));
  const report = {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: 0,
    testResults: [{ name: join(process.cwd(), 'test/a.test.ts'), status: count('failed') === 0 ? 'passed' : 'failed', assertionResults }],
  };
  writeFileSync(file, JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, ['.ci/summary.js', file, testsExit, others], { encoding: 'utf8' });
  return { lines: stdout.trimEnd().split('\n'), status };
}

const passed: Result = { status: 'passed', failureMessages: [] };
const flaky: Result = { status: 'passed', failureMessages: ['AssertionError: expected 1 to be 0\n    at file:1:1'] };
const failed: Result = { status: 'failed', failureMessages: ['AssertionError'] };

test('tests that passed at once are green, and the last line counts them', () => {
  const { lines, status } = summary([passed, passed]);

  expect(lines).toEqual(['2 passed, 0 failed, 0 skipped']);
  expect(status).toBe(0);
});

test('a test that passed only when repeated is named with its first error', () => {
  const { lines, status } = summary([passed, flaky]);

  expect(lines).toEqual([
    'Flaky, passed only when repeated, 1 (more than 3 are a failure):',
    '  test/a.test.ts > test 1: AssertionError: expected 1 to be 0',
    '2 passed, 0 failed, 0 skipped',
  ]);
  expect(status).toBe(0);
});

test.each([
  ['a failed test', [passed, failed], { testsExit: '1' }, '1 passed, 1 failed, 0 skipped'],
  ['too many flaky tests', [flaky, flaky, flaky, flaky], {}, '4 passed, 1 failed, 0 skipped'],
  ['checks that failed', [passed], { others: '1' }, '1 passed, 1 failed, 0 skipped'],
  ['tests that ended badly without a failed one', [passed], { testsExit: '124' }, '1 passed, 1 failed, 0 skipped'],
  ['no test that passed', [], {}, '0 passed, 1 failed, 0 skipped'],
])('%s: the run is red', (_what, tests, options, last) => {
  const { lines, status } = summary(tests, options);

  expect(lines.at(-1)).toBe(last);
  expect(status).toBe(1);
});
