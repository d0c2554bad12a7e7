import { expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import { waitUntil } from '../../src/core/run/wait.ts';
import { steppingClock } from '../fakes/clocks.ts';

it('says what is missing when that changes and at each heartbeat, until the deadline', async () => {
  const said: string[] = [];
  let asked = 0;
  const check = async () => ((asked += 1) > 3 ? 'the queue' : 'the build');
  const { signal } = new AbortController();

  const waiting = waitUntil(check, {
    clock: steppingClock(),
    signal,
    deadlineMs: 60_000,
    intervalMs: 5000,
    heartbeatMs: 15_000,
    onWaiting: (missing) => said.push(missing),
    late: (missing) => new StagingError('vendor', 'LATE', missing),
  });

  await expect(waiting).rejects.toMatchObject({ code: 'LATE', message: 'the queue' });
  expect(said[0]).toBe('the build');
  expect(said.filter((text) => text === 'the queue')).toHaveLength(1);
  expect(said.filter((text) => /^the queue, for \d+ s by now$/.test(text)).length).toBeGreaterThan(1);
});
