import { printable } from '../printable.ts';

/** How many groups are named. */
const shown = 3;

/**
 * Returns the groups of paths that are one file on a disk that knows no case (macOS, Windows: neither case nor the form of an umlaut
 * counts there); each group and the groups in order of name.
 */
export function alikeButForCase(paths: readonly string[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const key = path.normalize('NFC').toLowerCase();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [path]);
    else group.push(path);
  }
  return [...groups.values()].filter((group) => group.length > 1).map((group) => group.toSorted());
}

/** Returns what a line says of such groups; empty when there is none. */
export function alikeText(groups: readonly (readonly string[])[]): string {
  if (groups.length === 0) return '';
  const named = groups.slice(0, shown).map((group) => group.map((path) => printable(path)).join(' and '));
  const more = groups.length > shown ? ` and ${groups.length - shown} more` : '';
  return `; differ in case alone, and went up as files of their own: ${named.join(', ')}${more} (a disk that knows no case keeps one of them)`;
}
