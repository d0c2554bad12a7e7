import type { CheckIssue } from '../core/issues/issues.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderLabelled } from './table.ts';

/** Returns the issues of a report's checks for people: what became of each, where it is, and what closed it. Empty without any. */
export function issueLines(issues: readonly CheckIssue[], view: TextView): readonly string[] {
  if (issues.length === 0) return [];
  const paint = paintOf(view.color);
  return [
    '',
    paint.bold('Issues'),
    ...issues.flatMap((issue) => {
      const isRed = issue.resolution === null;
      const label = isRed ? paint.red('✖') : paint.green('✔');
      const said = [issueSentence(issue), issue.url ?? '', issue.resolution ?? ''].filter((part) => part !== '').join(', ');
      return renderLabelled(label, `${issue.title}: ${said}`, { columns: view.columns, indent: 2, paint });
    }),
  ];
}

/** Returns what became of an issue, or under a dry run would: `#12 opened as critical`. */
export function issueSentence({ action, planned, number, severity }: CheckIssue): string {
  const name = number === null ? '' : `#${number} `;
  const as = action === 'opened' ? ` as ${severity}` : '';
  if (planned) return `${name}${number === null ? 'an issue ' : ''}would be ${action}${as}`;
  return `${name}${action === 'unchanged' ? 'is as it should be' : `${action}${as}`}`;
}
