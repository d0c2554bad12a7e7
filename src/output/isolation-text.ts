import type { Finding, StageResult } from '../core/verdict.ts';
import { cleanFor } from './human.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderLabelled } from './table.ts';

const words = {
  green: { word: 'pass', sign: '✔', color: 'green' },
  red: { word: 'fail', sign: '✖', color: 'red' },
  inconclusive: { word: 'unknown', sign: '?', color: 'yellow' },
  skipped: { word: 'unknown', sign: '?', color: 'yellow' },
} as const;

/** Returns `doctor isolation` for people: each point with its verdict and what that rests on; what does not pass says how to mend it. */
export function renderIsolationText(result: StageResult, view: TextView): string {
  const shown = cleanFor(view, result);
  const paint = paintOf(view.color);
  const head = `Isolation from production: ${shown.summary}`;
  const lines = shown.findings.flatMap((finding) => pointLines(finding, view));
  return `${[paint.bold(head), ...lines].join('\n')}\n`;
}

function pointLines({ verdict, title, seen, fix }: Finding, view: TextView): readonly string[] {
  const paint = paintOf(view.color);
  const { word, sign, color } = words[verdict];
  const options = { columns: view.columns, indent: 2, paint };
  const label = `${sign} ${title.padEnd(titleWidth)} ${word.padEnd(wordWidth)}`;
  const [first = '', ...more] = renderLabelled(label, seen, options);
  return [
    first.replace(sign, paint[color](sign)),
    ...more,
    ...((fix ?? '') === '' ? [] : renderLabelled(`${' '.repeat(label.length - 4)}fix:`, fix ?? '', options)),
  ];
}

const titleWidth = 'Sentry environment'.length;
const wordWidth = 'unknown'.length;
