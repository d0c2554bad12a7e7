import { expect, test } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { failingFindings, gateError, verdictStep } from '../../src/core/run/stage.ts';
import type { Finding, StageResult, Verdict } from '../../src/core/verdict.ts';

function finding(id: string, verdict: Verdict, fix?: string): Finding {
  return { id, title: `Check ${id}`, verdict, seen: '500', expected: '200', fix };
}

function result(verdict: Verdict, findings: readonly Finding[]): StageResult {
  return {
    stage: 'smoke',
    verdict,
    summary: `${findings.length} findings`,
    findings,
    startedAt: '2026-11-22T00:00:00.000Z',
    durationMs: 5,
    details: {},
  };
}

const io = { signal: new AbortController().signal, note: () => undefined };

test('a red result becomes SMOKE_RED with what was seen and expected, exit 5, and carries the result', () => {
  const red = result('red', [finding('a', 'green'), finding('b', 'red'), finding('c', 'red', 'Run `jv-staging deploy`.')]);

  const error = gateError(red);

  expect(error).toMatchObject({
    code: 'SMOKE_RED',
    kind: 'red',
    exitCode: 5,
    message: 'Smoke is red: Check b: seen 500, expected 200; Check c: seen 500, expected 200.',
    fix: 'Run `jv-staging deploy`.',
  });
  expect(error.data).toBe(red);
});

test('an inconclusive result becomes SMOKE_INCONCLUSIVE, exit 9, and names the inconclusive findings first', () => {
  const error = gateError(result('inconclusive', [finding('a', 'red'), finding('b', 'inconclusive')]));

  expect(error).toMatchObject({ code: 'SMOKE_INCONCLUSIVE', exitCode: 9 });
  expect(error.message).toBe('Smoke is inconclusive: Check b: seen 500, expected 200; Check a: seen 500, expected 200.');
});

test('a message names five failing findings at most and says how many more there are', () => {
  const error = gateError(
    result(
      'red',
      Array.from({ length: 8 }, (_, index) => finding(String(index), 'red')),
    ),
  );

  expect(error.message.match(/Check /g)).toHaveLength(5);
  expect(error.message).toMatch(/; and 3 more\.$/);
});

test('a result that checked nothing is red, never green', async () => {
  const step = verdictStep('Judge', () => result('skipped', [finding('a', 'skipped')]));

  const thrown: unknown = await step.run?.(io).catch((error: unknown) => error);

  expect(thrown).toBeInstanceOf(StagingError);
  expect(thrown).toMatchObject({ code: 'SMOKE_RED', exitCode: 5, message: 'Smoke is red: 1 findings.' });
});

test('the verdict step of a green result returns its summary', async () => {
  const detail = await verdictStep('Judge', () => result('green', [finding('a', 'green')])).run?.(io);

  expect(detail).toBe('1 findings');
});

test('skipped and green findings are not failing', () => {
  expect(failingFindings(result('red', [finding('a', 'skipped'), finding('b', 'green'), finding('c', 'red')])).map(({ id }) => id)).toEqual(
    ['c'],
  );
});
