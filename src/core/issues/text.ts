import type { Evidence } from '../gate/model.ts';
import { markdownWithCode, markWord, plainMarkdown } from '../markdown.ts';
import type { RunReport } from '../report.ts';

/** Where what an issue says can be looked up. */
export interface CheckEvidence {
  /** The kept report. */
  readonly file: Evidence;
  /** Page of the CI job that the tool runs in; null elsewhere. */
  readonly jobUrl: string | null;
}

/** What an issue says of its check. */
interface CheckText {
  readonly report: RunReport;
  readonly seen: {
    readonly title: string;
    readonly seen: string;
    readonly expected: string;
    readonly message?: string | undefined;
    readonly fix?: string | undefined;
  };
  /** What closed it; null while it is red. */
  readonly resolution: string | null;
  readonly evidence: CheckEvidence;
}

const end = '<!-- /jv-staging check -->';

/** Returns the text by which all issues of an environment are found. */
export function environmentMark(environment: string): string {
  return `<!-- jv-staging check ${markWord(environment)}/`;
}

/** Returns the text by which the issue of one check is found; in its body the newest run follows. */
export function checkMark(environment: string, check: string): string {
  return `${environmentMark(environment)}${check.split('/').map(markWord).join('/')} `;
}

/** Returns the run that an issue speaks of, or undefined when it names none. Ids begin with the time, so the greater is the newer. */
export function markedRun(body: string, mark: string): string | undefined {
  return /^run_[0-9a-z]+/.exec(body.slice(body.indexOf(mark) + mark.length))?.[0];
}

/** Returns a body whose block is this one: what people wrote around it stays. */
export function withBlock(body: string | undefined, mark: string, block: string): string {
  const from = body?.indexOf(mark) ?? -1;
  if (body === undefined || from === -1) return `${block}\n`;
  const to = body.indexOf(end, from);
  return `${body.slice(0, from)}${block}${to === -1 ? '' : body.slice(to + end.length)}`;
}

/** Returns what we say of a check, between marks of ours. */
export function blockOf(mark: string, { report, seen, resolution, evidence }: CheckText): string {
  const rows: (readonly [string, string | undefined])[] = [
    ['Seen', plainMarkdown(seen.seen)],
    ['Expected', plainMarkdown(seen.expected)],
    ['Why', resolution === null && seen.message ? plainMarkdown(seen.message) : undefined],
    ['Fix', resolution === null && seen.fix ? markdownWithCode(seen.fix) : undefined],
    ['Resolution', resolution === null ? undefined : plainMarkdown(resolution)],
    ['Commit', report.gitSha === null ? 'unknown' : `<code>${plainMarkdown(report.gitSha)}</code>`],
    ['Release', plainMarkdown(report.releaseId ?? 'none')],
    ['Run', `<code>${plainMarkdown(report.runId)}</code>, ${plainMarkdown(report.startedAt)}`],
    ['Evidence', `<code>${plainMarkdown(evidence.file.file)}</code>, sha256 <code>${evidence.file.sha256}</code>`],
    ['Job', evidence.jobUrl === null ? undefined : `<${evidence.jobUrl}>`],
  ];
  const how = resolution === null ? 'is red' : 'is green again';
  return [
    `${mark}${report.runId} -->`,
    `**${plainMarkdown(seen.title)}** ${how} on ${plainMarkdown(report.environment)}.`,
    '',
    '| | |',
    '| --- | --- |',
    ...rows.flatMap(([name, text]) => (text === undefined ? [] : [`| ${name} | ${text} |`])),
    '',
    '`jv-staging report --issues` keeps this part up to date, and closes the issue when the check is green. What is written around it stays.',
    '',
    end,
  ].join('\n');
}
