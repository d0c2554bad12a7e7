import { meanMs } from '../../core/perf/database.ts';
import type { Comparison } from '../../core/perf/baseline.ts';
import type { PerfDetails } from '../../core/report.ts';
import { formatDuration, trimmed } from '../measures.ts';
import { figuresTable } from './figures.ts';
import { html, type Markup } from './markup.ts';

/** Only pictures that stand in the report itself are shown. */
const picture = /^data:image\/jpeg;base64,[A-Za-z0-9+/=]+$/;

/** Returns the film of each page's median run: what it looked like while it loaded. */
export function filmstrips({ pages }: PerfDetails): Markup | null {
  const films = pages.flatMap((page) => {
    const frames = (page.runs[page.medianRun]?.filmstrip ?? []).filter(({ image }) => picture.test(image));
    return frames.length === 0 ? [] : [film(`${page.path} (${page.formFactor})`, frames)];
  });
  if (films.length === 0) return null;
  return html`<figure class="chart">
    <figcaption><strong>Filmstrip</strong> <span>What each page looked like while it loaded, in its median run.</span></figcaption>
    ${films}
  </figure>`;
}

function film(name: string, frames: readonly { readonly atMs: number; readonly image: string }[]): Markup {
  return html`<p class="film-name">${name}</p>
    <ol class="film" aria-label="${`Filmstrip of ${name}`}" tabindex="0">
      ${frames.map(
        ({ atMs, image }) =>
          html`<li><img src="${image}" alt="${`${name} after ${formatDuration(atMs)}`}" /><span>${formatDuration(atMs)}</span></li>`,
      )}
    </ol>`;
}

/** Returns this run beside the one that it was compared with, the regressions first. */
export function baselineTable({ baseline }: PerfDetails): Markup | null {
  if (baseline === undefined || baseline === null || 'incomparable' in baseline) return null;
  const figures = baseline.figures.toSorted((a, b) => Number(b.regressed) - Number(a.regressed));
  return html`<details>
    <summary>Beside ${baseline.name}</summary>
    ${figuresTable(
      ['Figure', 'Then', 'Now', 'Change'],
      figures.map(({ what, before, now, unit, regressed }) => [
        `${regressed ? '✖ ' : ''}${what}`,
        shown(before, unit),
        shown(now, unit),
        before === 0 ? '' : `${now >= before ? '+' : ''}${trimmed(((now - before) / before) * 100, 0)} %`,
      ]),
    )}
  </details>`;
}

function shown(value: number, unit: Comparison['unit']): string {
  return unit === 'ms' ? formatDuration(value) : trimmed(value, 0);
}

/** Returns the slowest statements that ran while perf measured. */
export function statementsTable({ database }: PerfDetails): Markup | null {
  const statements = database?.statements?.slice(0, 5) ?? [];
  if (statements.length === 0) return null;
  return html`<details>
    <summary>Slowest statements</summary>
    ${figuresTable(
      ['Statement', 'Calls', 'Mean', 'Total'],
      statements.map((statement) => [
        clipped(statement.text),
        String(statement.calls),
        formatDuration(meanMs(statement)),
        formatDuration(statement.totalMs),
      ]),
    )}
  </details>`;
}

function clipped(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim();
  return oneLine.length <= 90 ? oneLine : `${oneLine.slice(0, 89)}…`;
}
