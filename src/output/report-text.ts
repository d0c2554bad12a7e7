import type { RunReport } from '../core/report.ts';
import { cleanFor, stageLines } from './human.ts';
import { issueLines } from './issue-lines.ts';
import { formatDuration, formatMoment } from './measures.ts';
import { paintOf, type TextView, verdictMark } from './paint.ts';
import { renderFacts, renderLabelled } from './table.ts';

/** Commands that are typed in more than one word. */
const commandWords: Readonly<Record<string, string>> = { 'migrate-check': 'migrate check' };

/** Returns the whole report for people: run, machine, and every stage with its findings, ending in a line feed. */
export function renderReportText(run: RunReport, view: TextView): string {
  const report = cleanFor(view, run);
  const paint = paintOf(view.color);
  const mark = verdictMark(report.verdict);
  const facts: (readonly [string, string])[] = [
    ['run', report.runId],
    ['environment', `${report.environment} (${report.target})`],
    ['address', report.url],
    ['commit', report.gitSha ?? 'unknown'],
    ['release', report.releaseId ?? 'none'],
    ['started', `${formatMoment(report.startedAt)}, took ${formatDuration(report.durationMs)}`],
    ['machine', `${report.machine.cpus} × ${report.machine.cpuModel}, ${report.machine.platform}, Node ${report.machine.node}`],
    ['tool', `jv-staging ${report.toolVersion}`],
  ];
  const lines = [
    `${paint[mark.color](mark.sign)} ${paint.bold(report.environment)} ${paint[mark.color](report.verdict)}${report.command === 'up' ? '' : paint.gray(` · the report of \`${commandWords[report.command] ?? report.command}\` alone`)}`,
    ...renderFacts(facts, { columns: view.columns, indent: 2, paint }),
    ...report.stages.flatMap((stage) => ['', ...stageLines(stage, view)]),
    ...report.notRun.flatMap(({ stage, reason }) => [
      '',
      ...renderLabelled(paint.gray(`↓ ${stage} not run:`), reason, { columns: view.columns, indent: 0, paint }),
    ]),
    ...issueLines(report.issues ?? [], view),
  ];
  return `${lines.join('\n')}\n`;
}
