import { StagingError } from '../../core/errors.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { Step } from '../../core/run/step.ts';
import { canonicalJson } from '../../core/seed/plan.ts';
import {
  changedEntries,
  changedJobs,
  checkQueuePlan,
  type QueuePlan,
  type SeedQueue,
  wantedEntries,
  wantedJobs,
} from '../../core/seed/queues.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import type { Resources } from '../resources.ts';
import { count, guardCache, type SeedChoice, type SeedDeps, type SeedDetails, type SeededEntries, seedResult } from './parts.ts';
import { resetSteps } from './reset.ts';

interface QueueFacts {
  readonly seed: ReturnType<typeof slot<{ readonly plan: QueuePlan; readonly version: string }>>;
  readonly written: SeededEntries[];
  readonly readBack: ReturnType<typeof slot<true>>;
}

/**
 * Returns the stage that puts jobs into the declared queues and keys into the cache: only what is missing or differs, each queue in one
 * transaction; the end state is read back. A job is found by its id, so one that was worked off is not done a second time.
 */
export function queuesStage(deps: SeedDeps, resources: Resources, { profile, reset }: SeedChoice): StageRun<SeedDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts: QueueFacts = { seed: slot('queue plan'), written: [], readBack: slot('end state') };
  const changed = () => facts.written.reduce((sum, entries) => sum + entries.changed, 0);
  return {
    steps: [
      locateStep(deps, resources),
      leaseStep(deps),
      readStep(deps, facts, profile),
      ...resetSteps(deps, resources, reset),
      { id: 'queues', title: 'Jobs', steps: () => facts.seed.get().plan.queues.map((queue) => queueStep(deps, resources, facts, queue)) },
      cacheStep(deps, resources, facts),
      {
        id: 'done',
        title: 'Every job and key read back',
        run: async () => {
          facts.readBack.set(true);
          return changed() === 0 ? 'nothing to do: 0 jobs and keys changed' : `${count(changed())} changed`;
        },
      },
    ],
    result: () => {
      if (facts.readBack.peek() === undefined) return undefined;
      const seedVersion = facts.seed.get().version;
      const users = { wanted: 0, changed: 0 };
      const details = { profile, seedVersion, users, tables: [], entries: facts.written, changed: changed(), orphans: null };
      return seedResult(deps, details, startedAtMs);
    },
  };
}

function readStep(deps: SeedDeps, facts: QueueFacts, profile: string): Step {
  return {
    id: 'read',
    title: `Read the seed profile ${profile}`,
    run: async () => {
      const seed = await deps.readQueueSeed(profile);
      checkQueuePlan(seed.plan, deps.settings.upstash.queues);
      facts.seed.set(seed);
      const jobs = seed.plan.queues.reduce((sum, queue) => sum + queue.jobs.length, 0);
      return `${jobs} jobs in ${seed.plan.queues.length} queues, ${seed.plan.cache.length} keys`;
    },
  };
}

function queueStep(deps: SeedDeps, resources: Resources, facts: QueueFacts, seed: SeedQueue): Step {
  const { queue } = seed;
  return {
    id: queue,
    title: queue,
    mutates: true,
    run: async ({ signal }) => {
      guardCache(deps, resources);
      const jobs = deps.openJobs();
      const wanted = wantedJobs(seed, deps.clock.nowMs());
      const ids = wanted.map(({ id }) => id);
      const existing = await jobs.find(queue, ids, signal);
      const changed = changedJobs(existing, wanted);
      if (changed.length > 0) await jobs.put(queue, changed, signal);
      const stored = changed.length === 0 ? existing : await jobs.find(queue, ids, signal);
      refuseDifferent(changedJobs(stored, wanted).length, `jobs of ${queue}`);
      facts.written.push({ ...written(deps, stored), name: queue, kind: 'jobs', changed: changed.length });
      return `${count(wanted.length)} jobs, ${count(changed.length)} changed`;
    },
  };
}

function cacheStep(deps: SeedDeps, resources: Resources, facts: QueueFacts): Step {
  return {
    id: 'cache',
    title: 'Keys of the cache',
    mutates: true,
    skip: () => (facts.seed.peek()?.plan.cache.length === 0 ? 'the seed has none' : undefined),
    run: async ({ signal }) => {
      guardCache(deps, resources);
      const cache = deps.openCache();
      const wanted = wantedEntries(facts.seed.get().plan, deps.settings.upstash.prefix);
      const keys = wanted.map(({ key }) => key);
      const existing = await cache.entries(keys, signal);
      const changed = changedEntries(existing, wanted);
      if (changed.length > 0) await cache.write(changed, signal);
      const stored = changed.length === 0 ? existing : await cache.entries(keys, signal);
      refuseDifferent(changedEntries(stored, wanted).length, 'keys');
      facts.written.push({ ...written(deps, stored), name: 'cache', kind: 'keys', changed: changed.length });
      return `${count(wanted.length)} keys, ${count(changed.length)} changed`;
    },
  };
}

function written({ isolation }: SeedDeps, stored: readonly unknown[]): Pick<SeededEntries, 'entries' | 'fingerprint'> {
  return { entries: stored.length, fingerprint: isolation.sha256(stored.map(canonicalJson).join('\n')).slice(0, 15) };
}

function refuseDifferent(different: number, what: string): void {
  if (different === 0) return;
  throw new StagingError('red', 'SEED_ENTRIES_DIFFER', `${different} ${what} differ from the seed after writing, expected 0.`, {
    fix: 'Look for a program that removes or changes them, or for a Redis that evicts keys, then run `jv-staging seed` again.',
  });
}
