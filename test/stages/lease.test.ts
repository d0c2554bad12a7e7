import { beforeEach, describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import type { FoundLock, HolderState } from '../../src/core/run/lock.ts';
import { type LockPlace, unlock } from '../../src/stages/unlock.ts';
import { fakeLease } from '../fakes/leases.ts';
import { lockHolder } from '../support/lock-holder.ts';
import { stageWorld, type StageWorld, takeCalls } from '../support/stage-world.ts';

const none = new AbortController().signal;
const refused = fakeLease(new StagingError('locked', 'RUN_LOCKED', 'Another run holds the lease.'));

describe('an environment whose lease another run holds', () => {
  let world: StageWorld;

  beforeEach(async () => {
    world = stageWorld();
    await world.provision();
    await world.deploy();
    takeCalls(world);
  });

  it.each(['provision', 'deploy', 'seed'] as const)('is left alone by %s', async (stage) => {
    const { error } = await world[stage]({ lease: refused });

    expect(error).toMatchObject({ code: 'RUN_LOCKED', exitCode: 7 });
    expect(world.calls).toEqual([]);
  });

  it('is left alone by rollback', async () => {
    const { error } = await world.rollback(undefined, { lease: refused });

    expect(error).toMatchObject({ code: 'RUN_LOCKED', exitCode: 7 });
    expect(world.calls).toEqual([]);
  });
});

describe('unlocking', () => {
  const place = (where: string, lock: FoundLock | undefined) => {
    const removed: string[] = [];
    const made: LockPlace = { where, find: async () => lock, remove: async (id) => removed.push(id) > 0 };
    return { ...made, removed };
  };
  const lock = (id: string, state: HolderState): FoundLock => ({ holder: lockHolder(id), state });
  const consent = { environment: 'jet-staging', confirmed: false };

  it('removes the lock of a run that is gone, wherever it is kept', async () => {
    const places = [place('on disk', lock('lock_1', 'gone')), place('in the database', lock('lock_1', 'gone'))];

    await expect(unlock(places, 'lock_1', consent, none)).resolves.toEqual({ removed: ['on disk', 'in the database'] });
    expect(places.map(({ removed }) => removed)).toEqual([['lock_1'], ['lock_1']]);
  });

  it('leaves another run’s lock beside it alone', async () => {
    const other = place('in the database', lock('lock_2', 'gone'));

    await expect(unlock([place('on disk', lock('lock_1', 'gone')), other], 'lock_1', consent, none)).resolves.toEqual({
      removed: ['on disk'],
    });
    expect(other.removed).toEqual([]);
  });

  it('has nothing to do where nobody holds one', async () => {
    await expect(unlock([place('on disk', undefined)], 'lock_1', consent, none)).resolves.toEqual({ removed: [] });
  });

  it.each([
    ['another id', 'lock_9', 'gone', true, 'LOCK_ID_UNKNOWN', 2],
    ['a run that lives, whatever was confirmed', 'lock_1', 'alive', true, 'LOCK_HOLDER_ALIVE', 6],
    ['a run of which nothing is known, unconfirmed', 'lock_1', 'unknown', false, 'LOCK_HOLDER_UNKNOWN', 6],
  ] as const)('is refused for %s', async (_what, id, state, confirmed, code, exitCode) => {
    const kept = place('on disk', lock('lock_1', state));

    await expect(unlock([kept], id, { ...consent, confirmed }, none)).rejects.toMatchObject({ code, exitCode });
    expect(kept.removed).toEqual([]);
  });
});
