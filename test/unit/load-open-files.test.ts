import { expect, test } from 'vitest';
import { errorClass } from '../../src/adapters/embedded-load/sender.ts';
import { openFiles } from '../../src/adapters/system/open-files.ts';
import { judgeLoad } from '../../src/core/load/judge.ts';
import { refuseTooFewFiles } from '../../src/core/load/open-files.ts';
import { originalThresholds } from '../../src/core/load/profile.ts';
import { requestStatistics } from '../../src/core/statistics.ts';
import { loadMeasurement } from '../support/measured.ts';

test('more virtual users than files is refused with both numbers; an unknown limit is not', () => {
  expect(() => refuseTooFewFiles(128, 200)).toThrow(
    expect.objectContaining({ code: 'LOAD_TOO_FEW_FILES', exitCode: 3, fix: 'Run `ulimit -n 264` first, or pass `--vus 64`.' }),
  );
  expect(() => refuseTooFewFiles(264, 200)).not.toThrow();
  expect(() => refuseTooFewFiles(undefined, 1000)).not.toThrow();
});

test('requests that failed for want of files say something of the generator, not of the target', () => {
  const all = requestStatistics([
    { latencyMs: 5, error: null },
    { latencyMs: null, error: errorClass({ code: 'EMFILE' }) },
  ]);

  const findings = judgeLoad(loadMeasurement({ all }), [], originalThresholds);

  expect(findings.find(({ id }) => id === 'generator')).toMatchObject({
    verdict: 'inconclusive',
    message: expect.stringContaining('its own files ran out'),
  });
  expect(findings.find(({ id }) => id === 'requests')?.seen).toContain('1 of 2');
});

test.runIf(process.platform === 'linux')('the limit of this process is read', async () => {
  await expect(openFiles()).resolves.toBeGreaterThan(64);
});
