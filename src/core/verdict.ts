/** The verdict of a check, a stage or a run. Only `green` is green: skipped, unknown and unreachable are not passed. */
export type Verdict = 'green' | 'red' | 'inconclusive' | 'skipped';

/** One measured thing beside its limit, as gates and reports show it. */
export interface Finding {
  /** Stable id, kebab-case, unique within its stage. */
  readonly id: string;
  /** What was looked at, for people. */
  readonly title: string;
  readonly verdict: Verdict;
  /** The value seen, with its unit; never a secret. */
  readonly seen: string;
  /** The value expected, with its unit. */
  readonly expected: string;
  /** One sentence: what happened, when not green. */
  readonly message?: string | undefined;
  /** How to mend it, when not green and known. */
  readonly fix?: string | undefined;
  readonly durationMs?: number | undefined;
  /** What must be edited to mend it, where that is a file of the user's own. */
  readonly about?: 'configuration' | undefined;
  /** True when it was red at first and green when it was tried once more, as its configuration allows. */
  readonly flaky?: boolean | undefined;
}

/** What a stage found out, as reports and the `--json` envelope carry it. `details` is the stage's own data. */
export interface StageResult<Details = unknown> {
  readonly stage: string;
  readonly verdict: Verdict;
  /** One line for people: "7 of 7 checks green". */
  readonly summary: string;
  readonly findings: readonly Finding[];
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly details: Details;
}

/**
 * Returns the verdict over several: inconclusive wins over red (the measurement cannot carry a verdict), red over green.
 * Nothing executed (an empty list, or only skipped) is `skipped`, never green.
 */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('inconclusive')) return 'inconclusive';
  if (verdicts.includes('red')) return 'red';
  return verdicts.includes('green') ? 'green' : 'skipped';
}
