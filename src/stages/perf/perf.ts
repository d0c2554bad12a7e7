import { StagingError } from '../../core/errors.ts';
import { clip } from '../../core/problem.ts';
import { redirectTarget, type WebAnswer } from '../../core/smoke/who-answered.ts';
import { type StageRun, verdictStep } from '../../core/run/stage.ts';
import type { PerfDetails } from '../../core/report.ts';
import type { Step } from '../../core/run/step.ts';
import { signInStep } from '../isolation/identities.ts';
import { unreachable } from '../unreachable.ts';
import { databaseStep, poolStep, statementsStep } from './database.ts';
import { endpointsStep } from './endpoints.ts';
import { browserMemoryStep, serverMemoryStep } from './memory.ts';
import { pagesStep } from './pages.ts';
import { perfResult } from './result.ts';
import { newPerfState, type PerfDeps, type PerfState, requestTimeoutMs } from './state.ts';

/**
 * Returns the perf stage: signs in, audits each page `runs` times one after the other, measures endpoints, connections, memory and
 * the database, compares with an earlier run, judges. Throws `PERF_TARGET_UNREACHABLE`
 * (kind `red`) when nothing answers, `PERF_TARGET_ELSEWHERE` (kind `red`) when the first page leads to another host.
 */
export function perfStage(deps: PerfDeps): StageRun<PerfDetails> {
  const startedMs = deps.clock.nowMs();
  const state = newPerfState();
  const identities = [...deps.settings.pages, ...deps.settings.endpoints].map((item) => item.as);
  const verdict = () => {
    state.measured = true;
    return perfResult(deps, state, startedMs);
  };
  return {
    steps: [
      baselineStep(deps, state),
      reachStep(deps, state),
      signInStep(deps.target, deps.signIns, identities, state.signedIn),
      statementsStep(deps, state),
      pagesStep(deps, state),
      endpointsStep(deps, state),
      poolStep(deps, state),
      serverMemoryStep(deps, state),
      browserMemoryStep(deps, state),
      databaseStep(deps, state),
      verdictStep('Verdict', verdict),
    ],
    result: () => (state.measured ? perfResult(deps, state, startedMs) : undefined),
  };
}

function reachStep(deps: PerfDeps, state: PerfState): Step {
  return {
    id: 'reach',
    title: 'Reach the target',
    run: async ({ signal }) => {
      const path = deps.settings.pages[0]?.path ?? '/';
      const outcome = await deps.web.request(deps.target, { method: 'GET', path, timeoutMs: requestTimeoutMs }, signal);
      if (outcome.kind === 'failure') throw unreachable('PERF_TARGET_UNREACHABLE', deps.target, outcome);
      refuseElsewhere(deps, path, outcome);
      state.versions = await deps.audit.versions(signal);
      return `${deps.target.origin} answers; Lighthouse ${state.versions.lighthouse}, ${state.versions.browser}`;
    },
  };
}

/** A page that leads nobody in particular to another host is not the one to measure; a signed-in user may be let in where nobody is not. */
function refuseElsewhere({ target, settings }: PerfDeps, path: string, answer: WebAnswer): void {
  const context = { origin: target.origin, path, bypass: target.bypassSecret !== undefined, timeoutMs: requestTimeoutMs };
  const elsewhere = redirectTarget(answer, context);
  if (elsewhere === undefined || elsewhere.origin === target.origin || settings.pages[0]?.as !== 'nobody') return;
  const message = `${target.origin}${path} redirects to ${clip(elsewhere.origin)}: what answers there is not what was to be measured.`;
  throw new StagingError('red', 'PERF_TARGET_ELSEWHERE', message, {
    fix: `Run \`jv-staging perf --url ${clip(elsewhere.origin)}\` if that is the address to measure, otherwise mend the redirect.`,
  });
}

function baselineStep(deps: PerfDeps, state: PerfState): Step {
  return {
    id: 'baseline',
    title: 'Find the run to compare with',
    run: async () => {
      const baseline = await deps.baseline();
      state.baseline.set(baseline);
      return baseline?.name ?? 'there is none yet';
    },
  };
}
