import { type FieldChange, type FieldValue, type Plan, type PlanAction, planCounts, type PlanItem } from '../core/plan/model.ts';
import { cleanFor } from './human.ts';
import { isNarrow } from './narrow.ts';
import { type Mark, paintOf, type TextView } from './paint.ts';
import { renderLabelled, renderTable } from './table.ts';
import { wrapTo } from './text-width.ts';

/** Columns that a change is indented by, below the thing that it belongs to. */
const changeIndent = 6;

/** Returns a plan for people: what is not as wished with the reason and each change, what it costs, and what needs a person. */
export function renderPlanText(plan: Plan, view: TextView): string {
  const shown = cleanFor(view, plan);
  const paint = paintOf(view.color);
  const pending = shown.items.filter((item) => item.action !== 'unchanged');
  const options = { columns: view.columns, indent: 2, paint };
  const persons = shown.items.flatMap((item) => (item.needsPerson === null ? [] : [item.needsPerson]));
  const lines = [
    ...wrapTo(`Plan for ${shown.name} (${shown.environment}, target ${shown.target}): ${countText(shown)}`, view.columns).map((line) =>
      paint.bold(line),
    ),
    '',
    ...pending.flatMap((item) => itemLines(item, view)),
    ...(pending.length === 0 ? [] : ['']),
    ...renderLabelled('cost', costText(shown), options),
    ...persons.flatMap((text) => renderLabelled('for you', `${text}.`.replace(/\.\.$/, '.'), options)),
    ...shown.notes.flatMap((note) => renderLabelled('note', note, options)),
  ];
  return `${lines.join('\n')}\n`;
}

function countText(plan: Plan): string {
  const { create, update, drift, blocked, unchanged } = planCounts(plan);
  const parts = [
    [create, 'to create'],
    [update, 'to update'],
    [drift, 'changed outside'],
    [blocked, 'blocked'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return said.length === 0 ? `nothing to do, ${unchanged} things as wished` : `${said.join(', ')}, ${unchanged} unchanged`;
}

function itemLines(item: PlanItem, view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  const mark = actionMark(item.action);
  const id = item.resource === 'variable' || item.resource === 'domain' ? item.id : '';
  const title = [
    { text: mark.sign, color: paint[mark.color] },
    { text: `${titles[item.resource]} ${id}`.trim() },
    { text: item.reason, color: paint.gray },
  ];
  const rows = isNarrow(view.columns)
    ? [
        ...wrapTo(`${mark.sign} ${titles[item.resource]} ${id}`.trim(), view.columns - 2).map((line) => `  ${paint[mark.color](line)}`),
        ...wrapTo(item.reason, view.columns - changeIndent).map((line) => `${' '.repeat(changeIndent)}${paint.gray(line)}`),
      ]
    : renderTable([title], { columns: view.columns, indent: 2, minimum: [1, 24, 20] });
  // A variable has one change, of a fingerprint: its title says enough.
  if (item.resource === 'variable') return rows;
  return [...rows, ...item.changes.flatMap((change) => changeLines(change, view.columns))];
}

function changeLines({ field, actual, wanted, outside }: FieldChange, columns: number): readonly string[] {
  const text = actual === null ? `${field}: ${valueText(wanted)}` : `${field}: ${valueText(actual)} → ${valueText(wanted)}`;
  const indent = ' '.repeat(changeIndent);
  return wrapTo(outside ? `${text} (changed outside)` : text, columns - changeIndent).map((line) => indent + line);
}

function valueText(value: FieldValue): string {
  if (value === null) return 'none';
  if (typeof value === 'object') return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

function costText({ cost }: Plan): string {
  const known = `$${cost.knownUsdPerMonth} a month`;
  const unknown = cost.unknown.map(({ what, why }) => `${what}: ${why}`).join('; ');
  const sum = unknown === '' ? known : `at least ${known}; unknown: ${unknown}`;
  if (cost.productionUsdPerMonth === null) return `${sum}. Production’s is unknown: set production.costUsdPerMonth.`;
  const limit = `half of production’s $${cost.productionUsdPerMonth}`;
  switch (cost.verdict) {
    case 'over':
      return `${sum}. This is not less than ${limit}.`;
    case 'within':
      return `${sum}, within ${limit}.`;
    default:
      return `${sum}. Whether it stays within ${limit} is unknown.`;
  }
}

const titles: Readonly<Record<PlanItem['resource'], string>> = {
  'environment-file': 'environment file',
  'vercel-project': 'Vercel project',
  'supabase-project': 'Supabase project',
  'upstash-database': 'Upstash database',
  schema: 'schema',
  domain: 'domain',
  variable: 'variable',
};

function actionMark(action: PlanAction): Mark {
  switch (action) {
    case 'create':
      return { sign: '+', color: 'green' };
    case 'update':
      return { sign: '~', color: 'yellow' };
    case 'drift':
      return { sign: '≠', color: 'red' };
    case 'blocked':
      return { sign: '!', color: 'red' };
    default:
      return { sign: '=', color: 'gray' };
  }
}
