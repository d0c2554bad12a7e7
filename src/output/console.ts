import { exitCodeOf, StagingError } from '../core/errors.ts';
import type { LocalStatus } from '../core/local-endpoints.ts';
import type { RunReport } from '../core/report.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import type { StageResult } from '../core/verdict.ts';
import { renderErrorText, renderStageText, renderUpSummary } from './human.ts';
import { failureEnvelope, renderEnvelope, successEnvelope } from './json.ts';
import { colorLevel, type TextView } from './paint.ts';
import { createSink } from './sink.ts';
import { renderDoctorText, renderLocalStatusText, renderStatusText } from './status-text.ts';
import { createTreeDrawer, type Drawer } from './task-tree.ts';

/** A standard stream with the terminal behind it, if any. */
type Terminal = NodeJS.WriteStream;

/** What the console depends on. */
export interface ConsoleOptions {
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
}

/** Everything that a command prints: results on stdout, the story on stderr, all of it redacted. */
export interface Console {
  /** Returns what draws the steps of a run. */
  tree(steps: readonly { readonly id: string; readonly title: string }[]): Drawer;
  stage(result: StageResult): void;
  doctor(result: StageResult): void;
  report(report: RunReport, files: { readonly html: string }, stopCommand: string | undefined): void;
  status(status: EnvironmentStatus): void;
  localStatus(status: LocalStatus): void;
  /** Prints variables as shell exports; credentials of the local cloud are not hidden here. */
  exports(variables: Readonly<Record<string, string>>): void;
  line(text: string): void;
  /** Prints a failure: one of ours as what happened and what mends it, a bug with its stack. */
  error(error: unknown, options: { readonly verbose: boolean }): void;
  /** Prints the one object of `--json` for a success. */
  success(command: string, data: unknown): void;
  /** Prints the one object of `--json` for a failure. */
  failure(command: string, error: unknown): void;
}

/** Returns the console over two streams. */
export function createConsole(options: ConsoleOptions): Console {
  const { stdout, stderr, json, environment } = options;
  const sink = createSink({ stdout, stderr });
  const view = (stream: Terminal): TextView => ({
    columns: stream.columns !== undefined && stream.columns > 0 ? stream.columns : 80,
    color: colorLevel({ isTty: stream.isTTY, ...environment }),
    redact: sink.redact,
  });
  const protect = () => sink.protect(options.secrets());
  const out = (render: (view: TextView) => string) => {
    protect();
    if (!json) sink.out(render(view(stdout)));
  };
  return {
    tree: (upfront) => {
      protect();
      const drawer = createTreeDrawer({
        mode: json ? 'none' : 'auto',
        sink,
        terminal: stderr,
        isTty: stderr.isTTY,
        color: view(stderr).color,
        upfront,
      });
      return {
        events: (event) => {
          protect();
          drawer.events(event);
        },
        close: drawer.close,
      };
    },
    stage: (result) => out((page) => renderStageText(result, page)),
    doctor: (result) => out((page) => renderDoctorText(result.findings, page)),
    report: (report, files, stopCommand) => out((page) => renderUpSummary(report, { reportPath: files.html, stopCommand }, page)),
    status: (status) => out((page) => renderStatusText(status, page)),
    localStatus: (status) => out((page) => renderLocalStatusText(status, page)),
    exports: (variables) => {
      if (json) return;
      for (const [name, value] of Object.entries(variables)) stdout.write(`export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`);
    },
    line: (text) => out(() => `${text}\n`),
    error: (error, { verbose }) => {
      protect();
      const seen = errorView(error, verbose);
      sink.err(renderErrorText(seen, exitCodeOf(error), view(stderr)));
    },
    success: (command, data) => {
      protect();
      sink.out(`${renderEnvelope(successEnvelope(command, data), sink.redact)}\n`);
    },
    failure: (command, error) => {
      protect();
      const data = error instanceof StagingError ? error.data : undefined;
      sink.out(`${renderEnvelope(failureEnvelope(command, errorView(error, false), data), sink.redact)}\n`);
    },
  };
}

function errorView(
  error: unknown,
  verbose: boolean,
): { readonly code: string; readonly message: string; readonly fix: string | undefined } {
  if (error instanceof StagingError) {
    return { code: error.code, message: verbose ? withCauses(error) : error.message, fix: error.fix };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'BUG', message, fix: 'Report this with the command that you ran: it is a bug of jv-staging.' };
}

function withCauses(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
