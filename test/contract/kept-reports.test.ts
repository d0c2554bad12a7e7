import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keptReports } from '../../src/adapters/files/kept-reports.ts';
import type { Finding, StageResult } from '../../src/core/verdict.ts';
import { sampleReport } from '../support/sample-report.ts';

it('a kept report is read as it was written, with everything that a finding says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jv-reports-'));
  const finding: Required<Finding> = {
    id: 'home',
    title: 'Home page',
    verdict: 'green',
    seen: '200 (flaky: the first time 500)',
    expected: '200',
    message: 'It answered the second time.',
    fix: 'Run `jv-staging smoke`.',
    durationMs: 12,
    about: 'configuration',
    flaky: true,
  };
  const stage: StageResult = {
    stage: 'smoke',
    verdict: 'green',
    summary: '',
    findings: [finding],
    startedAt: '',
    durationMs: 1,
    details: null,
  };
  const report = { ...sampleReport(), runId: 'run_1', stages: [stage] };
  await mkdir(join(folder, 'run_1'));
  await writeFile(join(folder, 'run_1', 'report.json'), JSON.stringify(report));

  const read = await keptReports(folder).read();

  expect(read).toEqual(report);
  await rm(folder, { recursive: true, force: true });
});
