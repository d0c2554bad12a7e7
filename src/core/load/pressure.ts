import { formatMs } from '../perf/judge.ts';
import type { GaugeName, GaugeSample, RedisReading } from '../ports/gauges.ts';
import type { Finding } from '../verdict.ts';

/** From this share of a limit on, a resource counts as exhausted: the next burst is refused. */
export const exhaustedShare = 0.9;

/**
 * A client that waits this long for a pooled connection is queued behind a full pool: an idle pooler on loopback answers in 1 to
 * 3 ms, one over the network in a round trip.
 */
export const pooledWaitLimitMs = 1000;

/** What a watch over a run saw: the samples, and those after the load had ended. */
export interface Watched {
  readonly samples: readonly GaugeSample[];
  /** How long after the end of the load the queues and connections were back where they began; null when they were not in time. */
  readonly recoveryMs: number | null;
  /** Gauges that were to be read. */
  readonly gauges: readonly GaugeName[];
}

/**
 * Returns one finding a gauge: exhausted is red however good the latency, never read is inconclusive; red in a run that was halted
 * for its failures: that run has its verdict, and what could not even be read belongs to it.
 */
export function judgePressure(watched: Watched, halted?: string): readonly Finding[] {
  return watched.gauges.flatMap((name) => {
    const read = watched.samples.filter((sample) => sample[name] !== undefined);
    return read.length === 0
      ? [neverRead(name, watched.samples, halted === undefined ? 'inconclusive' : 'red')]
      : judges[name](read, watched);
  });
}

const titles: Readonly<Record<GaugeName, string>> = {
  database: 'Database connections under load',
  pooler: 'Wait for a pooled connection under load',
  redis: 'Redis under load',
  queues: 'Queues after the load',
  app: 'Memory of the app under load',
};

type Judge = (samples: readonly GaugeSample[], watched: Watched) => readonly Finding[];

const judges: Readonly<Record<GaugeName, Judge>> = {
  database: (samples) => {
    const readings = samples.flatMap(({ database }) => (database === undefined ? [] : [database]));
    const peak = readings.reduce((highest, reading) => (reading.connections > highest.connections ? reading : highest));
    const isExhausted = peak.connections >= peak.limit * exhaustedShare;
    return [
      finding('database', isExhausted ? 'The database was about to refuse connections.' : undefined, {
        seen: `at most ${peak.connections} of ${peak.limit}`,
        expected: `< ${exhaustedShare * 100} % of the limit`,
        fix: 'Send the app through the pooler (`from.database.poolerUrl`), lower its own pool, or raise the compute size.',
      }),
    ];
  },
  pooler: (samples) => {
    const waits = samples.flatMap(({ pooler }) => (pooler === undefined ? [] : [pooler.waitMs]));
    const longest = Math.max(...waits);
    return [
      finding(
        'pooler',
        longest >= pooledWaitLimitMs ? 'Clients queued for a connection: the pool is too small for this load.' : undefined,
        {
          seen: `at most ${formatMs(longest)}`,
          expected: `< ${pooledWaitLimitMs} ms`,
          fix: 'Raise `supabase.pooler.size`, or shorten the transactions of the app.',
        },
      ),
    ];
  },
  redis: (samples) => {
    const readings = samples.flatMap(({ redis }) => (redis === undefined ? [] : [redis]));
    const problems = redisProblems(readings);
    return [
      finding('redis', problems.length === 0 ? undefined : problems.join(' '), {
        seen: redisSeen(readings),
        expected: `nothing evicted or refused, < ${exhaustedShare * 100} % of each limit`,
        fix: 'Raise the plan of the Redis database, or let the app keep fewer connections and keys.',
      }),
    ];
  },
  queues: (samples, { recoveryMs }) => {
    const [first, last] = [depth(samples.at(0)), depth(samples.at(-1))];
    const newlyFailed = failures(samples.at(-1)) - failures(samples.at(0));
    const problems = [
      ...(recoveryMs === null && last > first
        ? [`${last - first} jobs still waited when the watch ended: the workers do not keep up.`]
        : []),
      ...(newlyFailed > 0 ? [`${newlyFailed} jobs failed.`] : []),
    ];
    const deepest = Math.max(...samples.map(depth));
    return [
      finding('queues', problems.length === 0 ? undefined : problems.join(' '), {
        seen: `at most ${deepest} jobs waiting, ${last} at the end${recoveryMs === null ? '' : `, back after ${formatMs(recoveryMs)}`}`,
        expected: `as before (${first}), none newly failed`,
        fix: "Look at the worker's log, and give it more concurrency.",
      }),
    ];
  },
  app: (samples) => {
    const peak = Math.max(...samples.flatMap(({ app }) => (app === undefined ? [] : [app.rssBytes])));
    return [finding('app', undefined, { seen: `at most ${megabytes(peak)}`, expected: 'read while the load ran', fix: '' })];
  },
};

function finding(
  name: GaugeName,
  message: string | undefined,
  { seen, expected, fix }: { readonly seen: string; readonly expected: string; readonly fix: string },
): Finding {
  const bad = message === undefined ? {} : { message, fix };
  return { id: `${name}-pressure`, title: titles[name], verdict: message === undefined ? 'green' : 'red', seen, expected, ...bad };
}

function neverRead(name: GaugeName, samples: readonly GaugeSample[], verdict: 'inconclusive' | 'red'): Finding {
  const reason = samples.map((sample) => sample.unread[name]).find((text) => text !== undefined);
  return {
    id: `${name}-pressure`,
    title: titles[name],
    verdict,
    seen: 'never read',
    expected: 'read once a second',
    message: reason ?? 'The load ended before it was read once.',
    fix: 'Run `jv-staging doctor`, then `jv-staging load` again.',
  };
}

function redisProblems(readings: readonly RedisReading[]): readonly string[] {
  const grown = (of: (reading: RedisReading) => number | null) => (maxOf(readings, of) ?? 0) - (of(readings[0] ?? empty) ?? 0);
  const share = (of: (reading: RedisReading) => number | null, limit: (reading: RedisReading) => number | null) =>
    Math.max(0, ...readings.map((reading) => ((limit(reading) ?? 0) > 0 ? (of(reading) ?? 0) / (limit(reading) ?? 1) : 0)));
  const evicted = grown((reading) => reading.evictedKeys);
  const rejected = grown((reading) => reading.rejectedConnections);
  return [
    ...(evicted > 0 ? [`${evicted} keys were evicted: jobs may be lost.`] : []),
    ...(rejected > 0 ? [`${rejected} connections were refused.`] : []),
    ...(share(
      (reading) => reading.clients,
      (reading) => reading.clientLimit,
    ) >= exhaustedShare
      ? ['The connections were used up.']
      : []),
    ...(share(
      (reading) => reading.usedMemoryBytes,
      (reading) => reading.memoryLimitBytes,
    ) >= exhaustedShare
      ? ['The memory was used up.']
      : []),
  ];
}

const empty: RedisReading = {
  clients: null,
  clientLimit: null,
  usedMemoryBytes: null,
  memoryLimitBytes: null,
  evictedKeys: null,
  rejectedConnections: null,
  commands: null,
};

function redisSeen(readings: readonly RedisReading[]): string {
  const clients = maxOf(readings, (reading) => reading.clients);
  const limit = readings.at(-1)?.clientLimit ?? null;
  const memory = maxOf(readings, (reading) => reading.usedMemoryBytes);
  const memoryLimit = readings.at(-1)?.memoryLimitBytes ?? 0;
  return [
    clients === null ? 'clients unknown' : `at most ${clients}${limit === null ? '' : ` of ${limit}`} clients`,
    memory === null ? 'memory unknown' : `${megabytes(memory)}${memoryLimit > 0 ? ` of ${megabytes(memoryLimit)}` : ''}`,
  ].join(', ');
}

function maxOf(readings: readonly RedisReading[], of: (reading: RedisReading) => number | null): number | null {
  return readings.map(of).reduce<number | null>((highest, value) => (value === null ? highest : Math.max(highest ?? 0, value)), null);
}

/** Returns how many jobs wait in all queues of a sample; 0 when they were not read. */
export function depth(sample: GaugeSample | undefined): number {
  return (sample?.queues ?? []).reduce((sum, queue) => sum + queue.waiting + queue.active, 0);
}

function failures(sample: GaugeSample | undefined): number {
  return (sample?.queues ?? []).reduce((sum, queue) => sum + queue.failed, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
