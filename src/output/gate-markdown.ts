import { markdownWithCode, plainMarkdown, verdictSigns } from '../core/markdown.ts';
import type { GateLedger } from '../core/gate/ledger.ts';
import { type GateEntry, lets } from '../core/gate/model.ts';
import type { StageResult } from '../core/verdict.ts';
import { cleanFor } from './human.ts';
import type { TextView } from './paint.ts';

/** The sections of the original plan's pull request, each with the criteria that prove it; whatever none names stands under the last. */
const sections: readonly { readonly title: string; readonly ids: readonly string[] }[] = [
  { title: 'Infrastructure', ids: ['AC-1', 'AC-3', 'AC-5', 'AC-2', 'AC-6', 'NFR-isolation', 'NFR-cost'] },
  { title: 'Testing', ids: ['AC-7', 'AC-8', 'AC-9', 'NFR-performance', 'NFR-reliability', 'AC-11', 'FR-8'] },
  { title: 'Data', ids: ['AC-4'] },
  { title: 'Release', ids: ['AC-10', 'AC-12', 'AC-13'] },
];

/**
 * Returns the ledger as the text of a pull request, in Markdown: a line a criterion with its verdict and what it rests on, by the sections
 * of the original plan (Infrastructure, Testing, Data), and the functional requirements that follow from them.
 */
export function renderGateMarkdown(result: StageResult<GateLedger>, view: TextView): string {
  const { details: ledger, verdict, summary } = cleanFor(view, result);
  const known = sections.flatMap(({ ids }) => ids);
  const others = ledger.entries.map(({ id }) => id).filter((id) => !known.includes(id));
  const parts = [...sections, { title: 'Requirements', ids: others }].map(({ title, ids }) => {
    const entries = ids.flatMap((id) => ledger.entries.filter((one) => one.id === id));
    return entries.length === 0 ? [] : ['', `**${title}:**`, ...entries.map(entryLine)];
  });
  const head = `## ${verdictSigns[verdict]} ${plainMarkdown(ledger.environment)}: ${plainMarkdown(summary)}`;
  const files = new Map(ledger.entries.flatMap(({ evidence }) => evidence).map(({ file, sha256 }) => [file, sha256]));
  const evidence = [...files].map(([file, sha256]) => `- <code>${plainMarkdown(file)}</code> sha256 <code>${sha256}</code>`);
  return `${[head, ...parts.flat(), ...(evidence.length === 0 ? [] : ['', '**Evidence:**', ...evidence])].join('\n')}\n`;
}

function entryLine(entry: GateEntry): string {
  const { id, title, verdict, seen, fix } = entry;
  const how = verdict === 'passed' ? '' : ` (${verdict})`;
  const mend = lets(entry) || fix === undefined ? '' : ` **Fix:** ${markdownWithCode(fix)}`;
  return `- ${verdictSigns[lets(entry) ? 'green' : 'red']} ${id} ${plainMarkdown(title)}${how}: ${plainMarkdown(seen)}${mend}`;
}
