import type { Finding } from './verdict.ts';

/** One thing that is wrong: what was seen, what was expected, what happened, and how to mend it. */
export interface Problem {
  /** The value seen, with its unit; never a secret. */
  readonly seen: string;
  readonly expected: string;
  /** One whole sentence. */
  readonly message: string;
  /** Starts with a verb and can be pasted. */
  readonly fix: string;
}

/** What a finding says beside its verdict. */
export interface Judged {
  readonly id: string;
  readonly title: string;
  /** The value seen when nothing is wrong. */
  readonly seen: string;
  /** The value expected when nothing is wrong. */
  readonly expected: string;
  readonly problems: readonly Problem[];
  readonly durationMs: number;
}

/** Returns the finding: green without problems, else red with all of them (the first one's fix). */
export function findingOf({ id, title, seen, expected, problems, durationMs }: Judged): Finding {
  const [first] = problems;
  if (first === undefined) return { id, title, verdict: 'green', seen, expected, durationMs };
  return {
    id,
    title,
    verdict: 'red',
    seen: problems.map((problem) => problem.seen).join('; '),
    expected: problems.map((problem) => problem.expected).join('; '),
    message: problems.map((problem) => problem.message).join(' '),
    fix: first.fix,
    durationMs,
  };
}

/** Returns a foreign text cut to `length` characters on one line, without control and direction characters. */
export function clip(text: string, length = 80): string {
  const tidy = text
    .slice(0, length * 8)
    .replaceAll(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  const characters = Array.from(tidy);
  return characters.length <= length ? tidy : `${characters.slice(0, length - 1).join('')}…`;
}

/** Returns a foreign text in quotation marks, cut and tidied. */
export function quoted(text: string): string {
  return `"${clip(text)}"`;
}

/** Returns the finding with one more problem: red, whatever it was. */
export function withProblem(finding: Finding, problem: Problem): Finding {
  if (finding.verdict === 'green') return { ...finding, verdict: 'red', ...problem };
  return {
    ...finding,
    verdict: 'red',
    seen: `${finding.seen}; ${problem.seen}`,
    expected: `${finding.expected}; ${problem.expected}`,
    message: [finding.message, problem.message].filter((message) => message !== undefined).join(' '),
    fix: finding.fix ?? problem.fix,
  };
}
