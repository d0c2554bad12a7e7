import { type Fault, type FaultEffect, type FaultWish, matchesRequest } from '../../core/local/faults.ts';

/** A request, as faults look at it. */
export interface FaultRequest {
  readonly service: string;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
}

/** What happens to one request. */
export interface Met {
  readonly ids: readonly string[];
  readonly delayMs: number;
  readonly effect: FaultEffect;
}

/** The faults of a running local cloud: in memory alone, so that a start always begins without any. */
export interface FaultBook {
  add(wish: FaultWish): Fault;
  list(): readonly Fault[];
  isEmpty(): boolean;
  /** Removes one fault, or all; returns how many there were. */
  clear(id?: string): number;
  /** Counts the request for every fault that it matches; returns what happens to it, or undefined. */
  meet(request: FaultRequest): Met | undefined;
  /** Tells of a write that took effect: reads may be stale now. */
  wrote(service: string): void;
}

interface Entry {
  readonly id: string;
  readonly wish: FaultWish;
  matched: number;
  applied: number;
  /** Stale answers that are still to be given. */
  owed: number;
}

/** Returns a book without faults. */
export function createFaultBook(): FaultBook {
  let entries: readonly Entry[] = [];
  let added = 0;
  return {
    add: (wish) => {
      added += 1;
      const entry: Entry = { id: `fault-${added}`, wish, matched: 0, applied: 0, owed: 0 };
      entries = [...entries, entry];
      return shown(entry);
    },
    list: () => entries.map(shown),
    isEmpty: () => entries.length === 0,
    clear: (id) => {
      const left = entries.filter((entry) => id !== undefined && entry.id !== id);
      const removed = entries.length - left.length;
      entries = left;
      return removed;
    },
    meet: (request) => {
      if (entries.length === 0) return undefined;
      const due = entries.filter((entry) => concerns(entry, request) && isDue(entry));
      if (due.length === 0) return undefined;
      // Delays add up; of several other effects the oldest fault's counts, and the others wait for the next request.
      const acting = due.find(({ wish }) => wish.effect.kind !== 'none');
      const met = due.filter((entry) => entry === acting || entry.wish.effect.kind === 'none');
      for (const entry of met) entry.applied += 1;
      if (acting !== undefined && acting.owed > 0) acting.owed -= 1;
      return {
        ids: met.map(({ id }) => id),
        delayMs: met.reduce((sum, { wish }) => sum + wish.delayMs, 0),
        effect: acting?.wish.effect ?? { kind: 'none' },
      };
    },
    wrote: (service) => {
      for (const entry of entries) {
        const { effect, nth, times } = entry.wish;
        if (effect.kind !== 'stale' || !isOf(entry, service)) continue;
        entry.matched += 1;
        if (entry.matched >= nth && (times === null || entry.matched < nth + times)) entry.owed = effect.answers;
      }
    },
  };
}

function shown({ id, wish, matched, applied }: Entry): Fault {
  return { ...wish, id, matched, applied };
}

function isOf({ wish }: Entry, service: string): boolean {
  return wish.service === 'all' || wish.service === service;
}

function concerns(entry: Entry, { service, method, path }: FaultRequest): boolean {
  const reads = method === 'GET' || method === 'HEAD';
  return isOf(entry, service) && matchesRequest(entry.wish.match, method, path) && (entry.wish.effect.kind !== 'stale' || reads);
}

/** Counts the request; a stale answer is due as long as one is owed, whatever else matched. */
function isDue(entry: Entry): boolean {
  const { effect, nth, times } = entry.wish;
  if (effect.kind === 'stale') return entry.owed > 0;
  entry.matched += 1;
  return entry.matched >= nth && (times === null || entry.applied < times);
}
