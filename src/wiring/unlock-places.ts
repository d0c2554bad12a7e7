import { readLock, removeLock } from '../adapters/lock/run-lock.ts';
import { lookAt, ownMark } from '../adapters/system/process-mark.ts';
import { postgresLeases } from '../adapters/postgres/postgres-leases.ts';
import type { FoundLease, Leases } from '../core/ports/leases.ts';
import { type FoundLock, holderState } from '../core/run/lock.ts';
import { databasePasswordName, findDatabase, findProject, type Resources } from '../stages/resources.ts';
import type { LockPlace } from '../stages/unlock.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** Returns the places where a lock of the environment may be: the state folder, its database, and its Vercel project during a restore. */
export function unlockPlaces(context: Context, deps: Deps, resources: Resources): readonly LockPlace[] {
  return [
    { where: `of ${context.stateDir}`, find: () => readLock(context.stateDir), remove: (id) => removeLock(context.stateDir, id) },
    leasePlace(context, deps, resources),
    holdPlace(context, deps, resources),
  ];
}

function leasePlace(context: Context, deps: Deps, resources: Resources): LockPlace {
  const { environment } = context.settings();
  const use = async <Value>(signal: AbortSignal, call: (leases: Leases) => Promise<Value>, none: Value): Promise<Value> => {
    const database = await findDatabase(deps.locating(), resources, signal);
    const password = await deps.secretFile.read(databasePasswordName);
    if (database === undefined || password === undefined) return none;
    const leases = postgresLeases((await deps.platforms().databases.access(database.ref, password, signal)).directUrl);
    try {
      return await call(leases);
    } finally {
      await leases.close();
    }
  };
  return {
    where: `of ${environment} in its database`,
    find: (signal) => use(signal, async (leases) => lockOf(await leases.read(environment, signal)), undefined),
    remove: (id, signal) => use(signal, (leases) => leases.release(environment, id, signal), false),
  };
}

function holdPlace(context: Context, deps: Deps, resources: Resources): LockPlace {
  const { environment } = context.settings();
  const open = async (signal: AbortSignal) => {
    const project = await findProject(deps.locating(), resources, signal);
    return project === undefined ? undefined : deps.platforms().holds(() => project.id);
  };
  return {
    where: `of ${environment} on its Vercel project`,
    find: async (signal) => lockOf(await (await open(signal))?.read(environment, signal)),
    remove: async (id, signal) => (await (await open(signal))?.release(environment, id, signal)) ?? false,
  };
}

function lockOf(found: FoundLease | undefined): FoundLock | undefined {
  if (found === undefined) return undefined;
  return { holder: found.holder, state: found.leftMs <= 0 ? 'gone' : holderState(found.holder.process, ownMark(), lookAt) };
}
