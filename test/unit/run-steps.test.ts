import { describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import type { RunEvent } from '../../src/core/run/events.ts';
import type { Journal, JournalEntry } from '../../src/core/ports/journal.ts';
import { type RunOptions, runSteps } from '../../src/core/run/run-steps.ts';
import type { Step } from '../../src/core/run/step.ts';

function harness(more: Partial<RunOptions> = {}) {
  const events: RunEvent[] = [];
  const entries: JournalEntry[] = [];
  const journal: Journal = { append: async (entry) => void entries.push(entry), unfinished: async () => [] };
  const clock = { nowMs: () => 0, sleep: async () => undefined };
  const options: RunOptions = {
    runId: 'run-1',
    journal,
    clock,
    events: (event) => void events.push(event),
    signal: new AbortController().signal,
    ...more,
  };
  const outcomes = () => events.flatMap((event) => (event.type === 'step-finished' ? [`${event.path.join('/')} ${event.outcome}`] : []));
  return { options, entries, outcomes };
}

describe('running steps', () => {
  it('journals the intent before a mutating step and the outcome after it, and nothing for others', async () => {
    const order: string[] = [];
    const { options, entries } = harness();
    const journal: Journal = {
      append: async (entry) => {
        entries.push(entry);
        order.push(entry.phase);
      },
      unfinished: async () => [],
    };

    await runSteps(
      [
        { id: 'read', title: 'Read', run: async () => void order.push('read') },
        { id: 'write', title: 'Write', mutates: true, run: async () => void order.push('write') },
      ],
      { ...options, journal },
    );

    expect(order).toEqual(['read', 'intent', 'write', 'done', 'ended']);
    expect(entries.map((entry) => entry.path)).toEqual(['write', 'write', '']);
  });

  it('does not run a step whose wished state is already there', async () => {
    const { options, outcomes } = harness();
    let ran = false;

    await runSteps([{ id: 'a', title: 'A', mutates: true, probe: async () => 'there', run: async () => void (ran = true) }], options);

    expect(ran).toBe(false);
    expect(outcomes()).toEqual(['a unchanged']);
  });

  it('undoes what is done, newest first, and reports what could not be undone', async () => {
    const { options, outcomes } = harness({ undoOnFailure: true });
    const undone: string[] = [];
    const step = (id: string, undo: () => Promise<void>): Step => ({ id, title: id, run: async () => undefined, undo });
    const steps = [
      step('one', async () => void undone.push('one')),
      step('two', async () => Promise.reject(new Error('gone'))),
      step('three', async () => void undone.push('three')),
      { id: 'four', title: 'four', run: async () => Promise.reject(new StagingError('red', 'SMOKE_RED', 'Red.')) },
    ];

    await expect(runSteps(steps, options)).rejects.toMatchObject({ code: 'SMOKE_RED' });

    expect(undone).toEqual(['three', 'one']);
    expect(outcomes().slice(-3)).toEqual(['three undone', 'two undo-failed', 'one undone']);
  });

  it('undoes a step that was run but did not come out as wished', async () => {
    const { options, outcomes } = harness({ undoOnFailure: true });
    const undone: string[] = [];
    const step: Step = {
      id: 'move',
      title: 'Move',
      run: async () => undefined,
      verify: async () => Promise.reject(new StagingError('vendor', 'NOT_MOVED', 'Not moved.')),
      undo: async () => void undone.push('move'),
    };

    await expect(runSteps([step], options)).rejects.toMatchObject({ code: 'NOT_MOVED' });

    expect(undone).toEqual(['move']);
    expect(outcomes()).toEqual(['move failed', 'move undone']);
  });

  it('does not undo what is settled', async () => {
    const { options } = harness({ undoOnFailure: true });
    const undone: string[] = [];
    const step = (id: string): Step => ({ id, title: id, run: async () => undefined, undo: async () => void undone.push(id) });
    const steps: Step[] = [
      { id: 'deploy', title: 'Deploy', settles: true, steps: () => [step('move')] },
      {
        id: 'perf',
        title: 'Perf',
        settles: true,
        steps: () => [step('open'), { id: 'bad', title: 'Bad', run: async () => Promise.reject(new Error('no')) }],
      },
    ];

    await expect(runSteps(steps, options)).rejects.toThrow('no');

    expect(undone).toEqual(['open']);
  });

  it('names every step of a dry run, and runs none from the first that writes on', async () => {
    const { options, outcomes, entries } = harness({ dryRun: true });
    const ran: string[] = [];

    await runSteps(
      [
        { id: 'read', title: 'Read', run: async () => void ran.push('read') },
        { id: 'write', title: 'Write', mutates: true, run: async () => void ran.push('write') },
        { id: 'after', title: 'After', run: async () => void ran.push('after') },
      ],
      options,
    );

    expect(ran).toEqual(['read']);
    expect(outcomes()).toEqual(['read done', 'write planned', 'after planned']);
    expect(entries).toEqual([]);
  });

  it('lets the siblings of a failing concurrent step finish', async () => {
    const { options, outcomes } = harness();
    const steps: Step[] = [
      {
        id: 'both',
        title: 'Both',
        concurrent: true,
        steps: () => [
          { id: 'bad', title: 'Bad', run: async () => Promise.reject(new StagingError('vendor', 'X_FAILED', 'No.')) },
          { id: 'good', title: 'Good', run: async () => new Promise((resolve) => setTimeout(resolve, 5)) },
        ],
      },
    ];

    await expect(runSteps(steps, options)).rejects.toMatchObject({ code: 'X_FAILED' });

    expect(outcomes()).toEqual(['both/bad failed', 'both/good done', 'both failed']);
  });

  it('ends as interrupted, and leaves the intent of the interrupted call open', async () => {
    const interruption = new AbortController();
    const { options, entries } = harness({ signal: interruption.signal });
    const steps: Step[] = [
      {
        id: 'write',
        title: 'Write',
        mutates: true,
        run: async () => {
          interruption.abort();
          throw new Error('aborted');
        },
      },
    ];

    await expect(runSteps(steps, options)).rejects.toMatchObject({ code: 'RUN_INTERRUPTED', exitCode: 130 });

    expect(entries.map((entry) => entry.phase)).toEqual(['intent']);
  });
});
