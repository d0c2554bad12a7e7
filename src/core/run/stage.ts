import { StagingError } from '../errors.ts';
import type { Step, StepVerdict } from './step.ts';
import type { Finding, StageResult } from '../verdict.ts';

/** A stage about to run: its steps as data, and what it found out once they have run. */
export interface StageRun<Details> {
  readonly steps: readonly Step[];
  /** Returns the result, or undefined as long as the steps have not come far enough to have one. */
  result(): StageResult<Details> | undefined;
}

/** Findings that the message of a red gate names; the others stand in its data. */
const namedFindings = 5;

/**
 * Returns the error that a gate ends with when its result is not green: `<STAGE>_INCONCLUSIVE` (exit 9) or `<STAGE>_RED`
 * (exit 5; also when nothing was checked). The result is its data.
 */
export function gateError(result: StageResult): StagingError {
  const inconclusive = result.verdict === 'inconclusive';
  const code = result.stage.toUpperCase().replaceAll('-', '_');
  const failing = failingFindings(result);
  return new StagingError(
    inconclusive ? 'inconclusive' : 'red',
    `${code}_${inconclusive ? 'INCONCLUSIVE' : 'RED'}`,
    gateMessage(result, failing),
    {
      fix: failing.find((finding) => finding.fix !== undefined)?.fix,
      data: result,
    },
  );
}

/**
 * Returns the last step of a gate: throws `gateError` unless the result is green. `result` makes the result from what the
 * steps before noted down.
 */
export function verdictStep(title: string, result: () => StageResult): Step {
  return {
    id: 'verdict',
    title,
    run: async () => {
      const found = result();
      if (found.verdict !== 'green') throw gateError(found);
      return found.summary;
    },
  };
}

/** Returns what a check's own step shows of its finding. */
export function stepVerdict(finding: Finding): StepVerdict {
  const { verdict, seen, expected } = finding;
  return { verdict, detail: verdict === 'green' ? seen : (finding.message ?? `seen ${seen}, expected ${expected}`) };
}

/** Returns the findings that keep a result from being green: those of its own verdict first, each group in order. */
export function failingFindings(result: StageResult): readonly Finding[] {
  const failing = result.findings.filter((finding) => finding.verdict === 'red' || finding.verdict === 'inconclusive');
  return [
    ...failing.filter((finding) => finding.verdict === result.verdict),
    ...failing.filter((finding) => finding.verdict !== result.verdict),
  ];
}

function gateMessage(result: StageResult, failing: readonly Finding[]): string {
  const stage = result.stage.charAt(0).toUpperCase() + result.stage.slice(1);
  const verdict = result.verdict === 'inconclusive' ? 'inconclusive' : 'red';
  if (failing.length === 0) return `${stage} is ${verdict}: ${result.summary}.`;
  const named = failing.slice(0, namedFindings).map((finding) => `${finding.title}: seen ${finding.seen}, expected ${finding.expected}`);
  const more = failing.length > namedFindings ? [`and ${failing.length - namedFindings} more`] : [];
  return `${stage} is ${verdict}: ${[...named, ...more].join('; ')}.`;
}
