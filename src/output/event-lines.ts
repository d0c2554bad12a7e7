import type { EventSink, RunEvent } from '../core/run/events.ts';
import type { Redactor } from '../core/redaction.ts';
import { toJsonLine } from './sink.ts';

/** Returns a receiver that hands each event over as one line of JSON with its line feed, redacted (`--events FILE|-`). */
export function createEventLines(write: (line: string) => void, redact: Redactor): EventSink {
  return (event) => write(`${toJsonLine(withoutPanel(event), redact)}\n`);
}

/** A panel says what the note says, for people. */
function withoutPanel(event: RunEvent): RunEvent {
  if (event.type !== 'step-note') return event;
  const { panel: _panel, ...rest } = event;
  return rest;
}
