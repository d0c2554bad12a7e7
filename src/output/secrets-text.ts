import type { SecretPlace } from '../core/secrets/secrets.ts';
import { cleanFor } from './human.ts';
import { formatAge } from './measures.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderTable } from './table.ts';

/** Returns `secrets list` for people: where each one lives, how old it is at least, which variables hold it; never a value. */
export function renderSecretsText(places: readonly SecretPlace[], view: TextView): string {
  const paint = paintOf(view.color);
  const heading = ['', 'secret', 'lives in', 'age', 'variables'].map((text) => ({ text, color: paint.gray }));
  const rows = cleanFor(view, places).map(({ name, where, atLeastMs, variables, rotating }) => [
    { text: where === null ? '·' : '✔', color: where === null ? paint.gray : paint.green },
    { text: name },
    { text: where ?? 'nowhere', color: where === null ? paint.gray : undefined },
    { text: rotating ? 'a rotation was cut off: run it again' : atLeastMs === null ? 'unknown' : `at least ${formatAge(atLeastMs)}` },
    { text: variables.join(', '), color: paint.gray },
  ]);
  return `${renderTable([heading, ...rows], { columns: view.columns, indent: 2, minimum: [1, 14, 14, 10, 10] }).join('\n')}\n`;
}
