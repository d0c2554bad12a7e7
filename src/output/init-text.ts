import { flagOf, type GivenAnswer } from '../core/init/answers.ts';
import { wrapTo } from './text-width.ts';

/** What is said of a new environment. */
export interface ShownInit {
  /** What was seen in the repository. */
  readonly seen: readonly string[];
  readonly answers: readonly GivenAnswer[];
  /** What a person has to look at. */
  readonly open: readonly string[];
  /** Commands that come next. */
  readonly next: readonly string[];
}

/** Renders what was found, what was answered and by whom, what is open, and what to run next. */
export function renderInitText({ seen, answers, open, next }: ShownInit): string {
  const width = Math.max(...answers.map(({ name }) => flagOf(name).length), 0);
  const list = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ['', title, ...lines]);
  return [
    ...list('Found:', seen.flatMap(hanging)),
    ...list(
      'Taken (a flag changes it):',
      answers.map(({ name, value, from }) => `  ${flagOf(name).padEnd(width)}  ${value}  (${from})`),
    ),
    ...list('Look at:', open.flatMap(hanging)),
    // To be pasted, so on one line.
    ...list(
      'Next:',
      next.map((command) => `  ${command}`),
    ),
  ].join('\n');
}

/** A sentence within 80 columns, which goes on below its own beginning. */
function hanging(line: string): readonly string[] {
  return wrapTo(line, 76).map((part, at) => `${at === 0 ? '  ' : '    '}${part}`);
}
