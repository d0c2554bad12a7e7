import { valueAt } from '../../core/json.ts';
import type { RefusalOutcome } from '../../core/ports/probes.ts';
import { answerProblems, failureProblem, jsonOf } from '../../core/smoke/web-judge.ts';
import { judgeAuth, signedOutProblem } from '../../core/smoke/auth-judge.ts';
import { judgePage } from '../../core/smoke/judge.ts';
import { judgeEcho, judgeLogs, judgeRefusal, judgeSentry } from '../../core/smoke/service-judge.ts';
import type { AuthCheck, LogsCheck, RefusalCheck, SentryCheck, WebSocketCheck } from '../../core/smoke/smoke.ts';
import { redirectTarget } from '../../core/smoke/who-answered.ts';
import type { Finding } from '../../core/verdict.ts';
import { contextOf, failed, get, notConfigured, type Running, workerHeaders } from './running.ts';

/** Signs a user in, and sees that nobody is let in without a session; then the protected page must show that user. */
export async function checkAuth(check: AuthCheck, run: Running): Promise<Finding> {
  const { clock } = run.deps;
  const startedMs = clock.nowMs();
  const context = contextOf(run.input.target, check.path, check.timeoutMs);
  // Neither waits for the other: a request without a session is one, whoever else is signed in.
  const [stranger, session] = await Promise.all([get(check.path, run), run.session(check.as.user, check.provider)]);
  const signedOut = signedOutProblem(check, stranger, context);
  const outcome = await get(check.path, run, session.headers);
  const page = judgePage({ ...check, kind: 'page', status: 200, marker: check.as.user }, outcome, context, session.email);
  return judgeAuth(check, page, signedOut, clock.nowMs() - startedMs);
}

/** Sends a text that nobody else sends to a WebSocket, and waits for it to come back. */
export async function checkWebSocket(check: WebSocketCheck, run: Running): Promise<Finding> {
  const { sockets, clock } = run.deps;
  if (sockets === undefined) return notConfigured(check, 'The WebSocket', 'nothing here speaks WebSocket', 'Report this as a bug.');
  const startedMs = clock.nowMs();
  const message = { path: check.path, text: `jv-staging ${run.mark}`, timeoutMs: run.leftMs() };
  const outcome = await sockets.echo(run.input.target, message, run.signal);
  return judgeEcho(check, outcome, clock.nowMs() - startedMs);
}

/** Lets the app send a test event, and reads it back from Sentry. */
export async function checkSentry(check: SentryCheck, run: Running): Promise<Finding> {
  const { errorEvents, clock } = run.deps;
  const authToken = run.input.readSecret?.(check.authToken);
  if (errorEvents === undefined || authToken === undefined) {
    const why = `${check.authToken.name} has no value`;
    return notConfigured(check, 'Sentry', why, `Set ${check.authToken.name} to a token that may read events (scope event:read).`);
  }
  const startedMs = clock.nowMs();
  const { target, expected } = run.input;
  const request = { method: 'POST' as const, path: check.trigger, headers: workerHeaders(run), timeoutMs: run.leftMs() };
  const outcome = await run.deps.web.request(target, request, run.signal);
  const context = contextOf(target, check.trigger, check.timeoutMs);
  if (outcome.kind === 'failure') return failed(check, failureProblem(outcome, context), clock.nowMs() - startedMs);
  const [problem] = answerProblems(outcome, context, { status: 200, marker: '', content: 'data' }, (answer) => {
    const { value, problem: noJson } = jsonOf(answer, context);
    if (noJson !== undefined) return [noJson];
    return isEventId(valueAt(value, 'eventId')) ? [] : [noEventId(check)];
  });
  if (problem !== undefined) return failed(check, problem, clock.nowMs() - startedMs);
  const eventId = valueAt(jsonOf(outcome, context).value, 'eventId');
  const { organization, project } = check;
  const event = await errorEvents.event({ organization, project, authToken }, String(eventId), run.leftMs(), run.signal);
  return judgeSentry(check, event, expected, clock.nowMs() - startedMs);
}

/** Makes a request that bears a mark, and looks for the mark in the runtime logs. */
export async function checkLogs(check: LogsCheck, run: Running): Promise<Finding> {
  const { logs, clock } = run.deps;
  const { target } = run.input;
  const { deploymentId } = run.input.expected;
  if (logs === undefined || deploymentId === undefined)
    return notConfigured(check, 'The log', 'which deployment answers is not known', 'Run `jv-staging deploy`.');
  const startedMs = clock.nowMs();
  const path = `${check.path}${check.path.includes('?') ? '&' : '?'}jv-probe=${run.mark}`;
  const outcome = await get(path, run);
  const context = contextOf(target, check.path, check.timeoutMs);
  if (outcome.kind === 'failure') return failed(check, failureProblem(outcome, context), clock.nowMs() - startedMs);
  const problems = answerProblems(outcome, context, { status: outcome.status, marker: '', content: 'any' }, () => []);
  // A wrong answer is red whatever the logs say, and a broken release is not to stay live for as long as they are waited for.
  if (problems.length > 0) return judgeLogs(check, undefined, problems, clock.nowMs() - startedMs);
  const found = await logs.waitFor(deploymentId, run.mark, run.leftMs(), run.signal);
  return judgeLogs(check, found, problems, clock.nowMs() - startedMs);
}

/** Shows staging's keys to production's Supabase projects, and a session of staging to production's app where it is named. */
export async function checkRefusal(check: RefusalCheck, run: Running): Promise<Finding> {
  const { foreign, clock } = run.deps;
  if (foreign === undefined)
    return notConfigured(check, 'Production’s refusal', 'the projects of production cannot be found', 'Run `jv-staging provision`.');
  const startedMs = clock.nowMs();
  const [databases, app] = await Promise.all([foreign.databases(run.signal), askApp(check, run)]);
  return judgeRefusal(check, [...databases, ...app], clock.nowMs() - startedMs);
}

async function askApp({ app }: RefusalCheck, run: Running): Promise<readonly RefusalOutcome[]> {
  if (app === undefined || run.deps.foreign === undefined) return [];
  const session = await run.session(app.as.user);
  const target = run.deps.foreign.app(app.domain);
  const door = `app at ${app.domain}${app.path}`;
  const outcome = await run.deps.web.request(
    target,
    { method: 'GET', path: app.path, headers: session.headers, timeoutMs: run.leftMs() },
    run.signal,
  );
  if (outcome.kind === 'failure') return [{ kind: 'unknown', door, message: outcome.message }];
  const context = contextOf(target, app.path, run.leftMs());
  const isRefused = outcome.status === 401 || outcome.status === 403 || redirectTarget(outcome, context) !== undefined;
  if (isRefused) return [{ kind: 'refused', door }];
  const message = `status ${outcome.status}`;
  return [outcome.status === 200 ? { kind: 'accepted', door, message } : { kind: 'unknown', door, message }];
}

/** 32 hex digits, as Sentry's SDKs make them. */
function isEventId(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
}

function noEventId({ trigger }: SentryCheck) {
  return {
    seen: 'no eventId',
    expected: 'eventId: 32 hex digits',
    message: `POST ${trigger} answered without the id of the event that it sent to Sentry.`,
    fix: `Let POST ${trigger} send a test event with the app's own SDK and answer {eventId}; check its DSN.`,
  };
}
