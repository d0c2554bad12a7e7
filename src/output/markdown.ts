import { markdownWithCode as withCode, plainMarkdown as plain } from '../core/markdown.ts';
import type { CheckIssue } from '../core/issues/issues.ts';
import type { Redactor } from '../core/redaction.ts';
import { isAddressAlone, type RunReport } from '../core/report.ts';
import type { Finding, StageResult } from '../core/verdict.ts';
import { cleanFor } from './human.ts';
import { issueSentence } from './issue-lines.ts';
import { formatDuration, formatMoment } from './measures.ts';
import { verdictMark } from './paint.ts';

/**
 * Returns the report as Markdown (GitHub's), for a step summary or a comment: what is not green first, then each stage with its
 * findings. Texts of the report are shown as they are: they format nothing, mention nobody and link nowhere.
 */
export async function renderReportMarkdown(run: RunReport, redact: Redactor): Promise<string> {
  const { markdownTable } = await import('markdown-table');
  const report = cleanFor({ redact }, run);
  const table = (rows: readonly (readonly string[])[]) => markdownTable(rows.map((row) => [...row]));
  const problems = report.stages.flatMap((stage) => stage.findings.filter(isProblem).map((finding) => problemItem(stage.stage, finding)));
  const parts = [
    `## ${sign(report.verdict)} ${plain(report.environment)} is ${report.verdict}`,
    facts(report),
    table([
      ['Stage', 'Verdict', 'Took', 'What it says'],
      ...report.stages.map((stage) => [plain(stage.stage), verdict(stage.verdict), formatDuration(stage.durationMs), plain(stage.summary)]),
      ...report.notRun.map(({ stage, reason }) => [plain(stage), `${sign('skipped')} not run`, '', plain(reason)]),
    ]),
    ...(problems.length === 0 ? [] : [`### What is not green\n\n${problems.join('\n')}`]),
    ...report.stages.filter((stage) => stage.findings.length > 0).map((stage) => stageDetails(stage, table)),
    ...issuesPart(report.issues ?? [], table),
  ];
  return `${parts.join('\n\n')}\n`;
}

function issuesPart(issues: readonly CheckIssue[], table: (rows: readonly (readonly string[])[]) => string): readonly string[] {
  if (issues.length === 0) return [];
  const rows = issues.map((issue) => [plain(issue.title), plain(issueSentence(issue)), plain(issue.resolution ?? 'none: it is red')]);
  return [`### Issues\n\n${table([['Check', 'Issue', 'Resolution'], ...rows])}`];
}

function facts(report: RunReport): string {
  const shown = [
    `${formatDuration(report.durationMs)}, ${formatMoment(report.startedAt)}`,
    `address ${plain(report.url)}`,
    ...(isAddressAlone(report)
      ? ['no configuration']
      : [
          `target ${report.target}`,
          `commit ${plain(report.gitSha?.slice(0, 12) ?? 'unknown')}`,
          `release ${plain(report.releaseId ?? 'none')}`,
        ]),
    `run ${plain(report.runId)}`,
  ];
  return shown.join(' · ');
}

function problemItem(stage: string, finding: Finding): string {
  const why = finding.message ? `<br>${plain(finding.message)}` : '';
  const fix = finding.fix ? `<br>**Fix:** ${withCode(finding.fix)}` : '';
  return `- ${sign(finding.verdict)} **${plain(stage)} › ${plain(finding.title)}**: seen ${plain(finding.seen)}, expected ${plain(finding.expected)}${why}${fix}`;
}

function stageDetails(stage: StageResult, table: (rows: readonly (readonly string[])[]) => string): string {
  const rows = stage.findings.map((finding) => [
    `${sign(finding.verdict)} ${plain(finding.title)}`,
    plain(finding.seen),
    plain(finding.expected),
  ]);
  const head = `<summary>${sign(stage.verdict)} ${plain(stage.stage)}: ${stage.findings.length} findings</summary>`;
  return `<details>${head}\n\n${table([['What', 'Seen', 'Expected'], ...rows])}\n\n</details>`;
}

function isProblem(finding: Finding): boolean {
  return finding.verdict === 'red' || finding.verdict === 'inconclusive';
}

function verdict(value: Finding['verdict']): string {
  return `${sign(value)} ${value}`;
}

function sign(value: Finding['verdict']): string {
  return verdictMark(value).sign;
}
