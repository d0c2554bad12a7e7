import { StagingError } from '../core/errors.ts';
import {
  type AnswerName,
  answerProblem,
  type Answers,
  flagOf,
  type GivenAnswer,
  nextSuggestion,
  type Suggestion,
} from '../core/init/answers.ts';
import type { Repository } from '../core/init/repository.ts';
import { printable } from '../core/printable.ts';

/** How answers are come by. */
export interface Interview {
  readonly repository: Repository;
  /** What the flags say. */
  readonly given: Partial<Record<AnswerName, string | undefined>>;
  /** What the configuration that is there already says, and its name. */
  readonly configured?: { readonly answers: Partial<Answers>; readonly file: string } | undefined;
  /** True: nobody is asked; what is suggested is taken. */
  readonly takesSuggestions: boolean;
  /** Asks a person; undefined when there is nobody. An empty answer takes what is suggested. */
  readonly ask: (question: string) => Promise<string | undefined>;
}

/**
 * Returns every answer that a configuration needs: by flag, as configured, found in the repository, or asked for. Throws `INIT_ANSWER_INVALID` for a flag
 * that cannot be one, `INIT_ANSWERS_MISSING` when something is open and there is nobody to ask (both kind `usage`).
 */
export async function completeAnswers(interview: Interview): Promise<readonly GivenAnswer[]> {
  const answers: GivenAnswer[] = [];
  const known: Partial<Record<AnswerName, string>> = {};
  for (const [name, value] of flagAnswers(interview.given)) {
    known[name] = value;
    answers.push({ name, value, from: flagOf(name) });
  }
  const { configured } = interview;
  for (let next = nextSuggestion(interview.repository, known); next !== undefined; next = nextSuggestion(interview.repository, known)) {
    const held = configured?.answers[next.name];
    if (configured !== undefined && held !== undefined) {
      known[next.name] = held;
      answers.push({ name: next.name, value: held, from: configured.file });
      continue;
    }
    const answer = next.found || interview.takesSuggestions ? next : await asked(next, interview);
    known[answer.name] = answer.value;
    answers.push({ name: answer.name, value: answer.value, from: answer.from });
  }
  return answers;
}

/** Returns the answers by name. */
export function answersByName(answers: readonly GivenAnswer[]): Answers {
  const of = (name: AnswerName) => answers.find((answer) => answer.name === name)?.value ?? '';
  return { name: of('name'), productionDomain: of('productionDomain'), domain: of('domain'), branch: of('branch'), region: of('region') };
}

function flagAnswers(given: Interview['given']): readonly (readonly [AnswerName, string])[] {
  const names: readonly AnswerName[] = ['name', 'productionDomain', 'domain', 'branch', 'region'];
  return names.flatMap((name) => {
    const value = given[name];
    if (value === undefined) return [];
    const expected = answerProblem(name, value);
    if (expected === undefined) return [[name, value] as const];
    throw new StagingError(
      'usage',
      'INIT_ANSWER_INVALID',
      `${flagOf(name)} is ${printable(JSON.stringify(value))}, expected ${expected}.`,
      {
        fix: `Give ${flagOf(name)} another value, or leave it out.`,
      },
    );
  });
}

async function asked(suggestion: Suggestion, { ask, repository, given }: Interview): Promise<Omit<Suggestion, 'found' | 'question'>> {
  const { name, question, value } = suggestion;
  for (let hint = ''; ;) {
    const answer = await ask(`${question}${hint} [${value}]: `);
    if (answer === undefined) throw nobodyToAsk(suggestion, repository, given);
    if (answer === '') return suggestion;
    const expected = answerProblem(name, answer);
    if (expected === undefined) return { name, value: answer, from: 'your answer' };
    hint = ` (${expected})`;
  }
}

function nobodyToAsk({ name, question, value }: Suggestion, repository: Repository, given: Interview['given']): StagingError {
  const flag = flagOf(name);
  const message = `There is nobody to ask: ${question}? ${printable(repository.folder)} does not say it.`;
  const others = Object.values(given).some((other) => other !== undefined) ? 'the same flags and ' : '';
  return new StagingError('usage', 'INIT_ANSWERS_MISSING', message, {
    fix: `Run it in a terminal, with ${others}\`${flag} ${value}\`, or with \`--yes\`, which takes what is suggested and says so.`,
  });
}
