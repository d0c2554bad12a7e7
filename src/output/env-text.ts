import type { VariableDifference, VariableState } from '../core/variables/diff.ts';
import type { VariableProblem } from '../core/variables/rules.ts';
import { cleanFor } from './human.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderTable } from './table.ts';

/** What each state means, for people. */
const meanings: Readonly<Record<VariableState, string>> = {
  unchanged: 'as wished',
  missing: 'not there yet',
  changed: 'another value is there',
  unknown: 'written by somebody else: its value cannot be compared',
  foreign: 'not in the contract: left alone',
};

const signs: Readonly<Record<VariableState, string>> = { unchanged: '=', missing: '+', changed: '~', unknown: '?', foreign: '·' };

/** Returns `env diff` for people: a line a variable, never a value. */
export function renderVariablesText(variables: readonly VariableDifference[], view: TextView): string {
  const paint = paintOf(view.color);
  const colors = { unchanged: paint.gray, missing: paint.green, changed: paint.yellow, unknown: paint.yellow, foreign: paint.gray };
  const rows = cleanFor(view, variables).map(({ name, state }) => [
    { text: signs[state], color: colors[state] },
    { text: name },
    { text: meanings[state], color: colors[state] },
  ]);
  const pending = variables.filter(({ state }) => state === 'missing' || state === 'changed' || state === 'unknown').length;
  const head =
    pending === 0
      ? paint.green('✔ All variables are as wished.')
      : paint.yellow(`${pending} of ${variables.length} differ: \`jv-staging env push\` writes them.`);
  return `${[...renderTable(rows, { columns: view.columns, indent: 2, minimum: [1, 10, 10] }), '', head].join('\n')}\n`;
}

/** Returns what `env check` found, for people. */
export function renderEnvCheckText(
  checked: {
    readonly checked: number;
    readonly later: readonly string[];
    readonly missing: readonly string[];
    readonly problems: readonly VariableProblem[];
  },
  view: TextView,
): string {
  const { missing, problems, later } = cleanFor(view, checked);
  const paint = paintOf(view.color);
  const rows = [
    ...missing.map((name) => [{ text: '✖', color: paint.red }, { text: name }, { text: 'has no value' }]),
    ...problems.map(({ name, seen, expected, fix }) => [
      { text: '✖', color: paint.red },
      { text: name },
      { text: `seen ${seen}, expected ${expected}\n${fix}` },
    ]),
  ];
  const bad = rows.length;
  const head =
    bad === 0
      ? paint.green(`✔ ${checked.checked} variables, nothing wrong.`)
      : paint.red(`✖ ${bad} of ${checked.checked} variables need mending.`);
  const rest = later.length === 0 ? [] : [paint.gray(`${later.length} come from resources or are generated; provision checks them.`)];
  return `${[...renderTable(rows, { columns: view.columns, indent: 2, minimum: [1, 10, 20] }), ...(bad === 0 ? [] : ['']), head, ...rest].join('\n')}\n`;
}
