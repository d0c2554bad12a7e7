import type { QueuePauses } from '../../src/core/ports/cache.ts';
import type { Reversals } from '../../src/core/ports/reversals.ts';
import type { MigrationBetween } from '../../src/core/rollback/plan.ts';
import type { FakeDatabase } from './database.ts';

/** What is known of migrations in memory: additive and proven, holding no rows, unless `known` says otherwise by version. */
export interface FakeReversals extends Reversals {
  readonly known: Map<string, Partial<MigrationBetween>>;
}

/** Returns reversals that take migrations off the fake database's ledger and say so in `calls`. */
export function fakeReversals(database: Pick<FakeDatabase, 'applied'>, calls: string[]): FakeReversals {
  const known: FakeReversals['known'] = new Map();
  const knownOf = (version: string): MigrationBetween => ({
    version,
    file: `${version}.sql`,
    nature: 'additive',
    isProven: true,
    rowsAtStake: {},
    ...known.get(version),
  });
  return {
    known,
    between: async (versions) => versions.map(knownOf),
    rehearse: async () => {
      calls.push('rehearse');
      return [...known.keys()].map(knownOf);
    },
    reverse: async (version) => {
      const at = database.applied.findIndex((each) => each.version === version);
      if (at !== -1) database.applied.splice(at, 1);
      calls.push(`reverse ${version}`);
    },
  };
}

/** Returns queues in memory that say in `calls` when they stand still; all run at first. */
export function fakePauses(calls: string[]): QueuePauses & { readonly paused: Set<string> } {
  const paused = new Set<string>();
  return {
    paused,
    pause: async (queues) => {
      const names = queues.filter((name) => !paused.has(name));
      for (const name of names) paused.add(name);
      calls.push(`pause ${names.join(' ')}`);
      return names;
    },
    active: async () => 0,
    held: async () => [...paused],
    resume: async () => {
      const names = [...paused];
      paused.clear();
      calls.push(`resume ${names.join(' ')}`);
      return names;
    },
    close: async () => undefined,
  };
}
