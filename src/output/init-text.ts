import { flagOf, type GivenAnswer } from '../core/init/answers.ts';

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
  const list = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]);
  return [
    ...list('Found:', seen),
    ...list(
      'Taken (a flag changes it):',
      answers.map(({ name, value, from }) => `${flagOf(name).padEnd(width)}  ${value}  (${from})`),
    ),
    ...list('Look at:', open),
    ...list('Next:', next),
  ].join('\n');
}
