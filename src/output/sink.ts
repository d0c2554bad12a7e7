import { createRedactor, escapeControl, mapTexts, type Redactor } from '../core/redaction.ts';
import { withoutCommands } from './github.ts';

/** The part of a standard stream that the sink writes to. */
export interface OutputStream {
  write(text: string): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'drain', listener: () => void): unknown;
  readonly writableLength?: number;
  /** True once the stream is destroyed; a write would fail. */
  readonly destroyed?: boolean;
}

/** The one way out for every byte: redacted, control characters of data made visible, and no crash when the reader has gone. */
export interface Sink {
  /** Makes these values secret from now on (those of 6 characters and more). */
  protect(secrets: Iterable<string>): void;
  /** Returns the text redacted, as the sink would. */
  readonly redact: Redactor;
  /** Returns data redacted and its control characters visible: put every text from elsewhere through it before laying it out. */
  clean<T>(value: T): T;
  /** Writes text of ours to stdout: colours (SGR) pass, all other control characters are made visible. */
  out(text: string): void;
  /** Writes text of ours to stderr, like `out`. */
  err(text: string): void;
  /** Writes one JSON value as one line to stdout. */
  json(value: unknown): void;
  /** Writes commands of ours for the CI service to stderr; redacted, nothing escaped. */
  command(text: string): void;
  /** Writes a line of JSON that is redacted already to stdout, as it is. */
  line(text: string): void;
  /** Writes terminal control (the task tree's frames) to stderr; redacted, nothing escaped: its data was cleaned before. */
  terminal(frame: string): void;
  /** Resolves when everything is handed over, or cannot be: the launcher says so and sets the exit code. */
  flush(): Promise<void>;
}

/** How a sink treats what passes it. */
export interface SinkOptions {
  /** Another redactor only where credentials are what was asked for. */
  readonly redactorOf?: (secrets: Iterable<string>) => Redactor;
  /** True: GitHub Actions reads along, and must take nothing that is not ours for a command. */
  readonly inGitHub?: boolean;
}

/** Returns a sink over these two streams. `secrets` can be added to later by `protect`. */
export function createSink(
  streams: { readonly stdout: OutputStream; readonly stderr: OutputStream },
  secrets: Iterable<string> = [],
  { redactorOf = createRedactor, inGitHub = false }: SinkOptions = {},
): Sink {
  const known = new Set(secrets);
  let redactor = redactorOf(known);
  const redact: Redactor = (text) => redactor(text);
  const guarded = (text: string) => (inGitHub ? withoutCommands(text) : text);
  const stdout = openExit(streams.stdout);
  const stderr = openExit(streams.stderr);
  return {
    protect: (more) => {
      const before = known.size;
      for (const secret of more) known.add(secret);
      if (known.size !== before) redactor = redactorOf(known);
    },
    redact,
    clean: (value) => mapTexts(value, (text) => escapeControl(redact(text))),
    out: (text) => stdout.write(guarded(escapeAllButColour(redact(text)))),
    err: (text) => stderr.write(guarded(escapeAllButColour(redact(text)))),
    json: (value) => stdout.write(`${toJsonLine(value, redact)}\n`),
    command: (text) => stderr.write(redact(text)),
    line: (text) => stdout.write(text),
    terminal: (frame) => stderr.write(redact(frame)),
    flush: async () => {
      await stderr.drained();
      await stdout.drained();
    },
  };
}

/** Returns a value as one line of JSON: texts redacted, `undefined` as null, invisible characters as `\u…`. */
export function toJsonLine(value: unknown, redact: Redactor): string {
  // In `##[` GitHub's runner would find a command, anywhere in a line.
  const json = JSON.stringify(mapTexts(value, redact)).replaceAll('##[', String.raw`##\u005b`);
  // JSON escapes C0 itself; the rest of what a terminal may act on is only found inside its strings.
  return json.replaceAll(
    /[\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

// eslint-disable-next-line no-control-regex -- our own colours
const colour = /(\u001B\[[\d;]*m)/;

/** Escapes control characters but line feeds and the colour sequences that we write ourselves. */
function escapeAllButColour(text: string): string {
  return text
    .split(colour)
    .map((part, place) => (place % 2 === 1 ? part : escapeControl(part)))
    .join('');
}

interface Exit {
  write(text: string): void;
  drained(): Promise<void>;
}

function openExit(stream: OutputStream): Exit {
  let closed = false;
  let waiting: (() => void)[] = [];
  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  };
  stream.on('error', () => {
    closed = true;
    wake();
  });
  stream.on('drain', wake);
  return {
    write: (text) => {
      if (!closed && stream.destroyed !== true && text !== '') stream.write(text);
    },
    drained: () =>
      closed || stream.destroyed === true || (stream.writableLength ?? 0) === 0
        ? new Promise((resolve) => setImmediate(resolve))
        : new Promise((resolve) => waiting.push(resolve)),
  };
}
