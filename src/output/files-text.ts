import type { FileChange } from '../core/files/generated.ts';
import { paintOf, type TextView } from './paint.ts';

/** Renders what happens to files: a line each, and the diff of what is overwritten. */
export function renderFilesText(changes: readonly FileChange[], { color, redact = (text) => text }: TextView): string {
  const paint = paintOf(color);
  const mark = { create: paint.green('+ create   '), update: paint.yellow('~ update   '), unchanged: '= unchanged' } as const;
  const diffs = changes.filter(({ diff }) => diff !== '').map(({ diff }) => paintDiff(redact(diff), paint));
  return [...diffs, ...changes.map(({ action, shown }) => `${mark[action]} ${redact(shown)}`), ''].join('\n');
}

function paintDiff(diff: string, paint: ReturnType<typeof paintOf>): string {
  return diff
    .split('\n')
    .map((line) => {
      if (line.startsWith('+')) return paint.green(line);
      return line.startsWith('-') ? paint.red(line) : line;
    })
    .join('\n');
}

/** Renders the commands that hand secrets and public variables to GitHub; values are typed or piped in, they stand nowhere. */
export function renderSecretLines(secrets: readonly string[], variables: readonly string[]): string {
  return [
    '',
    'Secrets that the workflow reads (each line asks for its value):',
    ...secrets.map((name) => `  gh secret set ${name}`),
    ...(variables.length === 0 ? [] : ['', 'Public variables that the app is built with (`jv-staging env pull` has the values):']),
    ...variables.map((name) => `  gh variable set ${name}`),
    '',
  ].join('\n');
}
