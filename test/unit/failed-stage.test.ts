import { describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { failedStage } from '../../src/core/run/failed-stage.ts';

const ended = { stage: 'deploy', result: undefined, atMs: 0 };
const clock = { nowMs: () => 1 };

describe('a stage that an error ended', () => {
  it('is interrupted, not red, when somebody ended the run', () => {
    const error = new StagingError('interrupted', 'RUN_INTERRUPTED', 'The run was interrupted by SIGINT.');

    expect(failedStage(ended, error, clock)).toMatchObject({
      verdict: 'inconclusive',
      summary: 'interrupted',
      findings: [{ verdict: 'inconclusive', seen: 'The run was interrupted by SIGINT', expected: 'deploy ends without an error' }],
    });
  });

  it('is red with the error’s code otherwise', () => {
    const error = new StagingError('vendor', 'VERCEL_DOWN', 'It is down.');

    expect(failedStage(ended, error, clock)).toMatchObject({ verdict: 'red', summary: 'VERCEL_DOWN', findings: [{ seen: 'It is down' }] });
  });
});
