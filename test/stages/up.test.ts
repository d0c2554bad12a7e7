import { beforeEach, describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { type StageName, stageNames } from '../../src/core/report.ts';
import type { StageRun } from '../../src/core/run/stage.ts';
import { stageResult } from '../../src/core/run/stage-result.ts';
import { upRun, type UpSelection } from '../../src/stages/up.ts';
import { stageWorld, type StageWorld } from '../support/stage-world.ts';

let world: StageWorld;

beforeEach(() => {
  world = stageWorld();
});

/** How one stage behaves: how long it takes, what it throws at its end, and whether it has its green result by then. */
interface Behaviour {
  readonly ms?: number;
  readonly error?: unknown;
  readonly hasResult?: boolean;
}

function stageOf(stage: StageName, { ms = 1000, error, hasResult = error === undefined }: Behaviour, undone: string[]): StageRun<unknown> {
  const startedAtMs = world.clock.nowMs();
  const finding = { id: 'only', title: 'Only', verdict: 'green', seen: 'all', expected: 'all' } as const;
  let ran = false;
  return {
    steps: [
      {
        id: 'work',
        title: 'Work',
        run: async (io) => {
          await world.clock.sleep(ms, io.signal);
          ran = true;
        },
        undo: async () => void undone.push(stage),
      },
      {
        id: 'end',
        title: 'End',
        run: async () => {
          // Whatever is thrown: a bug of ours is no StagingError.
          if (error instanceof Error) throw error;
        },
      },
    ],
    result: () => (ran && hasResult ? stageResult(stage, [finding], startedAtMs, world.clock, null) : undefined),
  };
}

async function up(behaviours: Partial<Record<StageName, Behaviour>> = {}, selection: UpSelection = {}) {
  const undone: string[] = [];
  const of = (stage: StageName) => () => stageOf(stage, behaviours[stage] ?? {}, undone);
  const stages = {
    provision: of('provision'),
    deploy: of('deploy'),
    seed: of('seed'),
    smoke: of('smoke'),
    perf: of('perf'),
    load: of('load'),
  };
  const run = upRun(stages, selection, world.clock);
  const { error } = await world.run(run.steps, { undoOnFailure: true });
  const outcome = run.outcome(error);
  return { error, undone, ...outcome, verdicts: outcome.stages.map(({ stage, verdict }) => `${stage} ${verdict}`) };
}

describe('up', () => {
  it('runs all stages in order, and is green when each is', async () => {
    const { error, verdict, verdicts, notRun } = await up();

    expect(error).toBeUndefined();
    expect(verdict).toBe('green');
    expect(verdicts).toEqual(stageNames.map((stage) => `${stage} green`));
    expect(notRun).toEqual([]);
  });

  it('keeps each stage’s own duration and start, whatever the stages after it take', async () => {
    const { stages } = await up({ provision: { ms: 3000 }, deploy: { ms: 7000 }, load: { ms: 60_000 } });

    expect(stages.map((stage) => stage.durationMs)).toEqual([3000, 7000, 1000, 1000, 1000, 60_000]);
    const starts = stages.map((stage) => Date.parse(stage.startedAt));
    expect(starts.slice(1).map((start, index) => start - (starts[index] ?? 0))).toEqual([3000, 7000, 1000, 1000, 1000]);
  });

  it('makes the stage that threw red and no other, and names the later ones as not run', async () => {
    const error = new StagingError('red', 'SMOKE_RED', 'Smoke is red: Health: seen 503, expected 200.', { fix: 'Look at the log.' });

    const outcome = await up({ smoke: { error } });

    expect(outcome.error).toBe(error);
    expect(outcome.verdict).toBe('red');
    expect(outcome.verdicts).toEqual(['provision green', 'deploy green', 'seed green', 'smoke red']);
    expect(outcome.notRun).toEqual([
      { stage: 'perf', reason: 'smoke was not green' },
      { stage: 'load', reason: 'smoke was not green' },
    ]);
    expect(outcome.stages.at(-1)).toMatchObject({
      summary: 'SMOKE_RED',
      durationMs: 1000,
      findings: [{ id: 'smoke-red', verdict: 'red', seen: 'Smoke is red: Health: seen 503, expected 200', fix: 'Look at the log.' }],
    });
  });

  it('does not call a stage green that had its result and then threw: it keeps what it found and adds the error', async () => {
    const { verdicts, stages } = await up({
      deploy: { error: new StagingError('vendor', 'VERCEL_UNREACHABLE', 'No answer.'), hasResult: true },
    });

    expect(verdicts).toEqual(['provision green', 'deploy red']);
    expect(stages[1]?.findings.map((finding) => finding.id)).toEqual(['only', 'vercel-unreachable']);
  });

  it('is inconclusive, not red, when a measurement could carry no verdict', async () => {
    const { verdict, verdicts } = await up({ perf: { error: new StagingError('inconclusive', 'PERF_INCONCLUSIVE', 'Too noisy.') } });

    expect(verdict).toBe('inconclusive');
    expect(verdicts.at(-1)).toBe('perf inconclusive');
  });

  it('calls anything unexpected a bug of ours', async () => {
    const { stages } = await up({ provision: { error: new TypeError('x is not a function') } });

    expect(stages).toMatchObject([{ verdict: 'red', summary: 'a bug of ours', findings: [{ id: 'bug', seen: 'x is not a function' }] }]);
  });

  it('undoes what the failing stage did, and no stage before it', async () => {
    const { undone } = await up({ seed: { error: new StagingError('red', 'SEED_ROWS_DIFFER', '1 row differs.') } });

    expect(undone).toEqual(['seed']);
  });
});

describe('a selection', () => {
  it('starts at --from and takes what is before as done', async () => {
    const { verdicts, notRun } = await up({}, { from: 'perf' });

    expect(verdicts).toEqual(['perf green', 'load green']);
    expect(notRun).toEqual(['provision', 'deploy', 'seed', 'smoke'].map((stage) => ({ stage, reason: 'not asked for' })));
  });

  it('runs only what --only names, in the order of the stages', async () => {
    const { verdicts } = await up({}, { only: ['load', 'smoke'] });

    expect(verdicts).toEqual(['smoke green', 'load green']);
  });

  it('tells what was not asked for from what was not reached', async () => {
    const error = new StagingError('red', 'DEPLOY_FAILED', 'The deployment failed.');

    const { notRun } = await up({ deploy: { error } }, { only: ['deploy', 'smoke'] });

    expect(notRun).toContainEqual({ stage: 'smoke', reason: 'deploy was not green' });
    expect(notRun).toContainEqual({ stage: 'perf', reason: 'not asked for' });
  });

  it('is refused when nothing is left of it', async () => {
    await expect(up({}, { from: 'load', only: ['smoke'] })).rejects.toMatchObject({
      kind: 'usage',
      code: 'UP_NOTHING_SELECTED',
      exitCode: 2,
      message: 'No stage is left: --from load comes after every --only stage (smoke).',
    });
  });
});
