import type { Verdict } from './verdict.ts';

/** The sign of each verdict where text is shown as GitHub shows it. */
export const verdictSigns = { green: '✅', red: '❌', inconclusive: '⚠️', skipped: '⏭️' } as const satisfies Record<Verdict, string>;

/** Returns a text in which nothing is Markdown, HTML, a mention, a reference or an address that GitHub would link. */
export function plainMarkdown(text: string): string {
  return text
    .replaceAll(/[&<>\\`*_{}[\]#!|~$@]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replaceAll(/:(?=\/\/)|(?<=www)\.(?=\w)/gi, (char) => `&#${char.charCodeAt(0)};`)
    .replaceAll(/\s*\n\s*/g, ' ');
}

/** Returns a text in which commands between back ticks are code; in code HTML alone must be escaped, and `<code>` takes it so. */
export function markdownWithCode(text: string): string {
  return text
    .split(/`([^`]+)`/)
    .map((part, at) => (at % 2 === 1 ? `<code>${plainMarkdown(part)}</code>` : plainMarkdown(part)))
    .join('');
}

/** Returns a text as a mark of ours in an HTML comment may hold it: no white space, no `--`, which would end the comment. */
export function markWord(text: string): string {
  return encodeURIComponent(text).replaceAll('-', '%2D');
}
