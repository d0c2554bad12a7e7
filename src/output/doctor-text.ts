import type { Finding } from '../core/verdict.ts';
import { cleanFor, problemLines, stackedLines } from './human.ts';
import { isNarrow } from './narrow.ts';
import { paintOf, type TextView, verdictMark } from './paint.ts';
import { renderTable } from './table.ts';

/** What a line of `doctor` says of a verdict; `none` is neither well nor ill, and never counts as well. */
const doctorWords = { green: 'pass', red: 'fail', inconclusive: 'unknown', skipped: 'none' } as const;

/** Returns `doctor` for people: one row a thing looked at, with pass, fail, unknown or none, and for what is not well the fix to paste. */
export function renderDoctorText(findings: readonly Finding[], view: TextView): string {
  const shown = cleanFor(view, findings);
  const paint = paintOf(view.color);
  const bad = shown.filter(({ verdict }) => verdict === 'red' || verdict === 'inconclusive').length;
  const head =
    bad === 0 ? paint.green('✔ Everything that is needed is here.') : paint.red(`✖ ${bad} of ${shown.length} things need mending.`);
  return `${[...doctorRows(shown, view), ...shown.flatMap((finding) => problemLines(finding, view)), '', head].join('\n')}\n`;
}

function doctorRows(findings: readonly Finding[], view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  if (isNarrow(view.columns))
    return findings.flatMap((finding) => stackedLines({ ...finding, title: `${doctorWords[finding.verdict]}: ${finding.title}` }, view));
  const rows = findings.map(({ verdict, title, seen, expected }) => {
    const { sign, color } = verdictMark(verdict);
    const bad = verdict === 'red' || verdict === 'inconclusive';
    return [
      { text: sign, color: paint[color] },
      { text: title },
      { text: doctorWords[verdict], color: paint[color] },
      { text: bad ? `${seen}; expected: ${expected}` : seen },
    ];
  });
  return renderTable(rows, { columns: view.columns, indent: 2, minimum: [1, 24, 7, 20] });
}
