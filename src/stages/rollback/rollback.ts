import { StagingError } from '../../core/errors.ts';
import type { DatabaseDecision } from '../../core/rollback/plan.ts';
import { decisionText } from '../../core/rollback/words.ts';
import type { Slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding } from '../../core/verdict.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import type { Resources } from '../resources.ts';
import { applyStep, databaseStep, keptRecordsStep } from './database.ts';
import { emptyRollbackFacts, type RollbackDeps, type RollbackFacts, type RollbackOptions } from './deps.ts';
import { type MoveDirection, moveBackStep } from './move.ts';
import { consentStep, deploymentStep, planStep, recoverStep } from './plan.ts';
import { pauseStep, resumeStep } from './queues.ts';
import { rollbackRecordStep } from './record.ts';
import { variablesStep } from './variables.ts';

/** What a rollback would do, as `--dry-run` shows it. */
export interface RollbackPreview {
  readonly from: string;
  readonly to: string;
  readonly decision: DatabaseDecision;
  /** The decision in words. */
  readonly database: string;
  /** Files that are reversed, newest first. */
  readonly reverse: readonly string[];
  /** Files whose schema stays. */
  readonly keep: readonly string[];
  readonly restorePoint: string | null;
  /** Rows that would be lost: 0 for none, null when nobody can say. */
  readonly losesRows: number | null;
  /** Names of variables that are taken back. */
  readonly variables: readonly string[];
  readonly notComingBack: readonly string[];
}

/** What a rollback reports beside its findings. */
export interface RollbackDetails extends RollbackPreview {
  /** Id of the record of the rollback itself. */
  readonly releaseId: string;
  readonly deploymentId: string;
  readonly gitSha: string;
}

/** A rollback about to run, and what it would do once it has planned. */
export interface RollbackRun extends StageRun<RollbackDetails> {
  readonly facts: RollbackFacts;
  /** Returns the plan, or undefined as long as there is none. */
  preview(): RollbackPreview | undefined;
}

/**
 * Returns the stage that takes a release back: app, database and variables as one. Queues stand still meanwhile; the old release's own
 * checks prove it. The record is written whatever smoke says, since the domain has moved.
 */
export function rollbackStage(
  deps: RollbackDeps,
  resources: Resources,
  options: RollbackOptions,
  direction: MoveDirection = 'back',
): RollbackRun {
  const startedAtMs = deps.clock.nowMs();
  const facts = emptyRollbackFacts();
  const preview = () => previewOf(facts);
  return {
    facts,
    preview,
    steps: [
      locateStep(deps, resources),
      leaseStep(deps),
      keptRecordsStep(deps),
      recoverStep(deps, resources, facts, options),
      planStep(deps, resources, facts, options),
      deploymentStep(deps, facts),
      consentStep(deps, facts, options),
      pauseStep(deps),
      applyStep(deps, facts),
      moveBackStep(deps, resources, facts, direction),
      databaseStep(deps, resources, facts),
      variablesStep(deps, resources, facts),
      resumeStep(deps),
      smokeStep(deps, facts),
      rollbackRecordStep(deps, facts),
      verdictStep(facts),
    ],
    result: () => {
      const [written, gate, plan] = [facts.record.peek(), facts.smoked.peek()?.result(), preview()];
      if (written === undefined || gate === undefined || plan === undefined) return undefined;
      return stageResult('rollback', rollbackFindings(deps, facts), startedAtMs, deps.clock, {
        ...plan,
        releaseId: written.id,
        deploymentId: facts.goal.get().id,
        gitSha: written.gitSha,
      });
    },
  };
}

function smokeStep(deps: RollbackDeps, facts: RollbackFacts): Step {
  return {
    id: 'smoke-domain',
    title: `Smoke on ${deps.settings.domain}, with that release’s own checks`,
    steps: () => {
      const { to } = facts.plan.get();
      facts.smoked.set(deps.smoke(deps.appOrigin, to.gitSha, facts.goal.get().id, { checks: to.smokeChecks ?? undefined }));
      return facts.smoked.get().steps.map((step) => (step.id === 'verdict' ? holdVerdict(step, facts.red) : step));
    },
  };
}

/**
 * Returns a gate's verdict step that keeps its error for later instead of throwing it: the domain has moved, and the record must
 * say so even when smoke is red.
 */
export function holdVerdict(step: Step, red: Slot<StagingError>): Step {
  return {
    ...step,
    run: async (io) => {
      try {
        return await step.run?.(io);
      } catch (error) {
        if (!(error instanceof StagingError) || (error.kind !== 'red' && error.kind !== 'inconclusive')) throw error;
        red.set(error);
        return { verdict: error.kind, detail: error.code };
      }
    },
  };
}

/** Returns the step that throws what smoke came to, once everything is recorded. */
function verdictStep(facts: RollbackFacts): Step {
  return {
    id: 'verdict',
    title: 'Verdict of smoke on the earlier release',
    run: async () => {
      const error = facts.red.peek();
      if (error !== undefined) throw error;
      return facts.smoked.get().result()?.summary;
    },
  };
}

function rollbackFindings(deps: RollbackDeps, facts: RollbackFacts): readonly Finding[] {
  const plan = facts.plan.get();
  const { to } = plan;
  const gate = facts.smoked.get().result();
  const green = { verdict: 'green' } as const;
  const variables = facts.variables.get();
  return [
    {
      ...green,
      id: 'release',
      title: `Release on ${deps.settings.domain}`,
      seen: `${to.id}, commit ${to.gitSha.slice(0, 12)}`,
      expected: 'the earlier release, live again',
    },
    { ...green, id: 'database', title: 'Database', seen: decisionText(plan), expected: 'a schema that its code runs on' },
    {
      ...green,
      id: 'variables',
      title: 'Variables',
      seen: variables.length === 0 ? 'unchanged' : `${variables.join(', ')} taken back`,
      expected: 'those of that release',
    },
    {
      id: 'smoke-domain',
      title: 'Smoke on the domain',
      verdict: gate?.verdict ?? 'skipped',
      seen: gate?.summary ?? 'not run',
      expected: 'all green',
    },
  ];
}

function previewOf(facts: RollbackFacts): RollbackPreview | undefined {
  const [plan, lost, variables] = [facts.plan.peek(), facts.lost.peek(), facts.variables.peek()];
  if (plan === undefined || lost === undefined || variables === undefined) return undefined;
  return {
    from: plan.from.id,
    to: plan.to.id,
    decision: plan.decision,
    database: decisionText(plan),
    reverse: plan.reverse.map(({ file }) => file),
    keep: plan.keep.map(({ file }) => file),
    restorePoint: plan.restorePoint?.id ?? null,
    losesRows: plan.losesRows,
    variables,
    notComingBack: lost,
  };
}
