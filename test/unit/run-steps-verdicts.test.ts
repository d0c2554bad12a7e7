import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/run/events.ts';
import type { Journal } from '../../src/core/ports/journal.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { Step } from '../../src/core/run/step.ts';

const journal: Journal = { append: async () => undefined, unfinished: async () => [] };

async function outcomes(steps: readonly Step[]): Promise<Record<string, string>> {
  const events: RunEvent[] = [];
  const clock = { nowMs: () => 0, sleep: async () => undefined };
  await runSteps(steps, { runId: 'run', journal, clock, events: (event) => events.push(event), signal: new AbortController().signal });
  return Object.fromEntries(
    events.flatMap((event) => (event.type === 'step-finished' ? [[event.path.join('/'), `${event.outcome}: ${event.detail ?? ''}`]] : [])),
  );
}

test('a step that comes to red or inconclusive is reported so, and its neighbours and the steps after it still run', async () => {
  const found = await outcomes([
    {
      id: 'checks',
      title: 'Checks',
      concurrent: true,
      steps: () => [
        { id: 'a', title: 'A', run: async () => ({ verdict: 'red', detail: 'seen 500, expected 200' }) },
        { id: 'b', title: 'B', run: async () => ({ verdict: 'green', detail: '200' }) },
        { id: 'c', title: 'C', run: async () => ({ verdict: 'inconclusive', detail: 'too noisy' }) },
        { id: 'd', title: 'D', run: async () => ({ verdict: 'skipped', detail: 'not staging' }) },
      ],
    },
    { id: 'after', title: 'After', run: async () => 'ran' },
  ]);

  expect(found).toEqual({
    'checks/a': 'red: seen 500, expected 200',
    'checks/b': 'done: 200',
    'checks/c': 'inconclusive: too noisy',
    'checks/d': 'skipped: not staging',
    checks: 'done: ',
    after: 'done: ran',
  });
});

test('a red step is not read back by verify', async () => {
  let verified = false;

  await outcomes([
    { id: 'a', title: 'A', run: async () => ({ verdict: 'red', detail: 'no' }), verify: async () => void (verified = true) },
  ]);

  expect(verified).toBe(false);
});
