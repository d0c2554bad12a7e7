import type { PreviewDatabase } from '../ports/previews.ts';
import { verdictSigns } from '../markdown.ts';
import type { Verdict } from '../verdict.ts';

/** What a comment on a pull request says of a preview. */
export interface PreviewComment {
  readonly branch: string;
  readonly url: string;
  readonly gitSha: string;
  readonly deploymentId: string;
  readonly database: string;
  readonly databaseKind: PreviewDatabase['kind'];
  readonly migrationHead: string | null;
  readonly seed: string;
  readonly prefix: string;
  readonly smoke: { readonly verdict: Verdict; readonly summary: string };
}

/** Returns what a preview's database is, for people. */
export function databaseText(kind: PreviewDatabase['kind']): string {
  return kind === 'branch' ? 'branch' : 'Supabase project';
}

/** Returns a comment in Markdown; its first line is a mark by which a later run finds and replaces it. */
export function previewCommentText(preview: PreviewComment): string {
  const rows = [
    ['Address', `<${preview.url}>`],
    ['Commit', `\`${plain(preview.gitSha.slice(0, 12))}\`, deployment \`${plain(preview.deploymentId)}\``],
    [
      'Database',
      `${databaseText(preview.databaseKind)} \`${plain(preview.database)}\`, schema \`${plain(preview.migrationHead ?? 'empty')}\`, ${plain(preview.seed)}`,
    ],
    ['Redis', `keys below \`${plain(preview.prefix)}\``],
    ['Smoke', `${verdictSigns[preview.smoke.verdict]} ${plain(preview.smoke.summary)}`],
  ];
  return [
    `<!-- jv-staging preview ${plain(preview.branch).replaceAll('--', '- -')} -->`,
    `### Preview of \`${plain(preview.branch)}\``,
    '',
    '| | |',
    '| --- | --- |',
    ...rows.map(([name, text]) => `| ${name} | ${text} |`),
    '',
  ].join('\n');
}

/** A branch may be called anything: what Markdown or a table would read otherwise is left out. */
function plain(text: string): string {
  return text.replaceAll(/[`|<>\r\n]/g, ' ');
}
