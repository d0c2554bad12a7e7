import type { Notice, NoticeKind } from '../../core/notify/notice.ts';
import type { Verdict } from '../../core/verdict.ts';

/** A text of Slack's (docs.slack.dev/reference/block-kit/composition-objects/text-object, read 2026-11-22 for the local cloud). */
interface SlackText {
  readonly type: 'plain_text' | 'mrkdwn';
  readonly text: string;
}

/** A block of a message. */
export type SlackBlock =
  | { readonly type: 'header' | 'section'; readonly text: SlackText }
  | { readonly type: 'context'; readonly elements: readonly SlackText[] };

/** What a message is posted with: `text` is what a notification shows, and what stands where blocks cannot be drawn. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

/** Longest text of a header and of a section (docs.slack.dev/reference/block-kit/blocks: 150 and 3000), with room for an ellipsis. */
const headerLength = 149;
const sectionLength = 2999;

const signs = { green: '✅', red: '❌', inconclusive: '⚠️', skipped: '⏭️' } as const satisfies Record<Verdict, string>;

/** Returns the message for a notice. What comes from elsewhere formats nothing, mentions nobody and links nowhere. */
export function slackMessage(notice: Notice): SlackMessage {
  const title = titleOf(notice);
  const release = notice.releaseId === null ? [] : [`release ${notice.releaseId}`];
  const commit = notice.gitSha === null ? [] : [`commit ${notice.gitSha.slice(0, 12)}`];
  const facts = [...release, ...commit, notice.url, `by ${notice.actor}`].map(plain).join(' · ');
  const job = notice.jobUrl === null ? '' : ` · <${notice.jobUrl}|CI job>`;
  const stages = notice.stages.map(({ stage, verdict, summary }) => `${signs[verdict]} *${plain(stage)}*: ${plain(summary)}`);
  return {
    text: plain(title),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(title, headerLength) } },
      ...section(stages),
      ...section(problemLines(notice)),
      { type: 'context', elements: [{ type: 'mrkdwn', text: cut(`${facts}${job}`, sectionLength) }] },
    ],
  };
}

const endings = { success: 'is green', failure: 'is not green', recovery: 'is green again' } as const satisfies Record<NoticeKind, string>;
const titleSigns = { success: '✅', failure: '❌', recovery: '💚' } as const satisfies Record<NoticeKind, string>;

function titleOf({ kind, environment, command }: Notice): string {
  return `${titleSigns[kind]} ${environment} ${endings[kind]}: ${command}`;
}

function problemLines({ problems, moreProblems }: Notice): readonly string[] {
  const lines = problems.map(({ title, seen, expected, fix }) => {
    const mend = fix === null ? '' : `\n    Fix: ${plain(fix)}`;
    return `• *${plain(title)}*: seen ${plain(seen)}, expected ${plain(expected)}${mend}`;
  });
  return moreProblems === 0 ? lines : [...lines, `and ${moreProblems} more`];
}

/** Lines as one section; what does not fit is left out at a line's end. */
function section(lines: readonly string[]): readonly SlackBlock[] {
  if (lines.length === 0) return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: cut(lines.join('\n'), sectionLength) } }];
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** docs.slack.dev/messaging/formatting-message-text: these three are escaped; a zero-width space takes the rest its meaning. */
function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[*_~`]/g, (char) => `\u200B${char}\u200B`)
    .replaceAll(/\s*\n\s*/g, ' ');
}
