import { clip, findingOf, type Problem, quoted } from '../problem.ts';
import type { RedisCheck } from './smoke.ts';
import type { Finding } from '../verdict.ts';

/** A probe key written through one door and read through another. */
export interface KeyCrossing {
  readonly writtenBy: string;
  readonly readBy: string;
  readonly written: string;
  readonly value: string | null;
  readonly ttlSeconds: number;
}

/** What the Redis check found out. */
export interface RedisOutcome {
  readonly crossings: readonly KeyCrossing[];
  /** Time to live that the keys were written with. */
  readonly ttlSeconds: number;
  readonly keys: { readonly looked: number; readonly foreign: number; readonly examples: readonly string[] };
  readonly prefix: string;
  readonly durationMs: number;
}

/** Judges a Redis database: both doors lead to the same one, keys come back with their time to live, and nobody else's are in it. */
export function judgeRedis(check: RedisCheck, { crossings, ttlSeconds, keys, prefix, durationMs }: RedisOutcome): Finding {
  const problems = [
    ...crossings.flatMap((crossing) => crossingProblem(crossing, ttlSeconds)),
    ...(keys.foreign === 0 ? [] : [foreignKeys(keys, prefix)]),
  ];
  const doors = new Set(crossings.map(({ readBy }) => readBy));
  const seen = `written and read over ${[...doors].join(' and ')}, kept for its time to live; ${keys.looked} keys looked at, all of the environment and its previews`;
  return findingOf({ ...check, seen, expected: `one Redis by every door, its keys under ${prefix} or of a preview`, problems, durationMs });
}

function crossingProblem({ writtenBy, readBy, written, value, ttlSeconds: left }: KeyCrossing, ttlSeconds: number): readonly Problem[] {
  const way = `written over ${writtenBy} and read over ${readBy}`;
  if (value !== written) {
    const isOther = writtenBy !== readBy && value === null;
    return [
      {
        seen: value === null ? `no key (${way})` : `another value (${way})`,
        expected: `the value that was written`,
        message: isOther
          ? `A key ${way} is not there: the two addresses lead to different databases.`
          : `A key ${way} came back ${value === null ? 'empty' : 'changed'}.`,
        fix: isOther
          ? 'Check that the TCP address and the REST address are of the same Upstash database: run `jv-staging provision`.'
          : 'Check that eviction is off and that no other program removes keys of this prefix.',
      },
    ];
  }
  if (left > 0 && left <= ttlSeconds) return [];
  return [
    {
      seen: `a time to live of ${left} s (${way})`,
      expected: `1 to ${ttlSeconds} s`,
      message: `A key ${way} has a time to live of ${left} s, not at most ${ttlSeconds} s: keys that should go would stay.`,
      fix: 'Look at what stands between the app and Redis: EXPIRE must take effect.',
    },
  ];
}

function foreignKeys({ looked, foreign, examples }: RedisOutcome['keys'], prefix: string): Problem {
  const shown = examples.map((example) => quoted(clip(example, 40))).join(', ');
  return {
    seen: `${foreign} of ${looked} keys outside ${prefix}`,
    expected: `every key under ${prefix}, or of a preview`,
    message: `${foreign} of ${looked} keys do not begin with ${quoted(prefix)} and are of no preview, such as ${shown}: something else uses this database, or the app forgot its prefix.`,
    fix: 'Give staging a Redis of its own and the app its prefix; name what may be there under `otherPrefixes` of the check.',
  };
}
