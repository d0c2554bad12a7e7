import { type Clock } from '../ports/clock.ts';
import { combineVerdicts, type Finding, type StageResult } from '../verdict.ts';

/** Returns the result of a stage from its findings: verdict over all, one line that counts the green ones, times from the clock. */
export function stageResult<Details>(
  stage: string,
  findings: readonly Finding[],
  startedAtMs: number,
  clock: Clock,
  details: Details,
  summary?: string,
): StageResult<Details> {
  const green = findings.filter((finding) => finding.verdict === 'green').length;
  return {
    stage,
    verdict: combineVerdicts(findings.map((finding) => finding.verdict)),
    summary: summary ?? `${green} of ${findings.length} green`,
    findings,
    startedAt: new Date(startedAtMs).toISOString(),
    durationMs: clock.nowMs() - startedAtMs,
    details,
  };
}
