import { type Health, healthProblems, readHealth, shortCommit } from './health.ts';
import { looksLikeHtml } from './html.ts';
import { typeName, valueAt } from '../json.ts';
import { type Forbidden, leaksIn } from './leaks.ts';
import type { JsonShapes } from '../ports/probes.ts';
import type { WebOutcome } from '../ports/web.ts';
import { clip, findingOf, type Problem, quoted } from '../problem.ts';
import type { ApiCheck, HeadersCheck, HealthCheck, NegativeCheck, PageCheck, SmokeExpectation } from './smoke.ts';
import type { Finding } from '../verdict.ts';
import { answerProblems, jsonOf, type JsonAnswer } from './web-judge.ts';
import { documentOf, redirectTarget, type RequestContext, type WebAnswer } from './who-answered.ts';

/** Judges a page: who answered, status, content, and that it shows the signed-in user (`email`) when there is one. */
export function judgePage(check: PageCheck, outcome: WebOutcome, context: RequestContext, email?: string): Finding {
  const wanted = [check.marker === '' ? 'a page' : quoted(check.marker), ...(email === undefined ? [] : [email])].join(' and ');
  const expected = `status ${check.status} with ${wanted}`;
  const problems = answerProblems(outcome, context, { status: check.status, marker: check.marker, content: 'page' }, (answer) =>
    pageProblems(check, answer, context, email),
  );
  return findingOf({ ...check, seen: expected, expected, problems, durationMs: outcome.durationMs });
}

function pageProblems(check: PageCheck, answer: WebAnswer, context: RequestContext, email: string | undefined): readonly Problem[] {
  const target = redirectTarget(answer, context);
  const shown = target === undefined ? answer.body : `${target.href} ${answer.body}`;
  const page = documentOf(answer);
  if (!shown.includes(check.marker) && !(page?.text ?? '').includes(check.marker)) {
    const what = target === undefined ? `a page titled ${quoted(page?.title ?? '')}` : `a redirect to ${clip(target.pathname)}`;
    const signIn = page?.hasPasswordField === true;
    return [
      {
        seen: signIn ? `a sign-in form titled ${quoted(page.title)}` : what,
        expected: quoted(check.marker),
        message: signIn
          ? `A sign-in form answered ${check.path} instead of the page.`
          : `${check.path} does not show ${quoted(check.marker)}, so another page answered.`,
        fix: signIn
          ? 'Check that the app accepts the session cookie of `POST /api/auth/sign-in`.'
          : `Open ${context.origin}${check.path} to see what answers there.`,
      },
    ];
  }
  if (email === undefined || answer.body.includes(email) || (page?.text ?? '').includes(email)) return [];
  return [
    {
      seen: `a page without ${email}`,
      expected: email,
      message: `${check.path} answers but does not show the signed-in user ${email}: it may be anybody's page.`,
      fix: 'Show the address of the signed-in user on the page, and check whose session the app reads.',
    },
  ];
}

/** Judges the health contract; returns what it says too, for those who need to know who answered. */
export function judgeHealth(
  check: HealthCheck,
  outcome: WebOutcome,
  context: RequestContext,
  expectation: SmokeExpectation,
): { readonly finding: Finding; readonly health: Health | undefined } {
  let health: Health | undefined;
  // The contract's body is the same with 503, which says that database or redis is gone.
  const status = outcome.kind === 'answer' && outcome.status === 503 ? 503 : 200;
  const problems = answerProblems(outcome, context, { status, marker: '', content: 'data' }, (answer) => {
    const { value, problem } = jsonOf(answer, context);
    if (problem !== undefined) return [problem];
    health = readHealth(value);
    if (health === undefined) return [notAnObject(check.path, value)];
    const found = healthProblems(health, expectation);
    return found.length === 0 && status === 503 ? [degraded] : found;
  });
  const expected = [
    `environment "${expectation.environment}"`,
    ...(expectation.gitSha === undefined ? [] : [`commit ${shortCommit(expectation.gitSha)}`]),
    'database and redis connected',
  ].join(', ');
  const seen = `environment "${clip(health?.environment ?? '')}", commit ${shortCommit(health?.version ?? '')}, database and redis connected`;
  const isMissing = outcome.kind === 'answer' && outcome.status === 404;
  const known = isMissing ? problems.map((problem) => ({ ...problem, fix: missingHealthFix(check.path) })) : problems;
  return { finding: findingOf({ ...check, seen, expected, problems: known, durationMs: outcome.durationMs }), health };
}

function missingHealthFix(path: string): string {
  return `Deploy a health route at ${path}, which says who answers: \`jv-staging init --health --keep\` writes one for Next.js.`;
}

const degraded: Problem = {
  seen: 'status 503',
  expected: 'status 200',
  message: 'The health answer came with status 503 although it says that everything is connected.',
  fix: 'Answer 200 when database and redis are connected.',
};

function notAnObject(path: string, value: unknown): Problem {
  return {
    seen: `JSON ${quoted(JSON.stringify(value) ?? '')}`,
    expected: 'a JSON object',
    message: `${path} answers JSON that is not an object, so it is not the health contract.`,
    fix: 'Return the health contract: {status, environment, version, database, redis, sentry, memory}.',
  };
}

/** Judges an API answer; returns its JSON too, for those who clean up. */
export function judgeApi(
  check: ApiCheck,
  outcome: WebOutcome,
  context: RequestContext,
  shapes?: JsonShapes,
): { readonly finding: Finding; readonly json: unknown } {
  let answered: JsonAnswer = { value: undefined };
  const names = Object.keys(check.fields);
  const needsJson = names.length > 0 || check.schema !== undefined || check.notEmpty !== undefined || check.remove !== undefined;
  const problems = answerProblems(outcome, context, { status: check.status, marker: '', content: 'data' }, (answer) => {
    answered = needsJson || answer.body !== '' ? jsonOf(answer, context) : answered;
    return answered.problem === undefined
      ? [...apiProblems(check, answered.value), ...shapeProblems(check, answered.value, shapes), ...timeProblems(check, answer)]
      : needsJson || looksLikeHtml(answer.body)
        ? [answered.problem]
        : [];
  });
  const expected = `status ${check.status}${names.length === 0 ? '' : ` with ${names.join(', ')}`}`;
  return { finding: findingOf({ ...check, seen: expected, expected, problems, durationMs: outcome.durationMs }), json: answered.value };
}

function apiProblems(check: ApiCheck, json: unknown): readonly Problem[] {
  const fix = `Compare the answer of ${check.method} ${check.path} with \`fields\` of the check.`;
  const wrong = Object.entries(check.fields).flatMap(([path, type]) => {
    const seen = typeName(valueAt(json, path));
    if (seen === type) return [];
    return [
      {
        seen: `${path}: ${seen}`,
        expected: `${path}: ${type}`,
        message: `The answer of ${check.method} ${check.path} has ${seen} at \`${path}\`, not ${type}.`,
        fix,
      },
    ];
  });
  if (check.notEmpty === undefined) return wrong;
  const list = valueAt(json, check.notEmpty);
  if (Array.isArray(list) && list.length > 0) return wrong;
  return [
    ...wrong,
    {
      seen: `${check.notEmpty}: ${Array.isArray(list) ? 'an empty list' : typeName(list)}`,
      expected: `${check.notEmpty}: at least 1 item`,
      message: `The answer of ${check.method} ${check.path} has nothing in \`${check.notEmpty}\`.`,
      fix: 'Run `jv-staging seed`, and check that row level security lets this user see its rows.',
    },
  ];
}

/** More of what does not fit a schema is only counted. */
const namedMisfits = 3;

function shapeProblems({ schema, method, path }: ApiCheck, json: unknown, shapes: JsonShapes | undefined): readonly Problem[] {
  if (schema === undefined) return [];
  const misfits = shapes === undefined ? ['the schema could not be tried'] : shapes.problems(schema, json);
  if (misfits.length === 0) return [];
  const named = misfits.slice(0, namedMisfits).map((misfit) => clip(misfit, 120));
  const more = misfits.length > namedMisfits ? `; and ${misfits.length - namedMisfits} more` : '';
  return [
    {
      seen: named.join('; '),
      expected: 'JSON that fits the schema',
      message: `The answer of ${method} ${path} does not fit the check's schema: ${named.join('; ')}${more}.`,
      fix: `Compare the answer of ${method} ${path} with \`schema\` of the check.`,
    },
  ];
}

function timeProblems({ maxMs, method, path }: ApiCheck, { durationMs }: WebAnswer): readonly Problem[] {
  if (maxMs === undefined || durationMs <= maxMs) return [];
  return [
    {
      seen: `${Math.round(durationMs)} ms`,
      expected: `at most ${maxMs} ms`,
      message: `${method} ${path} took ${Math.round(durationMs)} ms, more than ${maxMs} ms.`,
      fix: "Look at the app's log and at the slowest statements of the database.",
    },
  ];
}

/** Judges the headers of an answer; an error page's headers prove nothing. */
export function judgeHeaders(check: HeadersCheck, outcome: WebOutcome, context: RequestContext): Finding {
  // RFC 6797 section 7.2: HSTS has no place over http.
  const wanted = { ...check.headers, ...(context.origin.startsWith('https:') ? check.tlsHeaders : {}) };
  const problems = answerProblems(outcome, context, { status: 200, marker: '', content: 'any' }, (answer) =>
    Object.entries(wanted).flatMap(([name, value]) => headerProblem(name, value, answer.headers[name.toLowerCase()], check.path)),
  );
  const expected = Object.entries(wanted)
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
  return findingOf({ ...check, seen: expected, expected, problems, durationMs: outcome.durationMs });
}

function headerProblem(name: string, wanted: string, seen: string | undefined, path: string): readonly Problem[] {
  if (seen?.toLowerCase().includes(wanted.toLowerCase()) === true) return [];
  return [
    {
      seen: seen === undefined ? `no ${name}` : `${name}: ${clip(seen)}`,
      expected: `${name}: ${wanted}`,
      message:
        seen === undefined
          ? `${path} answers without the header ${name}.`
          : `${path} answers with ${name} ${quoted(seen)}, without ${quoted(wanted)}.`,
      fix: `Send \`${name}: ${wanted}\` with every answer of this environment.`,
    },
  ];
}

/** Something that a page loads: its path, and what came of asking for it. */
export interface LoadedScript {
  readonly path: string;
  readonly outcome: WebOutcome;
}

/** Judges that nothing forbidden stands in a page and in the scripts that it loads; a script that cannot be read is a failure. */
export function judgeNegative(
  check: NegativeCheck,
  outcome: WebOutcome,
  scripts: readonly LoadedScript[],
  context: RequestContext,
  forbidden: Forbidden,
): Finding {
  const all = { ...forbidden, texts: [...check.absent, ...forbidden.texts] };
  const problems = answerProblems(outcome, context, { status: 200, marker: '', content: 'page' }, (answer) => [
    ...leakProblems(check.path, answer.body, all),
    ...scripts.flatMap(({ path, outcome: script }) => {
      const own = { ...context, path };
      return answerProblems(script, own, { status: 200, marker: '', content: 'script' }, (found) => leakProblems(path, found.body, all));
    }),
  ]);
  const expected = 'no production identity, service key or secret';
  const seen = `none in the page and ${scripts.length} ${scripts.length === 1 ? 'script' : 'scripts'}`;
  const durationMs = outcome.durationMs + Math.max(0, ...scripts.map((script) => script.outcome.durationMs));
  return findingOf({ ...check, seen, expected, problems, durationMs });
}

function leakProblems(path: string, text: string, forbidden: Forbidden): readonly Problem[] {
  return leaksIn(text, forbidden).map((leak) => ({
    seen: `${leak} in ${clip(path)}`,
    expected: 'nothing forbidden',
    message: `${clip(path)} contains ${leak}.`,
    fix: 'Check which variables were set when the app was built, and deploy again: values prefixed NEXT_PUBLIC_ are built into the scripts.',
  }));
}
