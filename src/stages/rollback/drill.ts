import { StagingError } from '../../core/errors.ts';
import { type DrillLeg, type DrillLegs, timedSteps } from '../../core/rollback/drill.ts';
import { losesAnything } from '../../core/rollback/words.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import { combineVerdicts, type Finding, type StageResult } from '../../core/verdict.ts';
import type { Resources } from '../resources.ts';
import type { RollbackDeps, RollbackOptions } from './deps.ts';
import { type RollbackDetails, type RollbackPreview, type RollbackRun, rollbackStage } from './rollback.ts';

/** What a drill reports beside its findings. */
export interface DrillDetails extends RollbackPreview, DrillLegs {}

/** A drill about to run. */
export interface DrillRun extends StageRun<DrillDetails> {
  preview(): RollbackPreview | undefined;
}

/**
 * Returns the stage that goes back and forward again, with smoke on both ends and the time of each. Throws `DRILL_LOSES_ROWS` (exit 6): a
 * drill only goes where it can come back from with every row.
 */
export function drillStage(deps: RollbackDeps, resources: Resources, options: RollbackOptions): DrillRun {
  const startedAtMs = deps.clock.nowMs();
  const back = way(deps, rollbackStage(deps, resources, options));
  const forward = slot<Way>('way forward');
  const result = () => drillResult(deps, startedAtMs, [back, forward.peek()]);
  return {
    preview: back.run.preview,
    steps: [
      { id: 'back', title: 'Roll back', steps: () => safeOnly(back, deps.settings.name) },
      {
        id: 'forward',
        title: 'Go forward again',
        steps: () => {
          const to = back.run.facts.plan.get().from.id;
          forward.set(way(deps, rollbackStage(deps, resources, { ...options, to }, 'forward')));
          return forward.get().steps;
        },
      },
      // Back where it began: what smoke came to undoes nothing.
      { id: 'end', title: 'End the drill', settles: true },
      {
        id: 'verdict',
        title: 'Verdict of smoke on both releases',
        run: async () => {
          const red = [back, forward.get()].map(({ run }) => run.facts.red.peek()).find((error) => error !== undefined);
          if (red !== undefined) throw red;
          return result()?.summary;
        },
      },
    ],
    result,
  };
}

interface Way {
  readonly run: RollbackRun;
  /** The rollback's steps, timed; what smoke came to is thrown at the drill's end. */
  readonly steps: readonly Step[];
  readonly times: Map<string, { readonly startMs: number; endMs: number }>;
}

function way({ clock }: RollbackDeps, run: RollbackRun): Way {
  const times: Way['times'] = new Map();
  const begin = (id: string) => times.set(id, { startMs: clock.nowMs(), endMs: clock.nowMs() });
  const end = (id: string) => {
    const time = times.get(id);
    if (time !== undefined) time.endMs = clock.nowMs();
  };
  const timed = (step: Step): Step => {
    if (!(step.id in timedSteps)) return step;
    const { run: work, verify, steps } = step;
    return {
      ...step,
      ...(work === undefined
        ? {}
        : {
            run: async (io) => {
              begin(step.id);
              const said = await work(io);
              end(step.id);
              return said;
            },
          }),
      ...(verify === undefined
        ? {}
        : {
            verify: async (io) => {
              await verify(io);
              end(step.id);
            },
          }),
      ...(steps === undefined
        ? {}
        : {
            steps: () => {
              begin(step.id);
              const below = steps();
              return [...below, { id: 'time', title: 'Take the time', run: async () => end(step.id) }];
            },
          }),
    };
  };
  return {
    run,
    times,
    steps: run.steps
      .filter(({ id }) => id !== 'verdict')
      .map(timed)
      .map(unsettled),
  };
}

/** A drill is over when it is back where it began: until then a failure undoes both ways. */
function unsettled(step: Step): Step {
  return step.settles === true ? { ...step, settles: false } : step;
}

/** Lets through only a rollback that loses nothing and that the way forward can take back. */
function safeOnly({ run, steps }: Way, name: string): readonly Step[] {
  const refusal: Step = {
    id: 'drill',
    title: 'See that the drill can come back',
    run: async () => {
      const plan = run.facts.plan.get();
      const { losesText, to } = plan;
      if (!losesAnything(plan)) return 'nothing is lost on the way';
      throw new StagingError(
        'refused',
        'DRILL_LOSES_ROWS',
        `A drill back to ${to.id} would lose ${losesText}, expected a way on which ${name} keeps every row.`,
        { fix: 'Prove the reverse scripts with `jv-staging deploy --rehearse`, then run `jv-staging rollback --drill` again.' },
      );
    },
  };
  return steps.flatMap((step) => (step.id === 'consent' ? [refusal] : [step]));
}

function drillResult(deps: RollbackDeps, startedAtMs: number, gone: readonly (Way | undefined)[]): StageResult<DrillDetails> | undefined {
  const [back, forward] = gone;
  const preview = back?.run.preview();
  if (back === undefined || forward === undefined || preview === undefined) return undefined;
  const results = [back.run.result(), forward.run.result()];
  const [first, second] = results;
  if (first === undefined || second === undefined) return undefined;
  const legs = [legOf('back', back, first.details), legOf('forward', forward, second.details)];
  const findings = legs.map((leg, at) => legFinding(leg, results[at]));
  const ways = legs.map((leg) => `${leg.direction}: RTO ${seconds(leg.rtoMs)}`).join(', ');
  const summary = `${ways}; live again: ${second.details.to}, as ${second.details.releaseId}`;
  return stageResult('rollback-drill', findings, startedAtMs, deps.clock, { ...preview, legs }, summary);
}

function legOf(direction: DrillLeg['direction'], { times }: Way, { from, to, releaseId }: RollbackDetails): DrillLeg {
  const taken = [...times].map(([id, { startMs, endMs }]) => ({ id, startMs, endMs }));
  const startMs = Math.min(...taken.map((time) => time.startMs));
  const endMs = Math.max(...taken.map((time) => time.endMs));
  const steps = taken.map((time) => ({ id: time.id, durationMs: time.endMs - time.startMs }));
  return { direction, from, to, releaseId, rtoMs: endMs - startMs, steps };
}

function legFinding(leg: DrillLeg, result: StageResult | undefined): Finding {
  return {
    id: leg.direction,
    title: `${leg.direction === 'back' ? 'Back' : 'Forward'} to ${leg.to}`,
    verdict: combineVerdicts(result?.findings.map(({ verdict }) => verdict) ?? []),
    seen: `${seconds(leg.rtoMs)} (${leg.steps.map(({ id, durationMs }) => `${id} ${seconds(durationMs)}`).join(', ')})`,
    expected: 'smoke green at its end',
    durationMs: leg.rtoMs,
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
