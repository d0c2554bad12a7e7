import { withDeadline } from '../../core/run/deadline.ts';
import { StagingError } from '../../core/errors.ts';
import { valueAt } from '../../core/json.ts';
import { fillPlaceholders } from '../../core/variables/placeholders.ts';
import type { Session } from '../../core/ports/web.ts';
import { judgeRealtime } from '../../core/smoke/probe-judge.ts';
import { clip, type Problem, withProblem } from '../../core/problem.ts';
import { judgeApi, judgeHeaders, judgeHealth, judgeNegative, judgePage, type LoadedScript } from '../../core/smoke/judge.ts';
import type { ApiCheck, NegativeCheck, PageCheck, RealtimeCheck, SmokeCheck } from '../../core/smoke/smoke.ts';
import type { Finding } from '../../core/verdict.ts';
import { documentOf, type RequestContext } from '../../core/smoke/who-answered.ts';
import { browserProblem } from '../../core/smoke/service-judge.ts';
import { checkDatabase } from './database.ts';
import { checkQueue } from './queue.ts';
import { checkRedis } from './redis.ts';
import { checkAuth, checkLogs, checkRefusal, checkSentry, checkWebSocket } from './services.ts';
import { type CheckRun, contextOf, failed, get, graceMs, notConfigured, type Running, sessionOf } from './running.ts';

/** Bound on removing what a check created. */
const removalMs = 5000;
/** Scripts of a page that are asked for at the same time. */
const scriptsAtOnce = 6;

/** Runs one check within its time and judges what came of it. Rejects only for an interruption or a bug of ours. */
export async function runCheck(check: SmokeCheck, run: CheckRun): Promise<Finding> {
  const { clock } = run.deps;
  const startedMs = clock.nowMs();
  const leftMs = () => Math.max(1, check.timeoutMs - (clock.nowMs() - startedMs));
  try {
    const timed = await withDeadline(clock, check.timeoutMs + graceMs, run.signal, (signal) =>
      executeCheck(check, { ...run, signal, leftMs }),
    );
    return timed.late ? failed(check, lateProblem(check), clock.nowMs() - startedMs) : timed.value;
  } catch (error) {
    if (run.signal.aborted || !(error instanceof StagingError)) throw error;
    const problem = {
      seen: error.code,
      expected: 'a check that can run',
      message: error.message,
      fix: error.fix ?? 'Run `jv-staging doctor`.',
    };
    return failed(check, problem, clock.nowMs() - startedMs);
  }
}

function executeCheck(check: SmokeCheck, run: Running): Promise<Finding> {
  switch (check.kind) {
    case 'page':
      return checkPage(check, run);
    case 'api':
      return checkApi(check, run);
    case 'realtime':
      return checkRealtime(check, run);
    case 'queue':
      return checkQueue(check, run);
    case 'negative':
      return checkNegative(check, run);
    case 'auth':
      return checkAuth(check, run);
    case 'database':
      return checkDatabase(check, run);
    case 'redis':
      return checkRedis(check, run);
    case 'websocket':
      return checkWebSocket(check, run);
    case 'sentry':
      return checkSentry(check, run);
    case 'logs':
      return checkLogs(check, run);
    case 'refusal':
      return checkRefusal(check, run);
    case 'health':
      return get(check.path, run).then((outcome) => judgeHealth(check, outcome, context(check, run), run.input.expected).finding);
    case 'headers':
      return get(check.path, run).then((outcome) => judgeHeaders(check, outcome, context(check, run)));
  }
}

async function checkPage(check: PageCheck, run: Running): Promise<Finding> {
  const session = await sessionOf(check.as, run);
  const outcome = await get(check.path, run, session?.headers);
  const finding = judgePage(check, outcome, context(check, run), session?.email);
  if (check.browser !== true || finding.verdict !== 'green') return finding;
  const { browser } = run.deps;
  if (browser === undefined)
    return notConfigured(check, 'The page’s console', 'there is no browser here', 'Run `jv-staging doctor`, or set `browser: false`.');
  const page = { path: check.path, headers: session?.headers ?? {}, timeoutMs: run.leftMs() };
  const problem = browserProblem(check.path, await browser.visit(run.input.target, page, run.signal));
  return problem === undefined ? { ...finding, seen: `${finding.seen}, no console error` } : withProblem(finding, problem);
}

async function checkApi(check: ApiCheck, run: Running): Promise<Finding> {
  const session = await sessionOf(check.as, run);
  const body = check.body === undefined ? undefined : JSON.stringify(fillPlaceholders(check.body, placeholders(run, session)));
  const headers = {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...session?.headers,
  };
  const outcome = await run.deps.web.request(
    run.input.target,
    { method: check.method, path: check.path, headers, body, timeoutMs: run.leftMs() },
    run.signal,
  );
  const { finding, json } = judgeApi(check, outcome, context(check, run), run.deps.shapes);
  if (check.remove === undefined || outcome.kind === 'failure' || outcome.status >= 300) return finding;
  const problem = await removeCreated(check.remove, json, session, run);
  return problem === undefined ? finding : withProblem(finding, problem);
}

async function removeCreated(
  remove: { readonly id: string; readonly path: string },
  json: unknown,
  session: Session | undefined,
  run: Running,
): Promise<Problem | undefined> {
  const id = valueAt(json, remove.id);
  if (typeof id !== 'string' && typeof id !== 'number') {
    return {
      seen: `no id at ${remove.id}`,
      expected: `an id at ${remove.id}`,
      message: `What was created cannot be removed again: the answer has no id at \`${remove.id}\`.`,
      fix: 'Compare the answer with `remove.id` of the check.',
    };
  }
  const path = remove.path.replaceAll('{id}', encodeURIComponent(String(id)));
  // Even an interrupted run removes what it created.
  const outcome = await run.deps.web.request(
    run.input.target,
    { method: 'DELETE', path, headers: session?.headers, timeoutMs: removalMs },
    new AbortController().signal,
  );
  if (outcome.kind === 'answer' && (outcome.status === 404 || (outcome.status >= 200 && outcome.status < 300))) return undefined;
  const seen = outcome.kind === 'answer' ? `status ${outcome.status}` : outcome.class;
  return {
    seen: `DELETE ${clip(path)}: ${seen}`,
    expected: `DELETE ${clip(path)}: status 204`,
    message: `What was created could not be removed again: DELETE ${clip(path)} came to ${seen}.`,
    fix: `Remove it by hand, and let DELETE ${remove.path} answer 204 to the one who created it.`,
  };
}

async function checkRealtime(check: RealtimeCheck, run: Running): Promise<Finding> {
  const { realtime, clock } = run.deps;
  if (realtime === undefined)
    return notConfigured(
      check,
      'Realtime',
      'the address of the Supabase project and its anon key are not known',
      'Run `jv-staging provision`.',
    );
  const session = await run.session(check.as.user);
  const startedMs = clock.nowMs();
  const row = Object.fromEntries(
    Object.entries(check.row).map(([name, value]) => [name, fillPlaceholders(value, placeholders(run, session))]),
  );
  const outcome = await realtime.probe(check.table, row, session, run.leftMs(), run.signal);
  return judgeRealtime(check, outcome, clock.nowMs() - startedMs);
}

async function checkNegative(check: NegativeCheck, run: Running): Promise<Finding> {
  const outcome = await get(check.path, run);
  const origin = run.input.target.origin;
  const addresses = outcome.kind === 'answer' && outcome.status === 200 ? (documentOf(outcome)?.scripts ?? []) : [];
  const own = addresses
    .filter((address) => URL.canParse(address, origin + check.path))
    .map((address) => new URL(address, origin + check.path))
    .filter((address) => address.origin === origin)
    .map((address) => address.pathname + address.search);
  const scripts: LoadedScript[] = [];
  for (let at = 0; at < own.length; at += scriptsAtOnce) {
    scripts.push(...(await Promise.all(own.slice(at, at + scriptsAtOnce).map(async (path) => ({ path, outcome: await get(path, run) })))));
  }
  const forbidden = { texts: [], production: run.input.production, secrets: run.input.secrets ?? {} };
  return judgeNegative(check, outcome, scripts, context(check, run), forbidden);
}

function context(check: { readonly path: string; readonly timeoutMs: number }, run: Running): RequestContext {
  return contextOf(run.input.target, check.path, check.timeoutMs);
}

function placeholders(run: Running, session: Session | undefined) {
  return { nowMs: run.deps.clock.nowMs(), user: session === undefined ? undefined : { id: session.userId, email: session.email } };
}

function lateProblem(check: SmokeCheck): Problem {
  return {
    seen: `not finished after ${check.timeoutMs} ms`,
    expected: `finished within ${check.timeoutMs} ms`,
    message: `The check did not finish within its ${check.timeoutMs} ms.`,
    fix: `Run \`jv-staging smoke --only ${check.id} --verbose\`, or raise its timeoutMs.`,
  };
}
