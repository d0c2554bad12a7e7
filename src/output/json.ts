import type { Redactor } from '../core/redaction.ts';
import type { RunReport } from '../core/report.ts';
import { toJsonLine } from './sink.ts';

/** An error as every output format shows it. */
export interface ErrorView {
  /** `SUBJECT_PROBLEM`, or `BUG`. */
  readonly code: string;
  readonly message: string;
  readonly fix?: string | null | undefined;
}

/** What `--json` prints: exactly one object. */
export type Envelope =
  | { readonly ok: true; readonly command: string; readonly data: unknown }
  | {
      readonly ok: false;
      readonly command: string;
      readonly error: { readonly code: string; readonly message: string; readonly fix: string | null };
      readonly data?: unknown;
    };

/** Returns the envelope of a command that did its work; nothing to say is `null`. */
export function successEnvelope(command: string, data: unknown): Envelope {
  return { ok: true, command, data: data ?? null };
}

/** Returns the envelope of a command that failed; `data` is what it had found out until then, left out when there is nothing. */
export function failureEnvelope(command: string, error: ErrorView, data?: unknown): Envelope {
  const shown = { code: error.code, message: error.message, fix: error.fix ?? null };
  return data === undefined ? { ok: false, command, error: shown } : { ok: false, command, error: shown, data };
}

/** Returns a run's report as the text of `report.json`: one line of JSON, redacted, and its line feed. */
export function renderReportJson(report: RunReport, redact: Redactor): string {
  return `${toJsonLine(report, redact)}\n`;
}
