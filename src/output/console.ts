import { exitCodeOf, StagingError } from '../core/errors.ts';
import { errorView } from './error-view.ts';
import type { EventSink } from '../core/run/events.ts';
import type { RunReport } from '../core/report.ts';
import { type Asking, askText, askYes, canAsk } from './ask.ts';
import { renderErrorText, renderUpSummary } from './human.ts';
import { annotationCommands, endGroupCommand, type FilePlace, groupCommand, maskCommands, placeAnnotation } from './github.ts';
import { failureEnvelope, successEnvelope } from './json.ts';
import { exportLine } from './local-text.ts';
import { colorLevel, type TextView } from './paint.ts';
import { renderReport, type ReportFormat } from './report-formats.ts';
import { createSink, type Sink } from './sink.ts';
import { createEventLines } from './event-lines.ts';
import { createTreeDrawer, type Drawer } from './task-tree.ts';
import { type Results, results } from './results.ts';

/** A standard stream with the terminal behind it, if any. */
type Terminal = NodeJS.WriteStream;

/** What the console depends on. */
export interface ConsoleOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** With true stdout holds exactly one JSON object and stderr stays silent. */
  readonly json: boolean;
  /** `NO_COLOR`, `FORCE_COLOR` and `TERM` as they stand in the environment. */
  readonly environment: {
    readonly noColor: string | undefined;
    readonly forceColor: string | undefined;
    readonly term: string | undefined;
  };
  /** Returns every secret that is known by now; asked before each output. */
  readonly secrets: () => Iterable<string>;
  /** True when GitHub Actions runs us. */
  readonly inGitHub: boolean;
}

/** Where a report was kept. */
export interface KeptReport {
  /** Of the HTML page, as people type it. */
  readonly shownPath: string;
  /** The configuration's path within the repository, for GitHub Actions. */
  readonly configPath: string | undefined;
}

/** Everything that a command prints: results on stdout, the story on stderr, all of it redacted. */
export interface Console extends Results {
  /** Returns what draws the steps of a run; in GitHub Actions its lines are a group of this title. */
  tree(steps: readonly { readonly id: string; readonly title: string }[], title: string): Drawer;
  /** Returns what writes the events of a run as lines of JSON: to `write`, else to stdout. */
  eventLines(write: ((line: string) => void) | undefined): EventSink;
  report(report: RunReport, kept: KeptReport, stopCommand: string | undefined): void;
  /** Prints a report as a format has it, as the result. */
  rendered(report: RunReport, format: ReportFormat): Promise<void>;
  /** Says where the report of a gate lies, and tells GitHub Actions, if it runs us, what is not green. */
  kept(report: RunReport, kept: KeptReport): void;
  /** Asks a question that is answered with yes or no; undefined when there is nobody to ask. */
  ask(question: string): Promise<boolean | undefined>;
  /** Asks for a text; undefined when there is nobody to ask, or who is asked has gone. */
  askText(question: string): Promise<string | undefined>;
  /** Prints variables as shell exports; credentials of the local cloud are not hidden here. */
  exports(variables: Readonly<Record<string, string>>): void;
  /** Tells GitHub Actions, if it runs us, which values to hide in the rest of the job; each once. */
  mask(): void;
  /** Annotates the place of an error in a file of the repository, in GitHub Actions. */
  annotate(place: FilePlace | undefined, error: unknown): void;
  /** Says on stderr what went wrong beside the command's own work, and changes nothing. */
  warning(text: string): void;
  /** Prints a failure: one of ours as what happened and what mends it, a bug with its stack. */
  error(error: unknown, options: { readonly verbose: boolean }): void;
  /** Prints the one object of `--json` for a success. */
  success(command: string, data: unknown): void;
  /** Like `success`, for data that is credentials of the local cloud. */
  openSuccess(command: string, data: unknown): void;
  /** Resolves when everything is handed over, or cannot be. */
  flush(): Promise<void>;
  /** Prints the one object of `--json` for a failure. */
  failure(command: string, error: unknown): void;
}

/** Returns the console over two streams. */
export function createConsole(options: ConsoleOptions): Console {
  const { stdout, stderr, json, environment, inGitHub } = options;
  const sink = createSink({ stdout, stderr }, [], { inGitHub });
  /** For the local cloud's own credentials, which open nothing else and are asked for. */
  const open = createSink({ stdout, stderr }, [], { redactorOf: () => (text) => text });
  const viewOf = (stream: Terminal): TextView => ({
    columns: stream.columns > 0 ? stream.columns : 80,
    color: colorLevel({ isTty: stream.isTTY, ...environment }),
    redact: sink.redact,
  });
  const protect = () => sink.protect(options.secrets());
  const out = (render: (view: TextView) => string) => {
    protect();
    if (!json) sink.out(render(viewOf(stdout)));
  };
  const through: Through = { sink, protect, out, json, inGitHub, page: () => viewOf(stdout) };
  const asked = async <Answer>(ask: (asking: Asking) => Promise<Answer>) => {
    const asking = { input: options.stdin, output: stderr };
    if (json || !canAsk(asking)) return undefined;
    await sink.flush();
    return ask(asking);
  };
  const job = asides(through, open, options.secrets);
  return {
    ...results(out),
    ...job,
    ...reports(through),
    tree: (upfront, title) => groupedTree({ ...through, mask: job.mask, terminal: stderr, color: viewOf(stderr).color }, upfront, title),
    eventLines: (write) => {
      const lines = createEventLines(write ?? sink.line, sink.redact);
      return (event) => {
        protect();
        lines(event);
      };
    },
    ask: (question) => asked((asking) => askYes(asking, question)),
    askText: (question) => asked((asking) => askText(asking, sink.clean(question))),
    exports: (variables) => {
      if (!json) open.out(Object.entries(variables).map(exportLine).join(''));
    },
    error: (error, { verbose }) => {
      protect();
      sink.err(renderErrorText(errorView(error, verbose), exitCodeOf(error), viewOf(stderr)));
    },
    success: (command, data) => {
      protect();
      sink.json(successEnvelope(command, data));
    },
    openSuccess: (command, data) => open.json(successEnvelope(command, data)),
    failure: (command, error) => {
      protect();
      sink.json(failureEnvelope(command, errorView(error, false), error instanceof StagingError ? error.data : undefined));
    },
    flush: async () => {
      await open.flush();
      await sink.flush();
    },
  };
}

/** What the parts of the console print through. */
interface Through {
  readonly sink: Sink;
  /** Hides the secrets that are known by now. */
  readonly protect: () => void;
  readonly out: (render: (view: TextView) => string) => void;
  readonly json: boolean;
  readonly inGitHub: boolean;
  readonly page: () => TextView;
}

/** Draws steps; in GitHub Actions their lines are a group. */
function groupedTree(
  {
    sink,
    protect,
    json,
    inGitHub,
    terminal,
    color,
    mask,
  }: Through & { readonly mask: () => void; readonly terminal: Terminal; readonly color: TextView['color'] },
  upfront: Parameters<Console['tree']>[0],
  title: string,
): Drawer {
  mask();
  protect();
  const grouped = inGitHub && !json;
  if (grouped) sink.command(groupCommand(title));
  const mode = json ? 'none' : 'auto';
  const drawer = createTreeDrawer({ mode, sink, terminal, isTty: terminal.isTTY, color, upfront });
  return {
    events: (event) => {
      protect();
      drawer.events(event);
    },
    close: async () => {
      await drawer.close();
      if (grouped) sink.command(endGroupCommand);
    },
  };
}

/** What is said beside the results: warnings, and what only GitHub Actions is told (what to hide, where an error lies). `open` redacts nothing. */
function asides({ sink, protect, json, inGitHub }: Through, open: Sink, secrets: () => Iterable<string>) {
  const masked = new Set<string>();
  return {
    mask: () => {
      if (!inGitHub) return;
      const fresh = [...secrets()].filter((secret) => !masked.has(secret));
      for (const secret of fresh) masked.add(secret);
      // The one line that names a secret: the runner takes it and shows none of it.
      open.command(maskCommands(fresh));
    },
    annotate: (place, error) => {
      protect();
      if (!inGitHub || json || place === undefined || !(error instanceof StagingError)) return;
      sink.command(placeAnnotation(sink.clean(place), { code: error.code, message: sink.clean(error.message) }));
    },
    warning: (text) => {
      protect();
      if (!json) sink.err(`Warning: ${sink.clean(text)}\n`);
    },
  } satisfies Partial<Console>;
}

/** Reports of runs, for people and for GitHub Actions. */
function reports({ sink, protect, out, json, inGitHub, page }: Through) {
  const annotate = (report: RunReport, configPath: string | undefined) => {
    if (inGitHub && !json) sink.command(annotationCommands(report, sink.redact, configPath));
  };
  return {
    rendered: async (report, format) => {
      protect();
      const text = json ? '' : await renderReport(report, format, sink.redact, page());
      sink.out(text);
    },
    report: (report, { shownPath, configPath }, stopCommand) => {
      out((view) => renderUpSummary(report, { reportPath: shownPath, stopCommand }, view));
      annotate(report, configPath);
    },
    kept: (report, { shownPath, configPath }) => {
      protect();
      if (!json) sink.err(`Report: ${sink.clean(shownPath)}\n`);
      annotate(report, configPath);
    },
  } satisfies Partial<Console>;
}
