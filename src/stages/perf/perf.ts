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
 * the database, compares with an earlier run, judges. Throws `PERF_TARGET_UNREACHABLE` (kind `red`) when nothing answers.
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
      state.versions = await deps.audit.versions(signal);
      return `${deps.target.origin} answers; Lighthouse ${state.versions.lighthouse}, ${state.versions.browser}`;
    },
  };
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
