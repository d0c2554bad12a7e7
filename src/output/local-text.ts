import type { Fault, FaultEffect, LedgerLine, LedgerReport, LocalRoute } from '../core/local/faults.ts';
import { shellQuoted } from '../core/shell.ts';
import { cleanFor } from './human.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderTable } from './table.ts';

/** How many lines `local log` shows to people; `--json` has all that are kept. */
const shownLines = 50;

/** Returns `local fault ls` for people: one row a fault. */
export function renderFaultsText(faults: readonly Fault[], view: TextView): string {
  const paint = paintOf(view.color);
  if (faults.length === 0) return `${paint.gray('There are no faults.')}\n`;
  const rows = cleanFor(view, faults).map((fault) => [
    { text: fault.id },
    { text: fault.service },
    { text: fault.match },
    { text: effectText(fault) },
    { text: timesText(fault), color: paint.gray },
  ]);
  return `${renderTable(rows, { columns: view.columns, indent: 0, minimum: [7, 8, 10, 10, 10] }).join('\n')}\n`;
}

function effectText({ effect, delayMs }: Fault): string {
  const delay = delayMs > 0 ? `${delayMs} ms later` : '';
  if (effect.kind === 'none') return delay;
  return [kindText(effect), delay].filter((text) => text !== '').join(', ');
}

function kindText(effect: FaultEffect): string {
  if (effect.kind === 'stale') return `stale: ${effect.status} ${effect.answers} times after a write`;
  if (effect.kind !== 'status') return effect.kind;
  const retry = effect.retryAfterS === undefined ? '' : `, retry after ${effect.retryAfterS} s`;
  return `status ${effect.status}${retry}${effect.body === undefined ? '' : ', with a body'}`;
}

function timesText({ nth, times, applied }: Fault): string {
  const wanted = times === null ? 'until cleared' : `${times} ${times === 1 ? 'time' : 'times'}`;
  return `${nth === 1 ? '' : `from request ${nth}, `}${wanted}; met ${applied}`;
}

/** Returns `local log` for people: the newest lines, and how many requests each service had. */
export function renderLedgerText({ requests, lines }: LedgerReport, view: TextView): string {
  const paint = paintOf(view.color);
  const total = Object.entries(requests).map(([service, count]) => `${service} ${count}`);
  const head = total.length === 0 ? 'No requests yet.' : `Requests: ${total.join(', ')}.`;
  const rows = cleanFor(view, lines.slice(-shownLines)).map((line) => [
    { text: line.time.slice(11, 23), color: paint.gray },
    { text: line.service },
    { text: line.method },
    { text: line.path },
    { text: line.status === null ? 'none' : String(line.status), color: statusColor(line, paint) },
    { text: `${line.ms} ms`, color: paint.gray },
    { text: `${line.bytesIn} in, ${line.bytesOut} out`, color: paint.gray },
    { text: line.faults.join(' '), color: paint.red },
  ]);
  const table = rows.length === 0 ? [] : renderTable(rows, { columns: view.columns, indent: 0, minimum: [12, 8, 4, 20, 4, 5, 10, 0] });
  return `${[...table, paint.bold(head)].join('\n')}\n`;
}

function statusColor({ status }: LedgerLine, paint: ReturnType<typeof paintOf>): ((text: string) => string) | undefined {
  return status === null || status >= 400 ? paint.red : undefined;
}

/** Returns `local routes` for people: the endpoints by service. */
export function renderRoutesText(routes: readonly LocalRoute[], view: TextView): string {
  const paint = paintOf(view.color);
  const groups = new Map<string, string[]>();
  for (const { service, part, method, path } of cleanFor(view, routes)) {
    const title = `${service} · ${part}`;
    groups.set(title, [...(groups.get(title) ?? []), `  ${method.padEnd(6)} ${path}`]);
  }
  const lines = [...groups].flatMap(([title, paths]) => [paint.bold(title), ...paths, '']);
  return `${[...lines, `${routes.length} endpoints; anything else answers 404 in the vendor's shape.`].join('\n')}\n`;
}

/** Returns a line that a POSIX shell takes as it is meant, whatever the value holds. */
export function exportLine([name, value]: readonly [string, string]): string {
  return `export ${name}=${shellQuoted(value)}\n`;
}
