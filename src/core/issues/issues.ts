import type { TrackedIssue } from '../ports/tracker.ts';
import type { RunReport } from '../report.ts';
import { isStageError } from '../run/failed-stage.ts';
import type { StageResult } from '../verdict.ts';
import { blockOf, type CheckEvidence, checkMark, markedRun, withBlock } from './text.ts';

/** What becomes, or became, of the issue of one check. */
export interface CheckIssue {
  /** `smoke/home`: stage and check; the stage alone when the whole of it failed. */
  readonly check: string;
  readonly title: string;
  /** Label of severity that it is opened with. */
  readonly severity: string;
  readonly action: 'opened' | 'updated' | 'reopened' | 'closed' | 'unchanged';
  /** True under `--dry-run`: this would be done. */
  readonly planned: boolean;
  /** Null as long as it is only planned. */
  readonly number: number | null;
  readonly url: string | null;
  /** What closed it; null while it is red. */
  readonly resolution: string | null;
}

/** One call to the tracker that brings the issue of a check up to date; `issue` is undefined for a new one. */
export interface IssueChange {
  readonly record: CheckIssue;
  readonly issue: TrackedIssue | undefined;
  readonly body: string;
  readonly isOpen: boolean;
}

/** What issues are planned from. */
export interface IssueFacts {
  readonly report: RunReport;
  /** Every issue that holds a mark of the environment, oldest first. */
  readonly existing: readonly TrackedIssue[];
  /** Labels of severity, the worst first. */
  readonly labels: readonly string[];
  readonly evidence: CheckEvidence;
}

/** A check as a report shows it; `null` is neither red nor green, and changes nothing. */
interface SeenCheck {
  readonly check: string;
  readonly title: string;
  readonly isRed: boolean | null;
  readonly seen: string;
  readonly expected: string;
  readonly message?: string | undefined;
  readonly fix?: string | undefined;
}

/** The ledger's criteria rest on other checks, which have issues of their own; one of AC-10 would keep AC-10 red by itself. */
const withoutIssues: ReadonlySet<string> = new Set(['gate']);

/** Measured too slow, the app still works: that is the least severe of the labels. */
const lessSevere: ReadonlySet<string> = new Set(['perf', 'load']);

/**
 * Returns what brings the issues up to date with a report: each red check has one open issue, and that of a check that is green again is
 * closed. What was not measured changes nothing, and neither does a report that is older than what an issue says.
 */
export function planIssues(facts: IssueFacts): readonly IssueChange[] {
  return facts.report.stages
    .filter(({ stage }) => !withoutIssues.has(stage))
    .flatMap((stage) => checksOf(stage).flatMap((seen) => changeOf(stage.stage, seen, facts)));
}

/** The checks of a stage, and the stage itself: red when an error ended it, or when nothing of it is red by name. */
function checksOf(result: StageResult): readonly SeenCheck[] {
  const { stage, verdict, summary, findings } = result;
  const errors = findings.filter((finding) => isStageError(stage, finding));
  const single = findings.filter((finding) => !isStageError(stage, finding));
  const isRed = errors.length > 0 || (verdict === 'red' && !findings.some((one) => one.verdict === 'red'));
  const [error] = errors;
  const whole: SeenCheck = {
    check: stage,
    title: stage,
    isRed: isRed ? true : verdict === 'green' ? false : null,
    seen: error?.seen ?? summary,
    expected: error?.expected ?? 'green',
    message: error?.title,
    fix: error?.fix,
  };
  return [
    whole,
    ...single.map((finding) => ({
      ...finding,
      check: `${stage}/${finding.id}`,
      title: `${stage}: ${finding.title}`,
      isRed: redness(finding.verdict),
    })),
  ];
}

function redness(verdict: StageResult['verdict']): boolean | null {
  return verdict === 'red' ? true : verdict === 'green' ? false : null;
}

function changeOf(stage: string, seen: SeenCheck, facts: IssueFacts): readonly IssueChange[] {
  const { report, existing, labels } = facts;
  const mark = checkMark(report.environment, seen.check);
  const issue = existing.find(({ body }) => body.includes(mark));
  if (seen.isRed === null || (issue === undefined && !seen.isRed)) return [];
  const title = issue?.title ?? `${seen.title} is red on ${report.environment}`;
  const severity = (lessSevere.has(stage) ? labels.at(-1) : labels[0]) ?? '';
  const resolution = seen.isRed ? null : `green in run ${report.runId}: ${seen.seen}`;
  const isNewer = issue === undefined || (markedRun(issue.body, mark) ?? '') <= report.runId;
  const body = withBlock(issue?.body, mark, blockOf(mark, { report, seen, resolution, evidence: facts.evidence }));
  const action = isNewer ? actionOf(issue, seen.isRed, body) : 'unchanged';
  const record = { check: seen.check, title, severity, action, planned: action !== 'unchanged', resolution: isNewer ? resolution : null };
  return [{ record: { ...record, number: issue?.number ?? null, url: issue?.url ?? null }, issue, body, isOpen: seen.isRed }];
}

function actionOf(issue: TrackedIssue | undefined, isRed: boolean, body: string): CheckIssue['action'] {
  if (issue === undefined) return 'opened';
  if (isRed) return issue.isOpen ? (issue.body === body ? 'unchanged' : 'updated') : 'reopened';
  return issue.isOpen ? 'closed' : 'unchanged';
}
