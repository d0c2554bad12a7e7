import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runLease } from '../../src/adapters/lock/run-lease.ts';
import { postgresLeases } from '../../src/adapters/postgres/postgres-leases.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { vercelApi } from '../../src/adapters/vercel/vercel-api.ts';
import { vercelHolds } from '../../src/adapters/vercel/vercel-holds.ts';
import { vercelHostingProjects } from '../../src/adapters/vercel/vercel-hosting-projects.ts';
import type { StagingError } from '../../src/core/errors.ts';
import type { Leases } from '../../src/core/ports/leases.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { fakeLeases } from '../fakes/leases.ts';
import { startTestCloud, type TestCloud } from '../support/local-cloud.ts';
import { lockHolder } from '../support/lock-holder.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

const none = new AbortController().signal;
const elsewhere = { host: 'runner-7', pid: 1 };

/** What all leases must do: `open` gives another connection to the same ones each time. */
function leasesContract(name: string, open: () => Leases): void {
  describe(name, () => {
    let environment = '';
    let count = 0;
    let [one, two]: [Leases, Leases] = [open(), open()];

    beforeEach(() => {
      count += 1;
      environment = `environment-${count}`;
      [one, two] = [open(), open()];
      return async () => {
        await Promise.all([one.close(), two.close()]);
      };
    });

    test('a lease is its holder’s: others see who has it and do not get it', async () => {
      const mine = await one.take(environment, { holder: lockHolder('lock_1'), lastsMs: 60_000 }, none);
      const others = await two.take(environment, { holder: lockHolder('lock_2'), lastsMs: 60_000 }, none);
      const found = await two.read(environment, none);

      expect([mine, others]).toEqual([true, false]);
      expect(found?.holder).toEqual(lockHolder('lock_1'));
      expect(found?.leftMs).toBeGreaterThan(30_000);
      expect(found?.leftMs).toBeLessThanOrEqual(60_000);
    });

    test('of two that come at once one gets it', async () => {
      const taken = await Promise.all(
        [one, two].map((each, place) => each.take(environment, { holder: lockHolder(`lock_${place}`), lastsMs: 60_000 }, none)),
      );

      expect(taken.toSorted()).toEqual([false, true]);
    });

    test('one that has run out, was given back, or whose holder is gone goes to the next', async () => {
      await one.take(environment, { holder: lockHolder('lock_1'), lastsMs: 0 }, none);
      expect(await two.take(environment, { holder: lockHolder('lock_2'), lastsMs: 60_000 }, none)).toBe(true);
      expect(await two.release(environment, 'lock_1', none)).toBe(false);
      expect(await two.release(environment, 'lock_2', none)).toBe(true);
      expect(await two.read(environment, none)).toBeUndefined();
      await one.take(environment, { holder: lockHolder('lock_3'), lastsMs: 60_000 }, none);
      expect(await two.take(environment, { holder: lockHolder('lock_4'), lastsMs: 60_000, over: 'lock_3' }, none)).toBe(true);
      expect(await one.renew(environment, 'lock_3', 60_000, none)).toBe(false);
      expect(await two.renew(environment, 'lock_4', 90_000, none)).toBe(true);
      expect((await one.read(environment, none))?.leftMs).toBeGreaterThan(60_000);
    });

    test('environments do not know of one another', async () => {
      await one.take(environment, { holder: lockHolder('lock_1'), lastsMs: 60_000 }, none);

      expect(await two.take(`${environment}-other`, { holder: lockHolder('lock_2'), lastsMs: 60_000 }, none)).toBe(true);
    });
  });
}

describe('leases in memory', () => {
  const shared = fakeLeases(systemClock);
  leasesContract('the fake', () => shared);
});

describe('leases in the staging database', () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  leasesContract('Postgres', () => postgresLeases(server === undefined ? 'postgres://127.0.0.1:1/none' : server.url));

  test('are not to be seen by the roles of the project’s API', async () => {
    const leases = postgresLeases(server.url);
    await leases.take('seen', { holder: lockHolder('lock_1'), lastsMs: 60_000 }, none);
    await leases.close();
    const { default: postgres } = await import('postgres');
    const sql = postgres(server.url, { max: 1 });

    const looking = sql.begin(async (tx) => {
      await tx`set local role anon`;
      return tx`select * from jv_staging.leases`;
    });

    await expect(looking).rejects.toMatchObject({ code: '42501' });
    await sql.end();
  });

  test('survive a database that was away: what nobody took meanwhile is still ours', async () => {
    const lost: StagingError[] = [];
    const lease = runLease({
      environment: 'restarted',
      openLeases: () => postgresLeases(server.url),
      openHolds: () => fakeLeases(systemClock),
      waitMs: 0,
      clock: systemClock,
      onLost: (error) => lost.push(error),
      renewEveryMs: 200,
    });
    lease.arm(lockHolder('lock_1'));
    await lease.take(none);

    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, 600));
    await server.start();
    const leases = postgresLeases(server.url);
    await expect
      .poll(async () => (await leases.read('restarted', none).catch(() => undefined))?.leftMs ?? 0, { timeout: 20_000 })
      .toBeGreaterThan(59_000);

    expect(lost).toEqual([]);
    await lease.close();
    expect(await leases.read('restarted', none)).toBeUndefined();
    await leases.close();
  });
});

describe('holds on the Vercel project', () => {
  let cloud: TestCloud;
  let api: ReturnType<typeof vercelApi>;
  let projectId = '';

  beforeAll(async () => {
    cloud = await startTestCloud();
    const { vercel } = cloud.endpoints;
    api = vercelApi({ token: vercel.token, team: vercel.teamId, localUrl: vercel.apiUrl, clock: systemClock });
    projectId = (await vercelHostingProjects(api).create({ name: 'held', region: 'iad1', nodeVersion: '24.x' }, none)).id;
  });
  afterAll(async () => {
    await api.close();
    await cloud.stop();
  });

  test('keep nobody out of an environment whose project is not there, and are not taken of it', async () => {
    const holds = vercelHolds(api, systemClock, () => undefined);

    expect(await holds.read('gone', none)).toBeUndefined();
    expect(await holds.release('gone', 'lock_1', none)).toBe(false);
    await expect(holds.take('gone', { holder: lockHolder('lock_1'), lastsMs: 60_000 }, none)).rejects.toThrow(/without a Vercel project/);
  });

  test('are seen by everybody, renewed and given back by their holder alone, and leave nothing behind', async () => {
    const [one, two] = [vercelHolds(api, systemClock, () => projectId), vercelHolds(api, systemClock, () => projectId)];

    const taken = await one.take('staging', { holder: lockHolder('lock_1'), lastsMs: 60_000 }, none);
    const others = await two.take('staging', { holder: lockHolder('lock_2'), lastsMs: 60_000 }, none);
    const [found, elsewhereFound] = [await two.read('staging', none), await two.read('other', none)];
    const notTheirs = [await two.renew('staging', 'lock_2', 90_000, none), await two.release('staging', 'lock_2', none)];
    const renewed = await one.renew('staging', 'lock_1', 90_000, none);
    const { leftMs = 0 } = (await two.read('staging', none)) ?? {};
    const listed = await vercelHostingProjects(api).variables(projectId, none);
    const released = await one.release('staging', 'lock_1', none);

    expect({ taken, others, notTheirs, renewed, released }).toEqual({
      taken: true,
      others: false,
      notTheirs: [false, false],
      renewed: true,
      released: true,
    });
    expect(found?.holder).toEqual(lockHolder('lock_1'));
    expect(leftMs).toBeGreaterThan(60_000);
    expect([elsewhereFound, await two.read('staging', none), ...listed]).toEqual([undefined, undefined]);
  });

  test('that run out, or that are none of ours, bar nobody', async () => {
    const holds = vercelHolds(api, systemClock, () => projectId);
    await holds.take('staging', { holder: lockHolder('lock_1'), lastsMs: 0 }, none);
    expect(await holds.take('staging', { holder: lockHolder('lock_2'), lastsMs: 60_000 }, none)).toBe(true);
    const json = { key: 'JV_STAGING_LEASE', value: 'by hand', type: 'plain', target: ['development'] };
    await api.send({ method: 'POST', path: `/v10/projects/${projectId}/env`, query: { upsert: true }, json, signal: none });

    expect(await holds.read('staging', none)).toBeUndefined();
    expect(await holds.take('staging', { holder: lockHolder('lock_3'), lastsMs: 60_000 }, none)).toBe(true);
  });
});

describe('the lease of a run', () => {
  const open = (waitMs = 0) => {
    const clock = steppingClock();
    const [leases, holds] = [fakeLeases(clock), fakeLeases(clock)];
    const lost: StagingError[] = [];
    const lease = runLease({
      environment: 'staging',
      openLeases: () => leases,
      openHolds: () => holds,
      waitMs,
      clock,
      onLost: (error) => lost.push(error),
      renewEveryMs: 20,
    });
    return { clock, leases, holds, lost, lease };
  };

  test('is not taken by a run that changes nothing', () => {
    const { lease } = open();

    expect(lease.skipReason()).toBe('nothing is changed');
    lease.arm(lockHolder('lock_1'));
    expect(lease.skipReason()).toBeUndefined();
  });

  test('is refused while another machine’s run has it, naming that run', async () => {
    const { lease, leases } = open();
    await leases.take('staging', { holder: lockHolder('lock_0', elsewhere), lastsMs: 60_000 }, none);
    lease.arm(lockHolder('lock_1'));

    await expect(lease.take(none)).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      exitCode: 7,
      message: expect.stringContaining('on runner-7'),
    });
    await lease.close();
    expect(leases.held.get('staging')?.holder.id).toBe('lock_0');
  });

  test('of a killed run of this machine is taken over without waiting', async () => {
    const { lease, leases, clock } = open();
    await leases.take('staging', { holder: lockHolder('lock_0', { begun: '1' }), lastsMs: 60_000 }, none);
    lease.arm(lockHolder('lock_1'));

    await lease.take(none);

    expect({ holder: leases.held.get('staging')?.holder.id, waits: clock.waits }).toEqual({ holder: 'lock_1', waits: [] });
    await lease.close();
    expect(leases.held.size).toBe(0);
  });

  test('is waited for until it has run out', async () => {
    const { lease, leases, clock } = open(120_000);
    await leases.take('staging', { holder: lockHolder('lock_0', elsewhere), lastsMs: 60_000 }, none);
    lease.arm(lockHolder('lock_1'));

    await lease.take(none);

    expect(clock.waits.reduce((sum, ms) => sum + ms, 0)).toBe(60_000);
    await lease.close();
  });

  test('that went back in time with its database is taken anew, over one from the past that nobody renews', async () => {
    const { lease, leases, clock, lost } = open();
    lease.arm(lockHolder('lock_1'));
    await lease.take(none);

    const value = await lease.through(async () => {
      leases.held.clear();
      await leases.take('staging', { holder: lockHolder('lock_0', elsewhere), lastsMs: 30_000 }, none);
      return 'restored';
    }, none);

    expect({ value, holder: leases.held.get('staging')?.holder.id }).toEqual({ value: 'restored', holder: 'lock_1' });
    expect(clock.waits.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
    expect(lost).toEqual([]);
    await lease.close();
    expect(leases.held.size).toBe(0);
  });

  describe('that a restore has taken away with its database', () => {
    const restoring = lockHolder('lock_0', elsewhere);
    const over = { holder: { ...restoring, command: 'rollback' }, lastsMs: 60_000 };

    test('is held elsewhere meanwhile, and given back when the database is there again', async () => {
      const { lease, leases, holds } = open();
      lease.arm(lockHolder('lock_1'));
      await lease.take(none);
      const during: unknown[] = [];

      await lease.through(async () => {
        during.push(holds.held.get('staging')?.holder.id);
        leases.held.clear();
      }, none);
      await expect(lease.through(async () => Promise.reject(new Error('no')), none)).rejects.toThrow('no');

      expect(during).toEqual(['lock_1']);
      expect(holds.held.size).toBe(0);
      expect(leases.held.get('staging')?.holder.id).toBe('lock_1');
      await lease.close();
    });

    test('is not given to a second run, which gives back what the database let it have', async () => {
      const { lease, leases, holds } = open();
      await holds.take('staging', over, none);
      lease.arm(lockHolder('lock_1'));

      await expect(lease.take(none)).rejects.toMatchObject({
        code: 'RUN_LOCKED',
        exitCode: 7,
        message: expect.stringContaining('while its database is taken back in time'),
        fix: expect.stringContaining('unlock lock_0'),
      });

      expect(leases.held.size).toBe(0);
      expect(holds.held.get('staging')?.holder.id).toBe('lock_0');
    });

    test('is waited for by a second run that has the time', async () => {
      const { lease, holds, leases, clock } = open(120_000);
      await holds.take('staging', over, none);
      lease.arm(lockHolder('lock_1'));

      await lease.take(none);

      expect(leases.held.get('staging')?.holder.id).toBe('lock_1');
      expect(clock.waits.reduce((sum, ms) => sum + ms, 0)).toBe(60_000);
      await lease.close();
    });

    test.each([
      ['the same command carries on', 'rollback', true],
      ['another one does not', 'deploy', false],
    ])('by a run of this machine that was killed: %s', async (_what, command, isTaken) => {
      const { lease, holds } = open();
      await holds.take('staging', { holder: { ...lockHolder('lock_0', { begun: '1' }), command: 'rollback' }, lastsMs: 60_000 }, none);
      lease.arm({ ...lockHolder('lock_1'), command });

      expect(
        await lease.take(none).then(
          () => true,
          () => false,
        ),
      ).toBe(isTaken);
      await lease.close();
    });
  });

  test('that another run renews while the database goes back is that run’s: this one ends', async () => {
    const { lease, leases, clock } = open();
    lease.arm(lockHolder('lock_1'));
    await lease.take(none);

    const outcome = lease.through(async () => {
      leases.held.clear();
      await leases.take('staging', { holder: lockHolder('lock_2', elsewhere), lastsMs: 600_000 }, none);
    }, none);

    await expect(outcome).rejects.toMatchObject({ code: 'RUN_LOCKED', exitCode: 7 });
    expect(clock.waits.length).toBeGreaterThan(0);
    await lease.close();
  });

  test('that another run has taken meanwhile ends this one, which leaves it alone', async () => {
    const { lease, leases, lost } = open();
    lease.arm(lockHolder('lock_1'));
    await lease.take(none);

    await leases.take('staging', { holder: lockHolder('lock_2', elsewhere), lastsMs: 60_000, over: 'lock_1' }, none);
    await expect.poll(() => lost).toMatchObject([{ code: 'LEASE_LOST', exitCode: 7, message: expect.stringContaining('on runner-7') }]);

    await lease.close();
    expect(leases.held.get('staging')?.holder.id).toBe('lock_2');
  });
});
