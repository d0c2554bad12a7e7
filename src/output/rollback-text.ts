import { cleanFor } from './human.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderFacts, renderLabelled } from './table.ts';
import { wrapTo } from './text-width.ts';

/** What of a rollback's plan people are shown. */
export interface ShownRollback {
  readonly from: string;
  readonly to: string;
  readonly database: string;
  readonly variables: readonly string[];
  readonly notComingBack: readonly string[];
}

/** Returns a rollback's plan for people: what goes back, and what will not come back, ending in a line feed. */
export function renderRollbackText(plan: ShownRollback, view: TextView): string {
  const shown = cleanFor(view, plan);
  const paint = paintOf(view.color);
  const options = { columns: view.columns, indent: 2, paint };
  const lines = [
    ...wrapTo(`From ${shown.from} back to ${shown.to}`, view.columns).map((line) => paint.bold(line)),
    ...renderFacts(
      [
        ['database', shown.database],
        ['variables', shown.variables.length === 0 ? 'unchanged' : `${shown.variables.join(', ')}: taken back`],
      ],
      options,
    ),
    '',
    paint.bold('What will not come back'),
    ...shown.notComingBack.flatMap((line) => renderLabelled('-', line, options)),
  ];
  return `${lines.join('\n')}\n`;
}
