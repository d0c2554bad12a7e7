import { expect, it } from 'vitest';
import { type EnvironmentLogs, shownLogs } from '../../src/stages/logs.ts';

const at = '2026-11-27T12:00:00.000Z';
const logs: EnvironmentLogs = {
  environment: 'shop-staging',
  from: at,
  to: at,
  sources: [{ source: 'app', read: 3, shown: 3, complete: true }],
  entries: ['one', 'two', 'three'].map((message) => ({ at, source: 'app', level: 'info', message, deploymentId: null })),
};

it('shows the newest lines of a log and says how to see the others', () => {
  const { lines, notes } = shownLogs(logs, 2);

  expect(lines).toEqual([expect.stringContaining('two'), expect.stringContaining('three')]);
  expect(notes).toEqual(['1 older lines are not shown: `--limit 3` shows all.']);
});

it('shows all where there are no more, and says nothing', () => {
  expect(shownLogs(logs, 3)).toMatchObject({ lines: { length: 3 }, notes: [] });
});
