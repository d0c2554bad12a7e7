import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { takeRunLock } from '../../src/adapters/lock/run-lock.ts';
import { postgresLeases } from '../../src/adapters/postgres/postgres-leases.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { cloudStatus } from '../../src/local/lifecycle.ts';
import { localPlatforms } from '../../src/wiring/platforms.ts';
import { lockHolder } from '../support/lock-holder.ts';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const provisioned = z.object({ verdict: z.string(), details: z.object({ variablesWritten: z.array(z.string()) }) });

const none = new AbortController().signal;

describe('runs on one environment at the same time', () => {
  const it = requires('git', 'redis-server');
  let project: StagingProject;

  beforeAll(async () => {
    project = await createStagingProject();
  });
  afterAll(() => project.remove());

  it('give one of two the lock: the other ends with 7 and names the holder', async () => {
    // Both wait for the local cloud that one of them starts, so they come to the lock together.
    const running = [project.start(['provision', '--yes', '--json']), project.start(['provision', '--yes', '--json'])];

    const runs = await Promise.all(running.map(async ({ pid, done }) => ({ pid, run: await done })));

    const winner = runs.find(({ run }) => run.exitCode === 0);
    const loser = runs.find(({ run }) => run.exitCode === 7);
    expect(winner?.run.json(provisioned).data.details.variablesWritten).not.toEqual([]);
    expect(loser?.run.stderr).toBe('');
    expect(loser?.run.json(z.unknown()).error).toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringMatching(new RegExp(`\`jv-staging provision\` of .* \\(process ${winner?.pid} on .*, since`)),
      fix: expect.stringContaining('--wait-lock'),
    });
  }, 120_000);

  it('let one that may wait go on when the lock is free, and it finds nothing to do', async () => {
    const held = await takeRunLock(project.stateDir, lockHolder('lock_1'), 0, systemClock, none);
    const waiting = project.start(['provision', '--yes', '--wait-lock', '1m', '--json']);

    const refused = await project.run(['provision', '--yes', '--json']);
    await held.release();
    const waited = await waiting.done;

    expect(refused.exitCode, refused.stdout).toBe(7);
    expect(refused.json(z.unknown()).error?.message).toContain('`jv-staging deploy` of jo@laptop (process');
    expect(waited.exitCode, waited.stdout).toBe(0);
    expect(waited.json(provisioned).data).toMatchObject({ verdict: 'green', details: { variablesWritten: [] } });
  }, 120_000);

  it('take over at once from a run that was killed, on disk and in the database', async () => {
    const killed = project.start(['seed']);
    await killed.said(/Take the lease of the environment: done/);
    process.kill(killed.pid, 'SIGKILL');
    await killed.done;

    const next = await project.run(['seed', '--json']);

    expect(next.exitCode, next.stdout).toBe(0);
  }, 120_000);

  it('from another machine see the lease: 7, nothing is changed, until it is unlocked by its id and the name', async () => {
    // Another folder of state over the same cloud stands for another machine: it shares no file with the first.
    const otherState = join(project.dir, 'other-state');
    await mkdir(otherState);
    await symlink(join(project.stateDir, 'local'), join(otherState, 'local'));
    const elsewhere = { env: { JV_STATE_DIR: otherState } };
    const leases = await openLeases();
    await leases.take('staging', { holder: lockHolder('lock_far', { host: 'runner-7' }), lastsMs: 600_000 }, none);

    const refused = await project.run(['seed', '--json'], elsewhere);
    const unsure = await project.run(['unlock', 'lock_far', '--json'], elsewhere);
    const wrong = await project.run(['unlock', 'lock_near', '--confirm', 'jetvision-staging', '--json'], elsewhere);
    const unlocked = await project.run(['unlock', 'lock_far', '--confirm', 'jetvision-staging', '--json'], elsewhere);
    const again = await project.run(['unlock', 'lock_far', '--json'], elsewhere);
    const allowed = await project.run(['seed', '--json'], elsewhere);

    expect(refused.exitCode, refused.stdout).toBe(7);
    expect(refused.json(z.unknown()).error).toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringContaining('on runner-7, since'),
      fix: expect.stringContaining('jv-staging unlock lock_far --confirm'),
    });
    expect(unsure.json(z.unknown()).error?.code).toBe('LOCK_HOLDER_UNKNOWN');
    expect([unsure.exitCode, wrong.exitCode]).toEqual([6, 2]);
    expect(unlocked.json(z.object({ removed: z.array(z.string()) })).data.removed).toEqual(['of staging in its database']);
    expect(again.json(z.object({ removed: z.array(z.string()) })).data.removed).toEqual([]);
    expect(allowed.exitCode, allowed.stdout).toBe(0);
    await leases.close();
  }, 120_000);

  it('see who takes the database back in time on another machine, though its lease is gone with it: 7, until that is unlocked', async () => {
    const platforms = await openPlatforms();
    const found = await platforms.projects.find('jetvision-staging', none);
    const holds = platforms.holds(() => found?.id ?? '');
    const holder = { ...lockHolder('lock_far', { host: 'runner-7' }), command: 'rollback' };
    await holds.take('staging', { holder, lastsMs: 600_000 }, none);

    const refused = await project.run(['seed', '--json']);
    const planned = await project.run(['plan', '--exit-code', '--json']);
    const unlocked = await project.run(['unlock', 'lock_far', '--confirm', 'jetvision-staging', '--json']);
    const allowed = await project.run(['seed', '--json']);

    expect(refused.exitCode, refused.stdout).toBe(7);
    expect(refused.json(z.unknown()).error).toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringMatching(/`rollback` .* on runner-7, .* while its database is taken back in time/),
    });
    expect(planned.exitCode, planned.stdout).toBe(0);
    expect(unlocked.json(z.object({ removed: z.array(z.string()) })).data.removed).toEqual(['of staging on its Vercel project']);
    expect(allowed.exitCode, allowed.stdout).toBe(0);
    await platforms.close();
  }, 120_000);

  it('cannot unlock a run that lives', async () => {
    const held = await takeRunLock(project.stateDir, lockHolder('lock_1'), 0, systemClock, none);

    const refused = await project.run(['unlock', 'lock_1', '--confirm', 'jetvision-staging', '--json']);
    await held.release();

    expect(refused.exitCode, refused.stdout).toBe(6);
    expect(refused.json(z.unknown()).error?.code).toBe('LOCK_HOLDER_ALIVE');
  }, 120_000);

  const openPlatforms = async () => {
    const { endpoints } = await cloudStatus({ stateDir: join(project.stateDir, 'local') });
    if (endpoints === undefined) throw new Error('The local cloud does not run.');
    return localPlatforms(endpoints, systemClock);
  };

  /** Opens the leases of the project's environment as another machine would. */
  const openLeases = async () => {
    const platforms = await openPlatforms();
    const password = parse(await readFile(join(project.dir, '.env.staging.local'), 'utf8'))['STAGING_SUPABASE_DB_PASSWORD'] ?? '';
    const [database] = await platforms.databases.findByName('jetvision-staging', none);
    const { directUrl } = await platforms.databases.access(database?.ref ?? '', password, none);
    await platforms.close();
    return postgresLeases(directUrl);
  };
});
