import { StagingError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Finding, StageResult } from '../verdict.ts';

/** A stage that an error ended. */
export interface EndedStage {
  readonly stage: string;
  /** Its result as far as it came; undefined when it came to none. */
  readonly result: StageResult | undefined;
  /** When it began, in milliseconds since 1970. */
  readonly atMs: number;
}

/** Returns the result of a stage that an error ended: its own when it has one that is not green, else one made of the error. */
export function failedStage({ stage, result, atMs }: EndedStage, error: unknown, clock: Pick<Clock, 'nowMs'>): StageResult {
  if (result !== undefined && result.verdict !== 'green') return result;
  const message = error instanceof Error ? error.message : String(error);
  const expected = error instanceof StagingError;
  // Whoever ends a run has judged nothing.
  const isCutOff = expected && (error.kind === 'interrupted' || error.kind === 'terminated');
  const verdict = isCutOff || (expected && error.kind === 'inconclusive') ? 'inconclusive' : 'red';
  return {
    stage,
    verdict,
    summary: isCutOff ? 'interrupted' : expected ? error.code : 'a bug of ours',
    findings: [
      ...(result?.findings ?? []),
      {
        id: expected ? error.code.toLowerCase().replaceAll('_', '-') : 'bug',
        title: expected ? error.code : 'Unexpected error',
        verdict: isCutOff ? 'inconclusive' : 'red',
        seen: message.replace(/\.$/, ''),
        expected: endsWell(stage),
        message,
        fix: expected ? error.fix : undefined,
      },
    ],
    startedAt: new Date(atMs).toISOString(),
    durationMs: clock.nowMs() - atMs,
    details: result?.details ?? null,
  };
}

/** Returns true for the finding that an error became: it is about the whole stage, and goes when the stage is green. */
export function isStageError(stage: string, finding: Finding): boolean {
  return finding.expected === endsWell(stage);
}

function endsWell(stage: string): string {
  return `${stage} ends without an error`;
}
