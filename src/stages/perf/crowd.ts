import type { WebRequest } from '../../core/ports/web.ts';
import type { PerfDeps, PerfState } from './state.ts';
import { endpointRequest } from './endpoints.ts';
import { requestTimeoutMs } from './state.ts';

/** How many requests, and how many of them at once. */
export interface Crowd {
  readonly requests: number;
  readonly concurrency: number;
}

/** Returns requests that change nothing: the endpoints that are read, else the pages. */
export function readingRequests(deps: PerfDeps, state: PerfState): readonly WebRequest[] {
  const { endpoints, pages } = deps.settings;
  const reading = endpoints.filter(({ method }) => method === 'GET').map((endpoint) => endpointRequest(deps, state, endpoint));
  return reading.length > 0 ? reading : pages.map(({ path }) => ({ method: 'GET', path, timeoutMs: requestTimeoutMs }));
}

/** Sends requests in turn, so many at once; returns how many were answered. */
export async function sendCrowd(
  { web, target }: PerfDeps,
  requests: readonly WebRequest[],
  { requests: total, concurrency }: Crowd,
  signal: AbortSignal,
): Promise<number> {
  let next = 0;
  let answered = 0;
  const sender = async () => {
    while (next < total) {
      const request = requests[next % requests.length];
      next += 1;
      if (request === undefined) return;
      const outcome = await web.request(target, request, signal);
      if (outcome.kind === 'answer') answered += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  return answered;
}
