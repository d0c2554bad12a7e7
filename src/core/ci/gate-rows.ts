import { markWord, plainMarkdown, verdictSigns } from '../markdown.ts';
import type { StageResult, Verdict } from '../verdict.ts';

/** How one gate stands, as the comment on a pull request keeps it. */
export interface GateRow {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly says: string;
  /** Commit that it is about; null when it is about none that is known. */
  readonly commit: string | null;
  /** Address of a preview. */
  readonly url: string | null;
  /** Page of the run of the workflow. */
  readonly runUrl: string | null;
}

/** The gates that have a row, in their order there. */
const gates = ['preview', 'migrate check', 'smoke', 'perf', 'load', 'watch', 'rollback drill', 'docs', 'gate'];

/** Longest text of a row, in characters: GitHub takes 65,536 a comment (docs.github.com/rest/issues/comments, read 2026-11-27). */
const longestText = 400;

/** Returns the rows of what ran: that of a preview brings the smoke on its address along. What is no gate has none. */
export function gateRows(
  stages: readonly StageResult[],
  about: { readonly commit: string | null; readonly runUrl: string | null },
): readonly GateRow[] {
  return stages.flatMap((stage) => {
    const gate = gateName(stage.stage);
    if (!gates.includes(gate)) return [];
    const commit = textOf(stage.details, 'gitSha') ?? textOf(stage.details, 'commit') ?? about.commit;
    const row: GateRow = { gate, verdict: stage.verdict, says: stage.summary, commit, url: null, runUrl: about.runUrl };
    if (gate !== 'preview') return [row];
    const smoke = stage.findings.find(({ id }) => id === 'smoke');
    return [
      { ...row, url: textOf(stage.details, 'url') ?? null },
      ...(smoke === undefined ? [] : [{ ...row, gate: 'smoke', verdict: smoke.verdict, says: smoke.seen }]),
    ];
  });
}

/** A stage that ended before it had a result has its command's name. */
function gateName(stage: string): string {
  const words = stage.replaceAll('-', ' ');
  return words === 'preview up' ? 'preview' : words;
}

function textOf(details: unknown, name: string): string | undefined {
  if (typeof details !== 'object' || details === null || !(name in details)) return undefined;
  const value: unknown = Object.entries(details).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : undefined;
}

/** Returns the mark by which the comment of an environment is found. */
export function gateCommentMark(environment: string): string {
  return `<!-- jv-staging gates ${markWord(environment)} -->`;
}

/** Returns rows in which those of `newer` stand in place of their gate's. */
export function mergedRows(older: readonly GateRow[], newer: readonly GateRow[]): readonly GateRow[] {
  const byGate = new Map([...older, ...newer].map((row) => [row.gate, row]));
  return gates.flatMap((gate) => byGate.get(gate) ?? []);
}

const rowsMark = '<!-- jv-staging rows ';

/** Returns the comment: a row a gate, what was run last. Its rows stand in it for programs too, so that a later run keeps those of others. */
export function gateComment(environment: string, rows: readonly GateRow[]): string {
  const table = rows.map((row) =>
    [
      row.gate,
      `${verdictSigns[row.verdict]} ${row.verdict}`,
      [row.url === null ? '' : linkTo(row.url), plainMarkdown(row.says.slice(0, longestText))].filter((part) => part !== '').join(' '),
      row.commit === null ? '' : `<code>${plainMarkdown(row.commit.slice(0, 12))}</code>`,
      row.runUrl === null ? '' : `[run](${row.runUrl})`,
    ].join(' | '),
  );
  return [
    gateCommentMark(environment),
    `### Gates of ${plainMarkdown(environment)}`,
    '',
    '| Gate | Verdict | What it says | Commit | Run |',
    '| --- | --- | --- | --- | --- |',
    ...table.map((line) => `| ${line} |`),
    '',
    'Only green is green. Each gate’s newest run counts, about the commit beside it.',
    '',
    `${rowsMark}${markWord(JSON.stringify(rows))} -->`,
    '',
  ].join('\n');
}

/** An address becomes a link only when nothing in it could end the link. */
function linkTo(url: string): string {
  return /^https?:\/\/[\w.:/-]+$/.test(url) ? `<${url}>` : plainMarkdown(url);
}

/** Returns the rows that a comment holds; none where somebody has changed them into something else. */
export function rowsOf(comment: string): readonly GateRow[] {
  const from = comment.lastIndexOf(rowsMark);
  if (from === -1) return [];
  const [word = ''] = comment.slice(from + rowsMark.length).split(' ');
  const rows = parsed(word);
  return Array.isArray(rows) ? rows.filter(isRow) : [];
}

function parsed(word: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(word));
  } catch {
    return undefined;
  }
}

function isRow(value: unknown): value is GateRow {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const isText = (name: string) => typeof fields.get(name) === 'string';
  const isTextOrNull = (name: string) => isText(name) || fields.get(name) === null;
  const runUrl = fields.get('runUrl');
  return (
    isText('gate') &&
    isText('says') &&
    Object.keys(verdictSigns).some((verdict) => verdict === fields.get('verdict')) &&
    isTextOrNull('commit') &&
    isTextOrNull('url') &&
    (runUrl === null || (typeof runUrl === 'string' && /^https:\/\/[\w./-]+$/.test(runUrl)))
  );
}
