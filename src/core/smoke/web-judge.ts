import type { WebOutcome } from '../ports/web.ts';
import { clip, type Problem, quoted } from '../problem.ts';
import {
  documentOf,
  errorPageProblem,
  placeholderProblem,
  redirectProblem,
  redirectTarget,
  type RequestContext,
  wallProblem,
  type WebAnswer,
} from './who-answered.ts';

/** What any answer must fulfil before its content is looked at. */
export interface AnswerExpectation {
  readonly status: number;
  /** Text that proves the right page; empty when none is known. */
  readonly marker: string;
  /** What must come: a page (HTML), data (JSON, parsed by `inspect`), a script (not HTML), or anything. */
  readonly content: 'page' | 'data' | 'script' | 'any';
}

/**
 * Returns what is wrong with an answer: nobody answered, somebody else did (login wall, redirect, parked domain, error page),
 * wrong status, nothing in it. Only when nothing of this is, `inspect` looks at the content.
 */
export function answerProblems(
  outcome: WebOutcome,
  context: RequestContext,
  expected: AnswerExpectation,
  inspect: (answer: WebAnswer) => readonly Problem[],
): readonly Problem[] {
  if (outcome.kind === 'failure') return [failureProblem(outcome, context)];
  const wrong =
    wallProblem(outcome, context, expected.status) ??
    (isRedirect(expected.status) ? unprovenRedirect(outcome, context, expected) : redirectProblem(outcome, context, expected.status)) ??
    statusProblem(outcome, context, expected.status) ??
    contentProblem(outcome, context, expected);
  return wrong === undefined ? inspect(outcome) : [wrong];
}

/** Returns what is wrong when there was no answer. */
export function failureProblem(failure: Extract<WebOutcome, { kind: 'failure' }>, context: RequestContext): Problem {
  const { hostname, host } = new URL(context.origin);
  const where = clip(`${context.origin}${context.path}`);
  const expected = 'an answer';
  switch (failure.class) {
    case 'timeout':
      return {
        seen: `no complete answer after ${Math.round(failure.durationMs)} ms`,
        expected: `an answer within ${context.timeoutMs} ms`,
        message: `${where} did not answer completely within ${context.timeoutMs} ms.`,
        fix: `Run \`curl -sv -m 30 '${context.origin}${context.path}'\` to see where it hangs, then read the app's log.`,
      };
    case 'refused':
      return {
        seen: 'connection refused',
        expected,
        message: `Nothing listens at ${host}: the connection was refused.`,
        fix: `Start the app, or check the port of ${context.origin}.`,
      };
    case 'reset':
      return {
        seen: 'connection closed before the answer was complete',
        expected: 'a complete answer',
        message: `${where} closed the connection before its answer was complete.`,
        fix: "Read the app's log: the process that answered may have died.",
      };
    case 'dns':
      return {
        seen: `unknown host name ${hostname}`,
        expected: `an address of ${hostname}`,
        message: `The host name ${hostname} is not known.`,
        fix: `Check the spelling, and the DNS record of ${hostname}.`,
      };
    case 'tls':
      return {
        seen: `no trusted TLS connection (${clip(failure.message)})`,
        expected: 'a certificate that is valid for this host name',
        message: `The TLS connection to ${host} cannot be trusted: ${clip(failure.message)}.`,
        fix: `Check the certificate of ${host}; a private authority is trusted through NODE_EXTRA_CA_CERTS.`,
      };
    case 'too-large':
      return {
        seen: clip(failure.message),
        expected: 'an answer of ordinary size',
        message: `${where} answered with far too much: ${clip(failure.message)}.`,
        fix: `Open ${where} to see what is served there.`,
      };
    case 'other':
      return {
        seen: clip(failure.message),
        expected,
        message: `${where} gave no usable answer: ${clip(failure.message)}.`,
        fix: `Run \`curl -sv '${context.origin}${context.path}'\` to see what happens.`,
      };
  }
}

/** A JSON value, or why there is none. */
export interface JsonAnswer {
  readonly value: unknown;
  readonly problem?: Problem | undefined;
}

/** Parses the body of an answer as JSON. */
export function jsonOf(answer: WebAnswer, context: RequestContext): JsonAnswer {
  try {
    const value: unknown = JSON.parse(answer.body);
    return { value };
  } catch {
    const page = documentOf(answer);
    const seen = page === undefined ? `text that is not JSON (${quoted(answer.body)})` : `HTML titled ${quoted(page.title)}`;
    const problem: Problem = {
      seen,
      expected: 'JSON',
      message:
        page === undefined
          ? `${context.path} answers with text that is not JSON.`
          : `${context.path} answers with HTML where JSON was expected.`,
      fix: `Check that ${context.path} is a route of the app: \`curl -s '${context.origin}${context.path}'\`.`,
    };
    return { value: undefined, problem };
  }
}

function isRedirect(status: number): boolean {
  return status >= 300 && status <= 399 && status !== 304;
}

/** A redirect that was expected must lead to this address, or show its marker: a wall's redirect looks like the app's own. */
function unprovenRedirect(answer: WebAnswer, context: RequestContext, expected: AnswerExpectation): Problem | undefined {
  const target = redirectTarget(answer, context);
  if (target?.origin === context.origin) return undefined;
  const shown = expected.marker !== '' && answer.headers['location']?.includes(expected.marker) === true;
  return shown ? undefined : redirectProblem(answer, context, expected.status);
}

function statusProblem(answer: WebAnswer, context: RequestContext, expected: number): Problem | undefined {
  if (answer.status === expected) return undefined;
  const said = saidBy(answer);
  return {
    seen: `status ${answer.status}${said === undefined ? '' : ` (${said})`}`,
    expected: `status ${expected}`,
    message: `${context.path} answered with status ${answer.status}, not ${expected}${said === undefined ? '' : `: ${said}`}.`,
    fix: statusFix(answer, context),
  };
}

function statusFix(answer: WebAnswer, context: RequestContext): string {
  if (answer.headers['x-vercel-error']?.includes('DEPLOYMENT_NOT_FOUND') === true)
    return 'Run `jv-staging deploy`: no deployment is served at this address.';
  if (answer.status >= 500) return "Read the app's log for this request.";
  if (answer.status === 404) return `Check that ${context.path} is a route of the app that is deployed.`;
  if (answer.status === 401 || answer.status === 403) return 'Check that the seeded user exists (`jv-staging seed`) and what it may do.';
  return `Compare the check with what ${context.path} answers: \`curl -si '${context.origin}${context.path}'\`.`;
}

/** Returns what a failed answer says of itself, in a few safe characters: the platform's code, JSON `error`, or the title. */
function saidBy(answer: WebAnswer): string | undefined {
  const platform = answer.headers['x-vercel-error'];
  if (platform !== undefined) return clip(platform);
  const page = documentOf(answer);
  if (page !== undefined) return page.title === '' ? undefined : quoted(page.title);
  try {
    const json: unknown = JSON.parse(answer.body);
    if (typeof json !== 'object' || json === null) return undefined;
    const error: unknown = Reflect.get(json, 'error');
    return typeof error === 'string' ? quoted(error) : undefined;
  } catch {
    return undefined;
  }
}

function contentProblem(answer: WebAnswer, context: RequestContext, { content, marker }: AnswerExpectation): Problem | undefined {
  if (answer.status === 204 || isRedirect(answer.status)) return undefined;
  if (answer.body.trim() === '') return content === 'script' ? undefined : empty(context, 'an empty body');
  if (content === 'data') return undefined;
  const page = documentOf(answer);
  if (content === 'script') return page === undefined ? undefined : otherContent(context, 'HTML', 'a script');
  if (page === undefined)
    return content === 'any'
      ? undefined
      : otherContent(context, `no HTML (${quoted(answer.headers['content-type'] ?? answer.body)})`, 'a page');
  if (page.text === '' && page.title === '' && !page.hasScript) return empty(context, 'a page with nothing in it');
  const proven = marker !== '' && answer.body.includes(marker);
  return errorPageProblem(page, answer, context) ?? (proven ? undefined : placeholderProblem(page, context));
}

function empty(context: RequestContext, seen: string): Problem {
  return {
    seen,
    expected: 'content',
    message: `${context.path} answered with ${seen}.`,
    fix: `Read the app's log for ${context.path}: it answers but sends nothing.`,
  };
}

function otherContent(context: RequestContext, seen: string, expected: string): Problem {
  return {
    seen,
    expected,
    message: `${clip(context.path)} answered with ${seen} where ${expected} was expected.`,
    fix: `Check that ${clip(context.path)} is served by the app.`,
  };
}
