import type { Clock } from '../../src/core/ports/clock.ts';
import type { FoundLease, Leases } from '../../src/core/ports/leases.ts';
import type { RunLease } from '../../src/core/run/lease.ts';
import type { LockHolder } from '../../src/core/run/lock.ts';

/** Returns leases in memory, by this clock. */
export function fakeLeases(clock: Pick<Clock, 'nowMs'>): Leases & { readonly held: Map<string, { holder: LockHolder; endsMs: number }> } {
  const held = new Map<string, { holder: LockHolder; endsMs: number }>();
  const own = (environment: string, id: string) => (held.get(environment)?.holder.id === id ? held.get(environment) : undefined);
  return {
    held,
    read: async (environment): Promise<FoundLease | undefined> => {
      const found = held.get(environment);
      return found === undefined ? undefined : { holder: found.holder, leftMs: found.endsMs - clock.nowMs() };
    },
    take: async (environment, { holder, lastsMs, over }) => {
      const before = held.get(environment);
      const isFree = before === undefined || before.endsMs <= clock.nowMs() || [holder.id, over].includes(before.holder.id);
      if (isFree) held.set(environment, { holder, endsMs: clock.nowMs() + lastsMs });
      return isFree;
    },
    renew: async (environment, id, lastsMs) => {
      const found = own(environment, id);
      if (found !== undefined) found.endsMs = clock.nowMs() + lastsMs;
      return found !== undefined;
    },
    release: async (environment, id) => own(environment, id) !== undefined && held.delete(environment),
    close: async () => undefined,
  };
}

/** Returns the lease of a run that nobody contends; `refusal` is thrown instead when given. */
export function fakeLease(refusal?: Error): RunLease {
  let held = false;
  return {
    through: (work) => work(),
    skipReason: () => undefined,
    isHeld: () => held,
    take: async () => {
      if (refusal !== undefined) throw refusal;
      held = true;
      return 'lock_1';
    },
  };
}
