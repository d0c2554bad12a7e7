import type { MigrationsStatus, MigrationState } from '../core/migrate/status.ts';
import { cleanFor } from './human.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderTable } from './table.ts';

/** What each state means, for people. */
const meanings: Readonly<Record<MigrationState, string>> = {
  applied: 'applied',
  pending: 'pending',
  'no-file': 'applied, its file is not there',
  edited: 'changed after it was applied',
  duplicate: 'another file has this version',
  'out-of-order': 'older than the newest applied one',
  dirty: 'broke half way',
};

/** Returns `migrate status` for people: a line a migration, then what is no migration by name. */
export function renderMigrationsText(status: MigrationsStatus, view: TextView): string {
  const { migrations, ignored, dirty } = cleanFor(view, status);
  const paint = paintOf(view.color);
  const colorOf = (state: MigrationState) =>
    state === 'applied' ? paint.green : state === 'pending' || state === 'no-file' ? paint.yellow : paint.red;
  const rows = migrations.map(({ version, file, state }) => {
    const half = state === 'dirty' ? dirty.find((each) => each.version === version) : undefined;
    const detail = half === undefined ? '' : `: ${half.done} of ${half.of} statements stand`;
    return [{ text: file ?? version }, { text: `${meanings[state]}${detail}`, color: colorOf(state) }];
  });
  const count = (state: MigrationState) => migrations.filter((each) => each.state === state).length;
  const lines = [
    ...renderTable(rows, { columns: view.columns, indent: 2, minimum: [14, 10] }),
    ...(ignored.length === 0 ? [] : ['', `Not migrations by name: ${ignored.join(', ')}.`]),
    '',
    `${count('applied') + count('no-file')} applied, ${count('pending')} pending.`,
  ];
  return `${lines.join('\n')}\n`;
}
