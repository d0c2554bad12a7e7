import type { RunEvent } from '../../src/core/run/events.ts';
import type { Clock } from '../../src/core/ports/clock.ts';
import type { Sessions, WebClient, WebOutcome, WebRequest } from '../../src/core/ports/web.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { Step } from '../../src/core/run/step.ts';

/** A clock that stands still until somebody sleeps. */
export function stillClock(startMs = Date.parse('2026-11-22T12:00:00Z')): Clock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
}

/** A web client that answers by a function, and keeps what it was asked. */
export function scriptedWeb(script: (request: WebRequest, index: number) => WebOutcome): WebClient & { readonly requests: WebRequest[] } {
  const requests: WebRequest[] = [];
  return {
    requests,
    request: async (_target, request, signal) => {
      signal.throwIfAborted();
      requests.push(request);
      return script(request, requests.length - 1);
    },
  };
}

/** An answer of 20 ms. */
export function answer(status = 200, durationMs = 20, body = ''): WebOutcome {
  return { kind: 'answer', status, headers: {}, body, durationMs };
}

/** A refused connection. */
export const refused: WebOutcome = { kind: 'failure', class: 'refused', message: 'connect ECONNREFUSED 127.0.0.1:9', durationMs: 1 };

/** Sessions that sign everybody in, and keep whom. */
export function openSessions(cookie = 'jv_session'): Sessions & { readonly signedIn: string[] } {
  const signedIn: string[] = [];
  return {
    signedIn,
    signIn: async (_target, email) => {
      signedIn.push(email);
      return { userId: `id-of-${email}`, email, headers: { cookie: `${cookie}=${email}` }, accessToken: 'token' };
    },
  };
}

/** Runs the steps of a stage; returns the events and what was thrown. */
export async function runStage(steps: readonly Step[], signal = new AbortController().signal, clock: Clock = stillClock()) {
  const events: RunEvent[] = [];
  const journal = { append: async () => undefined, unfinished: async () => [], entries: async () => [] };
  let error: unknown;
  try {
    await runSteps(steps, { runId: 'run', journal, clock, events: (event) => events.push(event), signal });
  } catch (thrown) {
    error = thrown;
  }
  const notes = events.flatMap((event) => (event.type === 'step-note' ? [event.text] : []));
  const outcomes = Object.fromEntries(
    events.flatMap((event) => (event.type === 'step-finished' ? [[event.path.join('/'), event.outcome]] : [])),
  );
  return { error, notes, outcomes };
}
