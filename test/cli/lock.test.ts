import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { takeRunLock } from '../../src/adapters/lock/run-lock.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const provisioned = z.object({ verdict: z.string(), details: z.object({ variablesWritten: z.array(z.string()) }) });

describe('runs on one environment at the same time', () => {
  const it = requires('git', 'redis-server');
  let project: StagingProject;

  beforeAll(async () => {
    project = await createStagingProject();
  });
  afterAll(() => project.remove());

  it('give one of two the lock: the other ends with 7 and names the holder', async () => {
    // Both wait for the local cloud that one of them starts, so they come to the lock together.
    const running = [project.start(['provision', '--json']), project.start(['provision', '--json'])];

    const runs = await Promise.all(running.map(async ({ pid, done }) => ({ pid, run: await done })));

    const winner = runs.find(({ run }) => run.exitCode === 0);
    const loser = runs.find(({ run }) => run.exitCode === 7);
    expect(winner?.run.json(provisioned).data.details.variablesWritten).not.toEqual([]);
    expect(loser?.run.stderr).toBe('');
    expect(loser?.run.json(z.unknown()).error).toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringMatching(new RegExp(`\`jv-staging provision\` of .* \\(process ${winner?.pid}, since`)),
      fix: expect.stringContaining('--wait-lock'),
    });
  }, 120_000);

  it('let one that may wait go on when the lock is free, and it finds nothing to do', async () => {
    const holder = { actor: 'somebody@elsewhere', command: 'jv-staging deploy', pid: 4711 };
    const held = await takeRunLock(project.stateDir, holder, 0, systemClock, new AbortController().signal);
    const waiting = project.start(['provision', '--wait-lock', '1m', '--json']);

    const refused = await project.run(['provision', '--json']);
    await held.release();
    const waited = await waiting.done;

    expect(refused.exitCode, refused.stdout).toBe(7);
    expect(refused.json(z.unknown()).error?.message).toContain('`jv-staging deploy` of somebody@elsewhere (process 4711, since');
    expect(waited.exitCode, waited.stdout).toBe(0);
    expect(waited.json(provisioned).data).toMatchObject({ verdict: 'green', details: { variablesWritten: [] } });
  }, 120_000);
});
