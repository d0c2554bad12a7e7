import type { z } from 'zod';

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where: `smoke.checks[2].status`. */
  readonly path: string;
  /** The value seen, shortened; never a secret (secrets do not stand in a configuration, and their values are not read here). */
  readonly seen: string;
  /** What was expected. */
  readonly expected: string;
}

/** Returns what zod found wrong, each problem with its path, the value seen in `input` and the value expected. */
export function problemsOf(error: z.ZodError, input: unknown): readonly ConfigProblem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, input));
}

/** Returns the sentence for a file with problems: how many, then each on a line of its own. */
export function problemsText(file: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.map((problem) => `  ${problem.path}: seen ${problem.seen}, expected ${problem.expected}`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${file} has ${count}:\n${lines.join('\n')}`;
}

function problemsOfIssue(issue: z.core.$ZodIssue, input: unknown): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      seen: 'a key that is not known',
      expected: `one of the known keys of ${issue.path.length === 0 ? 'the configuration' : pathText(issue.path)}`,
    }));
  }
  return [{ path: pathText(issue.path), seen: seenText(valueAt(input, issue.path)), expected: expectedText(issue) }];
}

function expectedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'record' ? 'an object' : `a value of type ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}${issue.origin === 'string' ? ' character(s)' : issue.origin === 'array' ? ' item(s)' : ''}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    case 'invalid_union':
      return typeof issue.discriminator === 'string' ? `a known \`${issue.discriminator}\`` : 'one of the allowed forms';
    default:
      return issue.message;
  }
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(the configuration itself)';
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return Reflect.get(value, part);
  }, input);
}

function seenText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
  const text = JSON.stringify(value);
  // A literal that somebody pasted where a reference belongs could be a secret: long opaque words are not shown.
  if (typeof value === 'string' && /^\S{20,}$/.test(value) && !/^[/.]/.test(value)) return `a text of ${value.length} characters`;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
