import { escapeControl, mapTexts } from '../core/redaction.ts';
import type { RunReport } from '../core/report.ts';
import type { Finding, StageResult, Verdict } from '../core/verdict.ts';
import type { ErrorView } from './json.ts';
import { formatDuration } from './measures.ts';
import { isNarrow } from './narrow.ts';
import { paintOf, type TextView, verdictMark } from './paint.ts';
import { renderFacts, renderLabelled, renderTable } from './table.ts';
import { displayWidth, padTo, truncateTo, wrapTo } from './text-width.ts';

/** Returns data with its secrets masked and its control characters visible, ready to be laid out. */
export function cleanFor<T>(view: Pick<TextView, 'redact'>, value: T): T {
  const redact = view.redact ?? ((text: string) => text);
  return mapTexts(value, (text) => escapeControl(redact(text)));
}

/** Returns one stage for people: its verdict line, then what was seen beside what was expected, ending in a line feed. */
export function renderStageText(result: StageResult, view: TextView): string {
  return `${stageLines(cleanFor(view, result), view).join('\n')}\n`;
}

/** Returns the lines of one stage: verdict, findings, problems. */
export function stageLines(stage: StageResult, view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  const mark = verdictMark(stage.verdict);
  const took = paint.gray(`(${formatDuration(stage.durationMs)})`);
  const head = `${paint[mark.color](mark.sign)} ${paint.bold(stage.stage)} ${paint[mark.color](stage.verdict)}`;
  const oneLine = `${head} ${paint.gray('·')} ${stage.summary} ${took}`;
  const lines =
    displayWidth(oneLine) <= view.columns
      ? [oneLine]
      : [`${head} ${took}`, ...renderLabelled(' ', stage.summary, { columns: view.columns, indent: 0, paint })];
  return [...lines, ...findingLines(stage.findings, view)];
}

/** Returns findings as aligned rows; those that are not green say below what happened and how to mend it. */
export function findingLines(findings: readonly Finding[], view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  const layout = { columns: view.columns, indent: 2, minimum: [1, 12, 8, 8] };
  const rows = findings.map((finding) => {
    const mark = verdictMark(finding.verdict);
    const color = finding.verdict === 'green' ? undefined : paint[mark.color];
    return [
      { text: mark.sign, color: paint[mark.color] },
      { text: finding.title },
      { text: finding.seen, color },
      { text: finding.expected, color: paint.gray },
    ];
  });
  if (rows.length === 0) return [];
  if (isNarrow(view.columns))
    return [...findings.flatMap((finding) => stackedLines(finding, view)), ...findings.flatMap((finding) => problemLines(finding, view))];
  const heading = [
    { text: '' },
    { text: 'what', color: paint.gray },
    { text: 'seen', color: paint.gray },
    { text: 'expected', color: paint.gray },
  ];
  return [...renderTable([heading, ...rows], layout), ...findings.flatMap((finding) => problemLines(finding, view))];
}

/** Returns a finding where columns beside one another would break every word: title, what was seen, and what was expected instead. */
export function stackedLines({ verdict, title, seen, expected }: Finding, { columns, color }: TextView): readonly string[] {
  const paint = paintOf(color);
  const mark = verdictMark(verdict);
  const below = (text: string, look: (line: string) => string) => wrapTo(text, columns - 4).map((line) => `    ${look(line)}`);
  return [
    ...wrapTo(title, columns - 4).map((line, at) => (at === 0 ? `  ${paint[mark.color](mark.sign)} ${line}` : `    ${line}`)),
    ...below(seen, verdict === 'green' ? paint.gray : paint[mark.color]),
    ...(verdict === 'green' ? [] : below(`expected ${expected}`, paint.gray)),
  ];
}

/** Returns why a finding is not green and how to mend it; nothing where neither is known. */
export function problemLines(finding: Finding, view: TextView): readonly string[] {
  if (finding.verdict === 'green') return [];
  const paint = paintOf(view.color);
  const options = { columns: view.columns, indent: 4, paint };
  const mark = verdictMark(finding.verdict);
  const said = finding.message ?? '';
  const fix = finding.fix ?? '';
  if (said === '' && fix === '') return [];
  return [
    '',
    `  ${paint[mark.color](mark.sign)} ${paint.bold(truncateTo(finding.title, view.columns - 4))}`,
    ...(said === '' ? [] : renderLabelled('why:', said, options)),
    ...(fix === '' ? [] : renderLabelled('fix:', fix, options)),
  ];
}

/** Returns an error for people: what happened, how to mend it, the code and the exit code, ending in a line feed. */
export function renderErrorText(problem: ErrorView, exitCode: number, view: TextView): string {
  const error = cleanFor(view, problem);
  const paint = paintOf(view.color);
  const options = { columns: view.columns, indent: 2, paint };
  const fix = error.fix ?? '';
  const lines = [
    ...renderLabelled(paint.red('✖'), error.message, { ...options, indent: 0 }),
    ...(fix === '' ? [] : renderLabelled('fix:', fix, options)),
    `  ${paint.gray(`code: ${error.code} (exit code ${exitCode})`)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** What the summary of `up` says beside the report. */
export interface UpFooter {
  /** Path of `report.html`. */
  readonly reportPath: string;
  /** The command that stops what was started; undefined when nothing keeps running. */
  readonly stopCommand?: string | undefined;
}

/** Most lines of the summary of `up`: one screen. */
const screenRows = 24;

/**
 * Returns the summary of `up` for people: at most 24 lines, more only on a narrow page, where texts stand below one another and none is
 * cut. A line a stage with its verdict and one measured line, what is not green by name (as many as fit), the address, the report and the
 * stop command.
 */
export function renderUpSummary(run: RunReport, footer: UpFooter, view: TextView): string {
  const report = cleanFor(view, run);
  const paint = paintOf(view.color);
  const mark = verdictMark(report.verdict);
  const title = ` ${report.environment} is ${report.verdict} `;
  const about = `${report.target} target · ${formatDuration(report.durationMs)}`;
  const isOneLine = 1 + displayWidth(title) + displayWidth(about) <= view.columns;
  const first = `${paint[mark.color](mark.sign)}${paint.bold[mark.color](title)}`;
  const head = [...(isOneLine ? [`${first}${paint.gray(about)}`] : [first.trimEnd(), `  ${paint.gray(about)}`]), ''];
  const stages = stageRows(report, view);
  const foot = footLines(report, cleanFor(view, footer), view);
  const room = screenRows - head.length - stages.length - foot.length - 2;
  const problems = boundedProblems(report, view, room);
  return `${[...head, ...stages, ...(problems.length === 0 ? [] : ['', ...problems]), '', ...foot].join('\n')}\n`;
}

/** A row a stage, in the order of the run: verdict, time taken, and its one line. */
function stageRows(report: RunReport, view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  const rows = [
    ...report.stages.map(({ stage, verdict, durationMs, summary }) => ({
      stage,
      verdict,
      took: formatDuration(durationMs),
      says: summary,
    })),
    ...report.notRun.map(({ stage, reason }): StageRow => ({ stage, verdict: 'skipped', took: '', says: `not run: ${reason}` })),
  ];
  const width = (of: (row: StageRow) => string) => Math.max(...rows.map((row) => displayWidth(of(row))));
  return rows.flatMap((row) => {
    const mark = verdictMark(row.verdict);
    const verdict = paint[mark.color](
      padTo(
        row.verdict,
        width((each) => each.verdict),
      ),
    );
    const took = paint.gray(row.took.padStart(width((each) => each.took)));
    const left = `  ${paint[mark.color](mark.sign)} ${padTo(
      row.stage,
      width((each) => each.stage),
    )}  ${verdict}  ${took}  `;
    if (isNarrow(view.columns)) return [left.trimEnd(), ...belowLines(row.says, view)];
    return left + truncateTo(row.says.replaceAll('\n', ' '), view.columns - displayWidth(left));
  });
}

/** A text below what it is about, whole. */
function belowLines(text: string, view: TextView, look = (line: string) => line): readonly string[] {
  return wrapTo(text.replaceAll('\n', ' '), view.columns - 4).map((line) => `    ${look(line)}`);
}

interface StageRow {
  readonly stage: string;
  readonly verdict: Verdict;
  readonly took: string;
  readonly says: string;
}

/** A problem takes two lines, its name and what was seen beside what was expected; one when there is little room. */
function boundedProblems(report: RunReport, view: TextView, room: number): readonly string[] {
  const problems = report.stages.flatMap((stage) =>
    stage.findings
      .filter(({ verdict }) => verdict === 'red' || verdict === 'inconclusive')
      .map((finding) => ({ stage: stage.stage, finding })),
  );
  if (isNarrow(view.columns)) return narrowProblems(problems, view);
  const height = problems.length * 2 <= room ? 2 : 1;
  const shown = problems.length * height <= room ? problems : problems.slice(0, Math.max(0, room - 1));
  const lines = shown.flatMap(({ stage, finding }) => problemSummary(stage, finding, view, height));
  if (shown.length === problems.length) return lines;
  return [...lines, paintOf(view.color).gray(`  … ${problems.length - shown.length} more in the report`)];
}

/** Problems that a narrow page names; there is no end to what may be red. */
const narrowProblemCount = 6;

function narrowProblems(problems: readonly { readonly stage: string; readonly finding: Finding }[], view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  const lines = problems.slice(0, narrowProblemCount).flatMap(({ stage, finding }) => {
    const mark = verdictMark(finding.verdict);
    const [first = '', ...rest] = wrapTo(`${stage} › ${finding.title}`.replaceAll('\n', ' '), view.columns - 4);
    const name = [`  ${paint[mark.color](mark.sign)} ${first}`, ...rest.map((line) => `    ${line}`)];
    return [...name, ...belowLines(`${finding.seen}, expected ${finding.expected}`, view, paint.gray)];
  });
  const left = problems.length - narrowProblemCount;
  return left <= 0 ? lines : [...lines, paint.gray(`  … ${left} more in the report`)];
}

function problemSummary(stage: string, finding: Finding, view: TextView, height: 1 | 2): readonly string[] {
  const paint = paintOf(view.color);
  const mark = verdictMark(finding.verdict);
  const seen = `${finding.seen}, expected ${finding.expected}`.replaceAll('\n', ' ');
  const name = `${stage} › ${finding.title}`.replaceAll('\n', ' ');
  const sign = `  ${paint[mark.color](mark.sign)} `;
  // With one line the name gives way, not the figures.
  if (height === 1)
    return [`${sign}${truncateTo(name, Math.max(20, view.columns - 6 - displayWidth(seen)))}: ${truncateTo(seen, view.columns - 26)}`];
  return [`${sign}${truncateTo(name, view.columns - 4)}`, `    ${truncateTo(seen, view.columns - 4)}`];
}

function footLines(report: RunReport, footer: UpFooter, view: TextView): readonly string[] {
  const facts: (readonly [string, string])[] = [['address', report.url]];
  if (report.openUrl !== report.url) facts.push(['open', report.openUrl]);
  if (report.gitSha !== null) facts.push(['commit', report.gitSha.slice(0, 12)]);
  facts.push(['report', footer.reportPath]);
  if (footer.stopCommand !== undefined && footer.stopCommand !== null) facts.push(['stop', footer.stopCommand]);
  const options = { columns: view.columns, indent: 2, paint: paintOf(view.color) };
  const lines = renderFacts(facts, options);
  return lines.length <= 10 ? lines : facts.map(([label, value]) => `  ${label}  ${value}`);
}
