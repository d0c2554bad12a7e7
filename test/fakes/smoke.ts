import { StagingError } from '../../src/core/errors.ts';
import type { ProbeJob, Queues } from '../../src/core/ports/cache.ts';
import type { Clock } from '../../src/core/ports/clock.ts';
import type { Realtime, RealtimeOutcome, Sessions, WebClient, WebOutcome, WebRequest } from '../../src/core/ports/web.ts';

/** A clock that stands still; `sleep` ends when it is told to, or never. */
export function stillClock(): Clock & { elapse(ms: number): void } {
  let now = Date.UTC(2026, 10, 22);
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  return {
    nowMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        sleepers.push({ until: now + ms, wake: resolve });
      }),
    elapse: (ms) => {
      now += ms;
      for (const { until, wake } of sleepers) if (until <= now) wake();
    },
  };
}

/** An answer as a `WebClient` gives it. */
export function answered(status: number, headers: Readonly<Record<string, string>>, body: string): WebOutcome {
  return { kind: 'answer', status, headers, body, durationMs: 3 };
}

/** A web client that asks a function, and keeps what it was asked. */
export function fakeWeb(app: (request: WebRequest) => WebOutcome | Promise<WebOutcome>): WebClient & { readonly asked: WebRequest[] } {
  const asked: WebRequest[] = [];
  return {
    asked,
    request: async (_target, request, signal) => {
      signal.throwIfAborted();
      asked.push(request);
      return await app(request);
    },
  };
}

/** Signs everybody in but the addresses in `refused`, and counts. */
export function fakeSessions(refused: readonly string[] = []): Sessions & { readonly signedIn: string[] } {
  const signedIn: string[] = [];
  return {
    signedIn,
    signIn: async (_target, email) => {
      signedIn.push(email);
      if (refused.includes(email)) {
        throw new StagingError('red', 'SMOKE_SIGN_IN_FAILED', `Sign-in of ${email} answered 401, not 200.`, {
          fix: 'Run `jv-staging seed`.',
        });
      }
      return { userId: `id-of-${email}`, email, headers: { cookie: `jv_session=${email}` }, accessToken: `token-of-${email}` };
    },
  };
}

/** A Realtime that comes to `outcome`, and keeps the rows. */
export function fakeRealtime(outcome: RealtimeOutcome): Realtime & { readonly rows: Readonly<Record<string, unknown>>[] } {
  const rows: Readonly<Record<string, unknown>>[] = [];
  return {
    rows,
    probe: async (_table, row) => {
      rows.push(row);
      return outcome;
    },
  };
}

/** Queues whose probe job comes to `job`; says which jobs are still there. */
export function fakeQueues(job: ProbeJob | Error): Queues & { readonly left: Set<string> } {
  const left = new Set<string>();
  return {
    left,
    addProbe: async () => {
      if (job instanceof Error) throw job;
      left.add('1');
      return '1';
    },
    outcome: async (_queue, id) => {
      left.delete(id);
      if (job instanceof Error) throw job;
      return job;
    },
    health: async () => ({ waiting: 0, active: 0, failed: 0, stalled: 0, evictionPolicy: 'noeviction' }),
    close: async () => undefined,
  };
}
