import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { AnswerObserver } from '../../../src/local/serve-app.ts';
import type { FetchApp, LocalService } from '../../../src/local/service.ts';
import { type Answer, createJudge, type Judge, type Violation } from './judge.ts';
import type { Vendor } from './specification.ts';
import { toleranceOf } from './tolerated.ts';

/** Name of the file, in the local cloud's folder, into which a recording one writes its answers. */
export const answersFile = 'answers.jsonl';

const judge: Judge = createJudge();

/** What was looked at. */
export interface AnswerCheck {
  readonly answers: number;
  /** Operations of the vendors' files among them. */
  readonly operations: readonly string[];
  /** Answers to requests for which the vendor's file has no operation; only the shape of errors is judged. */
  readonly unspecified: number;
  readonly violations: readonly Violation[];
}

/** Returns what the vendors' OpenAPI files say of these answers; tolerated differences are left out. */
export function checkAnswers(answers: readonly Answer[]): AnswerCheck {
  const operations = new Set<string>();
  const violations = new Map<string, Violation>();
  let unspecified = 0;
  for (const answer of answers) {
    const verdict = judge.judge(answer);
    if (verdict.operation === undefined) unspecified += 1;
    else operations.add(verdict.operation);
    for (const one of verdict.violations) if (!toleranceOf(one)) violations.set(JSON.stringify(one), one);
  }
  return { answers: answers.length, operations: [...operations], unspecified, violations: [...violations.values()] };
}

/** Throws when an answer differs from the vendor's OpenAPI file; writes how much was looked at. */
export function requireSpecifiedAnswers(answers: readonly Answer[]): AnswerCheck {
  const check = checkAnswers(answers);
  const { operations, unspecified, violations } = check;
  if (answers.length === 0) return check;
  process.stdout.write(`OpenAPI: ${check.answers} answers of ${operations.length} operations, ${unspecified} of none.\n`);
  if (violations.length === 0) return check;
  const lines = violations.map(
    ({ vendor, operation, status, at, problem }) => `${vendor} ${operation} ${status} ${at || 'body'} ${problem}`,
  );
  throw new Error(`${violations.length} differences from the vendors' OpenAPI files:\n${lines.join('\n')}`);
}

/** Reads the answers that a recording local cloud left in a file; none when there is no file. */
export function readAnswers(file: string): readonly Answer[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): Answer => JSON.parse(line));
}

/** Returns an observer that adds each answer to a file. */
export function recordAnswers(file: string): AnswerObserver {
  return async (service, request, response) => {
    const answer = await answerOf(service, request, response);
    if (answer) appendFileSync(file, `${JSON.stringify(answer)}\n`);
  };
}

/** Keeps the answers of services that a test asks without a socket. */
export interface AnswerKeeper {
  /** Returns the service's interface, every answer of which is kept. */
  of(service: LocalService): FetchApp;
  /** Throws when a kept answer differs from the vendor's OpenAPI file. */
  verify(): AnswerCheck;
}

/** Returns a keeper with no answers. */
export function keepAnswers(): AnswerKeeper {
  const answers: Answer[] = [];
  return {
    of: (service) => ({
      fetch: async (request, env) => {
        const response = await service.app.fetch(request, env);
        const answer = await answerOf(service.name, request, response);
        if (answer) answers.push(answer);
        return response;
      },
    }),
    verify: () => requireSpecifiedAnswers(answers),
  };
}

async function answerOf(service: LocalService['name'], request: Request, response: Response): Promise<Answer | undefined> {
  const vendor = vendorOf(service);
  if (vendor === undefined) return undefined;
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const body = type === 'application/json' ? await response.clone().text() : '';
  return { vendor, method: request.method, path: new URL(request.url).pathname, status: response.status, type, body };
}

function vendorOf(service: string): Vendor | undefined {
  return service === 'vercel' || service === 'supabase' || service === 'upstash' ? service : undefined;
}
