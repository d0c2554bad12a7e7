import { type CheckIssue, type IssueChange, planIssues } from '../core/issues/issues.ts';
import { type CheckEvidence, environmentMark } from '../core/issues/text.ts';
import type { IssueTracker } from '../core/ports/tracker.ts';
import type { RunReport } from '../core/report.ts';
import { slot } from '../core/run/slot.ts';
import type { Step } from '../core/run/step.ts';

/** What keeps issues up to date with a report. */
export interface IssueDeps {
  /** Labels of severity, the worst first. */
  readonly labels: readonly string[];
  readonly tracker: () => Promise<IssueTracker>;
  readonly evidence: () => Promise<CheckEvidence>;
  /** Keeps what became of the issues beside the report. */
  readonly keep: (issues: readonly CheckIssue[]) => Promise<void>;
}

/** Steps that bring issues up to date, and what became of each once they have run; under a dry run what would. */
export interface IssuesRun {
  readonly steps: readonly Step[];
  issues(): readonly CheckIssue[];
}

/** Returns what brings the issues of a report's checks up to date: one a red check, closed when it is green again. */
export function issuesRun(deps: IssueDeps, report: RunReport): IssuesRun {
  const planned = slot<readonly IssueChange[]>('issues');
  const done = new Map<string, CheckIssue>();
  const issues = () => (planned.peek() ?? []).map(({ record }) => done.get(record.check) ?? record);
  const open = () => planned.get().filter(({ record }) => record.action !== 'unchanged');
  return {
    issues,
    steps: [
      {
        id: 'find',
        title: 'Look for the issues of these checks',
        run: async (io) => {
          const tracker = await deps.tracker();
          const existing = await tracker.holding(environmentMark(report.environment), io.signal);
          planned.set(planIssues({ report, existing, labels: deps.labels, evidence: await deps.evidence() }));
          return `${planned.get().length} of this run, ${open().length} to bring up to date`;
        },
      },
      {
        id: 'change',
        title: 'Bring the issues up to date',
        skip: () => (open().length === 0 ? 'all are as they should be' : undefined),
        steps: () => open().map((change) => changeStep(deps, change, (record) => void done.set(record.check, record))),
      },
      { id: 'keep', title: 'Keep them with the report', mutates: true, run: () => deps.keep(issues()) },
    ],
  };
}

/** One call a change, so that a run that is killed leaves nothing half done: the next one finds the issue by its mark. */
function changeStep(deps: IssueDeps, { record, issue, body, isOpen }: IssueChange, done: (record: CheckIssue) => void): Step {
  return {
    id: record.check.replaceAll('/', '-'),
    title: `${verbs[record.action]} ${record.title}`,
    mutates: true,
    run: async (io) => {
      const tracker = await deps.tracker();
      const now =
        issue === undefined
          ? await tracker.open({ title: record.title, body, labels: [record.severity] }, io.signal)
          : await tracker.change(issue.number, { body, isOpen }, io.signal);
      done({ ...record, planned: false, number: now.number, url: now.url });
      return `#${now.number}`;
    },
  };
}

const verbs = {
  opened: 'Open',
  updated: 'Update',
  reopened: 'Open again',
  closed: 'Close',
  unchanged: 'Leave',
} as const satisfies Record<CheckIssue['action'], string>;
