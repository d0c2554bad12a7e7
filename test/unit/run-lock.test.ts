import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLock, removeLock, takeRunLock } from '../../src/adapters/lock/run-lock.ts';
import { lookAt, ownMark } from '../../src/adapters/system/process-mark.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { lockHolder } from '../support/lock-holder.ts';

const none = new AbortController().signal;
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jv-lock-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const take = (id: string, process = {}, waitMs = 0) => takeRunLock(dir, lockHolder(id, process), waitMs, steppingClock(), none);

describe('the lock of a state folder', () => {
  it('is one run’s until it is released; the refusal names holder and id', async () => {
    const held = await take('lock_1');

    await expect(take('lock_2')).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      exitCode: 7,
      message: expect.stringContaining(
        `(process ${process.pid} on ${ownMark().host}, since 2026-11-22T10:00:00.000Z) holds the lock lock_1`,
      ),
    });
    await held.release();
    await expect(take('lock_3')).resolves.toBeDefined();
    expect((await readdir(dir)).filter((name) => name !== 'run.lock')).toEqual([]);
  });

  it('of many that come at once is given to one', async () => {
    const taken = await Promise.allSettled(Array.from({ length: 12 }, (_, place) => take(`lock_${place}`)));

    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('of a killed run is taken over at once, by one of many', async () => {
    const { pid = 0, ...child } = execa('sleep', ['60'], { reject: false });
    const look = lookAt(pid);
    await take('lock_1', { pid, begun: look === 'none' ? null : look.begun });
    await expect(take('lock_2')).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    child.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));

    const taken = await Promise.allSettled(Array.from({ length: 8 }, (_, place) => take(`lock_a${place}`)));

    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('of another machine stays, and the refusal says how to remove it', async () => {
    await take('lock_1', { host: 'runner-7', pid: 1 });

    await expect(take('lock_2')).rejects.toMatchObject({ fix: expect.stringContaining('jv-staging unlock lock_1 --confirm') });
    expect(await readLock(dir)).toMatchObject({ holder: { id: 'lock_1' }, state: 'unknown' });
  });

  it('is only removed by its own id, and a release leaves another run’s lock alone', async () => {
    const held = await take('lock_1');

    expect(await removeLock(dir, 'lock_0')).toBe(false);
    expect(await removeLock(dir, 'lock_1')).toBe(true);
    await take('lock_2');
    await held.release();
    expect((await readLock(dir))?.holder.id).toBe('lock_2');
  });

  it('does not come back when the folder was removed meanwhile', async () => {
    const held = await take('lock_1');
    await rm(dir, { recursive: true });

    await held.release();

    await expect(readdir(dir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['', '{', '{"id":"lock_1"}'])('that is damaged (%j) stops the run: nobody knows who holds it', async (text) => {
    await writeFile(join(dir, 'run.lock'), text);

    await expect(take('lock_2')).rejects.toMatchObject({ code: 'LOCK_DAMAGED', kind: 'missing' });
    expect(await readFile(join(dir, 'run.lock'), 'utf8')).toBe(text);
  });

  it.each(['/proc/jv-staging/state', '/dev/null/state'])('cannot be taken below %s, which is said at once', async (folder) => {
    await expect(takeRunLock(folder, lockHolder('lock_1'), 0, steppingClock(), none)).rejects.toMatchObject({
      code: 'STATE_NOT_WRITABLE',
      kind: 'missing',
    });
  });

  it('waits as long as it may', async () => {
    const held = await take('lock_1');
    const clock = steppingClock();
    const releasing = async (ms: number, signal: AbortSignal | undefined) => {
      if (clock.waits.length === 3) await held.release();
      await clock.sleep(ms, signal);
    };

    await takeRunLock(dir, lockHolder('lock_2'), 60_000, { ...clock, sleep: releasing }, none);

    expect(clock.waits.length).toBeGreaterThanOrEqual(3);
    await mkdir(join(dir, 'still-there'));
  });
});
