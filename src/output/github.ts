import type { RunReport } from '../core/report.ts';
import type { Finding } from '../core/verdict.ts';
import { cleanFor } from './human.ts';
import type { Redactor } from '../core/redaction.ts';

/** GitHub shows at most ten errors and ten warnings of a step (github.com/orgs/community/discussions/26680, read 2026-11-26). */
const mostAnnotations = 10;

/**
 * Returns text in which the runner of GitHub Actions finds no command: it takes a line that begins with `::` (white space apart) and
 * `##[` anywhere (`actions/runner`, `ActionCommand.TryParseV2` and `TryParse`, read 2026-11-26).
 */
export function withoutCommands(text: string): string {
  return text.replaceAll(/^([^\S\n]*):(?=:)/gm, '$1: ').replaceAll('##[', '## [');
}

/** Shorter values are parts of ordinary words, and none of ours is: hiding them would blacken the log. */
const shortestMask = 6;

/**
 * Returns the commands by which the runner hides these values in every later line of the job, whoever prints them. It compares line by line
 * (docs.github.com, "Masking a value in a log", read 2026-11-26), so a value of several lines is hidden by each.
 */
export function maskCommands(secrets: Iterable<string>): string {
  const lines = new Set([...secrets].flatMap((secret) => secret.split(/\r?\n/)).filter((line) => line.length >= shortestMask));
  return [...lines].map((line) => `::add-mask::${commandData(line)}\n`).join('');
}

/** Returns the annotation for an error that knows its place in a file of the repository. */
export function placeAnnotation(place: FilePlace, { code, message }: { readonly code: string; readonly message: string }): string {
  const { file, line, column } = place;
  return `::error file=${commandProperty(file)},line=${line},col=${column},title=${commandProperty(code)}::${commandData(message)}\n`;
}

/** A place in a file of the repository; the path is relative to its root, line and column count from 1. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Returns the command that begins a group of lines of the log, as one line. */
export function groupCommand(title: string): string {
  return `::group::${commandData(title)}\n`;
}

/** Ends a group. */
export const endGroupCommand = '::endgroup::\n';

/**
 * Returns one annotation a finding that is not green: red ones are errors, inconclusive ones warnings. `configPath` is the
 * configuration's path in the repository, for findings about it.
 */
export function annotationCommands(run: RunReport, redact: Redactor, configPath: string | undefined): string {
  const report = cleanFor({ redact }, run);
  const of = (verdict: Finding['verdict'], command: 'error' | 'warning') =>
    report.stages
      .flatMap(({ stage, findings }) => findings.filter((finding) => finding.verdict === verdict).map((finding) => ({ stage, finding })))
      .slice(0, mostAnnotations)
      .map(({ stage, finding }) => annotation(command, stage, finding, configPath));
  return [...of('red', 'error'), ...of('inconclusive', 'warning')].join('');
}

function annotation(command: 'error' | 'warning', stage: string, finding: Finding, configPath: string | undefined): string {
  const file = finding.about === 'configuration' && configPath !== undefined ? `file=${commandProperty(configPath)},` : '';
  const said = [`seen ${finding.seen}, expected ${finding.expected}.`, finding.message ?? '', finding.fix ? `Fix: ${finding.fix}` : ''];
  const text = said.filter((part) => part !== '').join(' ');
  return `::${command} ${file}title=${commandProperty(`${stage}: ${finding.title}`)}::${commandData(text)}\n`;
}

/** Returns what a later step of the job may read: lines for the file behind `GITHUB_OUTPUT`. */
export function outputLines(run: RunReport, redact: Redactor): string {
  const { url, releaseId, verdict } = cleanFor({ redact }, run);
  const line = (name: string, value: string) => `${name}=${value.replaceAll('\n', ' ')}\n`;
  return [line('url', url), line('release', releaseId ?? ''), line('verdict', verdict)].join('');
}

/** The runner takes these three apart again (`ActionCommand`, `_escapeDataMappings`). */
function commandData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Of a property also `:` and `,` (`ActionCommand`, `_escapePropertyMappings`). */
function commandProperty(text: string): string {
  return commandData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
