import { StagingError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import { type StageName, stageNames } from '../core/report.ts';
import { failedStage } from '../core/run/failed-stage.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { Step } from '../core/run/step.ts';
import { combineVerdicts, type StageResult, type Verdict } from '../core/verdict.ts';

/** Which stages of `up` run. */
export interface UpSelection {
  /** The first stage that runs; the ones before are taken as done. */
  readonly from?: StageName | undefined;
  /** Only these stages run. */
  readonly only?: readonly StageName[] | undefined;
}

/** Several stages as one run, and what came of each. */
export interface UpRun {
  readonly steps: readonly Step[];
  /**
   * Returns the stages that ran, in order, and those that did not with the reason. `error` is what the run threw, if
   * anything: the stage in which it was thrown is red (or inconclusive) and no other.
   */
  outcome(error: unknown): UpOutcome;
}

/** What came of a run of `up`. */
export interface UpOutcome {
  readonly verdict: Verdict;
  readonly stages: readonly StageResult[];
  readonly notRun: readonly { readonly stage: StageName; readonly reason: string }[];
}

/**
 * Returns the stages of `up` as one run; each stage is made when its turn comes, since it may depend on the ones before. Throws
 * `UP_NOTHING_SELECTED` (exit 2).
 */
export function upRun(stages: Readonly<Record<StageName, () => StageRun<unknown>>>, selection: UpSelection, clock: Clock): UpRun {
  const selected = selectStages(selection);
  const started: StartedStage[] = [];
  const steps = selected.map((stage): Step => ({
    id: stage,
    title: titles[stage],
    settles: true,
    steps: () => {
      // A result knows how long its stage took from the moment it is asked for: the one before has just ended.
      takeResult(started.at(-1));
      const run = stages[stage]();
      started.push({ stage, run, atMs: clock.nowMs(), result: undefined });
      return run.steps;
    },
  }));
  return {
    steps,
    outcome: (error) => {
      const last = started.at(-1);
      takeResult(last);
      const failed = error === undefined ? undefined : last?.stage;
      const results = started.map((each) =>
        each.stage !== failed && each.result !== undefined ? each.result : failedStage(each, error, clock),
      );
      return {
        verdict: combineVerdicts(results.map((result) => result.verdict)),
        stages: results,
        notRun: notRun(
          selected,
          started.map((each) => each.stage),
          failed,
        ),
      };
    },
  };
}

interface StartedStage {
  readonly stage: StageName;
  readonly run: StageRun<unknown>;
  readonly atMs: number;
  result: StageResult | undefined;
}

function takeResult(started: StartedStage | undefined): void {
  if (started !== undefined) started.result ??= started.run.result();
}

const titles: Readonly<Record<StageName, string>> = {
  provision: 'Provision',
  deploy: 'Deploy',
  seed: 'Seed',
  smoke: 'Smoke',
  perf: 'Perf',
  load: 'Load',
};

function selectStages(selection: UpSelection): readonly StageName[] {
  const { from, only } = selection;
  const first = from === undefined ? 0 : stageNames.indexOf(from);
  const selected = stageNames.filter((stage, index) => index >= first && (only === undefined || only.includes(stage)));
  if (selected.length > 0) return selected;
  throw new StagingError(
    'usage',
    'UP_NOTHING_SELECTED',
    `No stage is left: --from ${String(from)} comes after every --only stage (${(only ?? []).join(', ')}).`,
    {
      fix: 'Leave out `--from` or `--only`.',
    },
  );
}

function notRun(selected: readonly StageName[], reached: readonly StageName[], failed: StageName | undefined): UpOutcome['notRun'] {
  return stageNames
    .filter((stage) => !reached.includes(stage))
    .map((stage) => ({ stage, reason: selected.includes(stage) && failed !== undefined ? `${failed} was not green` : 'not asked for' }));
}
