import { isFields } from '../requests.ts';

/** What an envelope holds that is kept: events; sessions, transactions and reports are taken and left out. */
export interface Envelope {
  readonly header: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

const newline = 0x0a;

/** Reads an envelope (develop.sentry.dev/sdk/data-model/envelopes, read 2026-11-22): a header line, then an item's header line and its bytes, and so on. Returns undefined when it is none. */
export function readEnvelope(bytes: Buffer): Envelope | undefined {
  const header = lineAt(bytes, 0);
  if (header?.fields === undefined) return undefined;
  const events: Readonly<Record<string, unknown>>[] = [];
  let at = header.next;
  while (at < bytes.length) {
    if (bytes[at] === newline) {
      at += 1;
      continue;
    }
    const item = lineAt(bytes, at);
    if (item?.fields === undefined) return undefined;
    const length = item.fields['length'];
    const end = typeof length === 'number' ? item.next + length : endOfLine(bytes, item.next);
    if (end > bytes.length) return undefined;
    if (item.fields['type'] === 'event') {
      const event = parse(bytes.subarray(item.next, end));
      if (event === undefined) return undefined;
      events.push(event);
    }
    at = end + 1;
  }
  return { header: header.fields, events };
}

function lineAt(bytes: Buffer, at: number) {
  const end = endOfLine(bytes, at);
  return { fields: parse(bytes.subarray(at, end)), next: end + 1 };
}

function endOfLine(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(newline, at);
  return end === -1 ? bytes.length : end;
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
