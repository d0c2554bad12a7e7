import { type DriftDetails, driftName, type JudgedDrift } from '../core/drift/drift.ts';
import type { StageResult } from '../core/verdict.ts';
import { cleanFor, renderStageText } from './human.ts';
import { type Mark, paintOf, type TextView } from './paint.ts';
import { renderTable, renderLabelled } from './table.ts';

/** How many differences are listed; `--json` has all. */
const listed = 60;

/** Returns `status --drift` for people: a row an area, then each difference, and each waiver that covers nothing. */
export function renderDriftText(result: StageResult<DriftDetails>, view: TextView): string {
  const { items, waivers } = cleanFor(view, result.details);
  const paint = paintOf(view.color);
  const idle = waivers.filter(({ state }) => state === 'unused');
  const rest = items.length - listed;
  const options = { columns: view.columns, indent: 2, paint };
  const lines = [
    ...(items.length === 0 ? [] : ['', ...items.slice(0, listed).flatMap((item) => itemLines(item, view))]),
    ...(rest > 0 ? [paint.gray(`  … ${rest} more with --json`)] : []),
    ...idle.flatMap(({ what }) => renderLabelled('note', `The waiver of ${what} covers nothing: it can go.`, options)),
  ];
  return `${renderStageText(result, view)}${lines.map((line) => `${line}\n`).join('')}`;
}

function itemLines(item: JudgedDrift, view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  const mark = markOf(item);
  const row = [{ text: mark.sign, color: paint[mark.color] }, { text: driftName(item) }, { text: saysOf(item), color: paint.gray }];
  return renderTable([row], { columns: view.columns, indent: 2, minimum: [1, 28, 28] });
}

function saysOf({ seen, expected, waiver }: JudgedDrift): string {
  const text = `${seen}, expected ${expected}`;
  return waiver === null ? text : `${text}; waived until ${waiver.until}: ${waiver.reason}`;
}

function markOf({ state, waiver }: JudgedDrift): Mark {
  if (waiver !== null) return { sign: '○', color: 'gray' };
  return state === 'differs' ? { sign: '≠', color: 'red' } : { sign: '?', color: 'yellow' };
}
