import { bodyText } from '../../core/load/request.ts';
import { judgeEndpoint } from '../../core/perf/judge.ts';
import type { PerfEndpoint } from '../../core/perf/perf.ts';
import type { WebOutcome, WebRequest } from '../../core/ports/web.ts';
import { stepVerdict } from '../../core/run/stage.ts';
import type { RequestSample } from '../../core/statistics.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { fillPlaceholders } from '../../core/variables/placeholders.ts';
import { sessionOf } from '../isolation/identities.ts';
import { type PerfDeps, type PerfState, requestTimeoutMs } from './state.ts';

/** Requests an endpoint gets between the cold and the warm ones, so that connections and caches are warm. */
const warmUps = 5;

/** After this many requests in a row without an answer an endpoint is given up: 55 timeouts of 10 s would take nine minutes. */
const givenUpAfter = 3;

/** Returns the step that measures each endpoint's latency, cold and warm apart. */
export function endpointsStep(deps: PerfDeps, state: PerfState): Step {
  const { endpoints } = deps.settings;
  return {
    id: 'endpoints',
    title: 'Measure endpoints',
    skip: () => (endpoints.length === 0 ? 'no endpoints are configured' : undefined),
    steps: () => endpoints.map((endpoint) => endpointStep(deps, state, endpoint)),
  };
}

/** Returns an endpoint's request, signed in and with its body filled in. */
export function endpointRequest({ clock }: PerfDeps, state: PerfState, endpoint: PerfEndpoint): WebRequest {
  const user = sessionOf(endpoint.as, state.signedIn);
  const filled = fillPlaceholders(endpoint.body, { nowMs: clock.nowMs(), user: user && { id: user.userId, email: user.email } });
  const body = bodyText(filled);
  const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...user?.headers };
  return { method: endpoint.method, path: endpoint.path, headers, body, timeoutMs: requestTimeoutMs };
}

function endpointStep(deps: PerfDeps, state: PerfState, endpoint: PerfEndpoint): Step {
  return {
    id: endpoint.id,
    title: `${endpoint.method} ${endpoint.path}`,
    run: async (io) => {
      const measured = await measureEndpoint(deps, state, endpoint, io);
      state.endpoints.set(endpoint.id, measured);
      const findings = judgeEndpoint({ endpoint, ...measured }, deps.settings);
      const shown = findings.find(({ verdict }) => verdict !== 'green') ?? findings.at(-1);
      return shown === undefined ? undefined : stepVerdict(shown);
    },
  };
}

async function measureEndpoint(deps: PerfDeps, state: PerfState, endpoint: PerfEndpoint, io: StepIo) {
  const { settings, target, web } = deps;
  const request = endpointRequest(deps, state, endpoint);
  const [cold, warm] = await Promise.all([deps.histogram(), deps.histogram()]);
  const { coldRequests, requests } = settings;
  let unanswered = 0;
  for (let sent = 0; sent < coldRequests + warmUps + requests && unanswered < givenUpAfter; sent += 1) {
    const isCold = sent < coldRequests;
    const outcome = await web.request(target, { ...request, fresh: isCold }, io.signal);
    unanswered = outcome.kind === 'failure' ? unanswered + 1 : 0;
    if (isCold) cold.record(sampleOf(outcome, endpoint.status));
    // A warm-up is not measured, but when it is given up there is nothing else to show.
    else if (sent >= coldRequests + warmUps || unanswered === givenUpAfter) warm.record(sampleOf(outcome, endpoint.status));
    if (sent % 10 === 0) io.note(isCold ? `${sent} of ${coldRequests} cold requests` : `${sent - coldRequests} of ${requests} requests`);
  }
  return { cold: cold.statistics(), warm: warm.statistics() };
}

function sampleOf(outcome: WebOutcome, status: number): RequestSample {
  if (outcome.kind === 'failure') return { latencyMs: outcome.class === 'timeout' ? outcome.durationMs : null, error: outcome.class };
  return { latencyMs: outcome.durationMs, error: outcome.status === status ? null : String(outcome.status) };
}
