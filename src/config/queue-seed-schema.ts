import { z } from 'zod';
import type { QueuePlan } from '../core/seed/queues.ts';
import { type ConfigProblem, problemsOf } from './problems.ts';
import { plainValue, seedInvalid } from './seed-schema.ts';

/** The longest time to live and the longest delay: a year. */
const maxSeconds = 31_536_000;

const job = z.strictObject({
  // BullMQ separates the parts of its keys by colons, and numbers jobs without an id itself.
  id: z.string().regex(/^[A-Za-z][\w.-]*$/, 'an id that begins with a letter: letters, digits, “_”, “.”, “-”'),
  name: z.string().min(1),
  data: z.record(z.string(), plainValue),
  delaySeconds: z.number().int().min(0).max(maxSeconds).default(0),
});

const queueSeed = z.strictObject({
  version: z.literal(1),
  queues: z.array(z.strictObject({ queue: z.string().min(1), jobs: z.array(job).min(1) })),
  cache: z
    .array(
      z.strictObject({
        key: z.string().regex(/^[\w.:-]+$/, 'a key without the prefix: letters, digits, “_”, “.”, “:”, “-”'),
        value: z.json(),
        ttlSeconds: z.number().int().min(1).max(maxSeconds).optional(),
      }),
    )
    .default([]),
}) satisfies z.ZodType<QueuePlan>;

/** Returns a file of jobs and keys as a plan; `file` is named in messages. Throws `SEED_INVALID` (exit 2) with all problems at once. */
export function parseQueueSeed(input: unknown, file: string): QueuePlan {
  const parsed = queueSeed.safeParse(input);
  if (!parsed.success) throw seedInvalid(file, problemsOf(parsed.error, input));
  const { queues, cache } = parsed.data;
  const problems = [
    ...twice(queues.map(({ queue }) => queue)).map((at) => problem(`queues[${at}].queue`, 'each queue once')),
    ...queues.flatMap(({ jobs }, index) =>
      twice(jobs.map(({ id }) => id)).map((at) => problem(`queues[${index}].jobs[${at}].id`, 'an id of its own in the queue')),
    ),
    ...twice(cache.map(({ key }) => key)).map((at) => problem(`cache[${at}].key`, 'each key once')),
  ];
  if (problems.length > 0) throw seedInvalid(file, problems);
  return parsed.data;
}

function problem(path: string, expected: string): ConfigProblem {
  return { path, seen: 'an earlier one again', expected };
}

/** Returns the places of names that stand earlier in the list already. */
function twice(names: readonly string[]): readonly number[] {
  return names.flatMap((name, at) => (names.indexOf(name) === at ? [] : [at]));
}
