import { guardProduction } from '../../core/guard.ts';
import { isolationError, isolationFindings, judgeIsolation } from '../../core/isolation/isolation.ts';
import type { IsolationPoint } from '../../core/isolation/facts.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { StageResult } from '../../core/verdict.ts';
import { isolationFacts } from './facts.ts';
import { findCache, findDatabase, findProject, type ResourceDeps, type Resources } from '../resources.ts';

/** What `doctor isolation` reports beside its findings. */
export interface IsolationDetails {
  readonly points: readonly IsolationPoint[];
}

/** What proving isolation needs. */
export interface IsolationDeps extends ResourceDeps {
  readonly clock: Clock;
  /** Waits until the platforms know production, where it is made beside staging (the local cloud). */
  readonly productionReady: (signal: AbortSignal) => Promise<void>;
}

/**
 * Refuses to go on when staging shares something with production: throws `ISOLATION_BROKEN` (exit 6). Called by the first step of every
 * stage, before anything is changed; what is unknown does not stop it. Returns a line that says how much is proven.
 */
export async function refuseShared(deps: ResourceDeps, resources: Resources, signal: AbortSignal): Promise<string> {
  guardProduction({ what: 'domain', identities: [deps.settings.domain] }, deps.settings.production);
  const points = judgeIsolation(await isolationFacts(deps, resources, signal));
  const error = isolationError(points.filter(({ verdict }) => verdict === 'fail'));
  if (error !== undefined) throw error;
  return provenText(points);
}

/** Returns the step that refuses to go on when staging shares something with production, for stages that find their resources otherwise. */
export function isolationStep(deps: ResourceDeps, resources: Resources): Step {
  return {
    id: 'isolation',
    title: 'Check that nothing is shared with production',
    run: (io) => refuseShared(deps, resources, io.signal),
  };
}

/** Returns the stage that says of each thing that staging and production must not share how it stands. */
export function isolationStage(deps: IsolationDeps, resources: Resources): StageRun<IsolationDetails> {
  const startedAtMs = deps.clock.nowMs();
  const points = slot<readonly IsolationPoint[]>('points of isolation');
  const result = (): StageResult<IsolationDetails> => {
    const findings = isolationFindings(points.get());
    const made = stageResult('isolation', findings, startedAtMs, deps.clock, { points: points.get() }, provenText(points.get()));
    // What is shared is certain, whatever else is unknown.
    return { ...made, verdict: findings.some(({ verdict }) => verdict === 'red') ? 'red' : made.verdict };
  };
  const steps: readonly Step[] = [
    {
      id: 'look',
      title: 'Look at what staging is made of, and at what is known of production',
      run: async (io) => {
        await Promise.all([
          findProject(deps, resources, io.signal),
          findDatabase(deps, resources, io.signal),
          findCache(deps, resources, io.signal),
          deps.productionReady(io.signal),
        ]);
        points.set(judgeIsolation(await isolationFacts(deps, resources, io.signal)));
        return provenText(points.get());
      },
    },
    {
      id: 'verdict',
      title: 'Nothing is shared',
      run: async () => {
        const error = isolationError(points.get(), result());
        if (error !== undefined) throw error;
        return provenText(points.get());
      },
    },
  ];
  return { steps, result: () => (points.peek() === undefined ? undefined : result()) };
}

function provenText(points: readonly IsolationPoint[]): string {
  const count = (verdict: IsolationPoint['verdict']) => points.filter((point) => point.verdict === verdict).length;
  const [failing, unknown] = [count('fail'), count('unknown')];
  const rest = [...(failing === 0 ? [] : [`${failing} shared`]), ...(unknown === 0 ? [] : [`${unknown} unknown`])];
  return [`${count('pass')} of ${points.length} proven`, ...rest].join(', ');
}
