import { exhaustedShare, pooledWaitLimitMs } from '../load/pressure.ts';
import type { GaugeSample } from '../ports/gauges.ts';
import type { Finding } from '../verdict.ts';
import { formatMs } from './judge.ts';

/** How the pool is tried. */
export interface PoolSettings {
  /** Requests under way at once. */
  readonly concurrency: number;
  readonly requests: number;
}

/** What was seen of the pool while requests ran. */
export interface PoolEvidence {
  readonly samples: readonly GaugeSample[];
  /** Sessions that the database opened meanwhile. */
  readonly newSessions: number;
  readonly requests: number;
}

/** A client that waits this long for a pooled connection counts as a waiter: an idle pooler answers in a few milliseconds. */
const waiterMs = 100;

/** With more sessions a request than this, connections are opened for requests instead of being used again. */
const sessionsPerRequestLimit = 0.5;

/** Returns the finding over connections: peak beside limit, waiters, reuse. A saturated pool is red, one that was not seen inconclusive. */
export function judgePool({ samples, newSessions, requests }: PoolEvidence): Finding {
  const finding = {
    id: 'pool',
    title: 'Database connections while requests run',
    expected: `< ${exhaustedShare * 100} % of the limit, no wait of ${pooledWaitLimitMs} ms, connections used again`,
  };
  const readings = samples.flatMap(({ database }) => (database === undefined ? [] : [database]));
  const waits = samples.flatMap(({ pooler }) => (pooler === undefined ? [] : [pooler.waitMs]));
  const [first] = readings;
  if (first === undefined || waits.length === 0) {
    const why = samples.flatMap(({ unread }) => Object.values(unread))[0] ?? 'Nothing was read while requests ran.';
    return {
      ...finding,
      verdict: 'inconclusive',
      seen: 'not read',
      message: why,
      fix: 'Run `jv-staging doctor`, then `jv-staging perf` again.',
    };
  }
  const peak = readings.reduce((highest, reading) => (reading.connections > highest.connections ? reading : highest), first);
  const longest = Math.max(...waits);
  const waiters = waits.filter((waitMs) => waitMs >= waiterMs).length;
  const isUnpooled = newSessions > requests * sessionsPerRequestLimit;
  const problems = [
    ...(peak.connections >= peak.limit * exhaustedShare ? ['The database was about to refuse connections.'] : []),
    ...(longest >= pooledWaitLimitMs ? ['Clients queued for a connection: the pool is saturated.'] : []),
    ...(isUnpooled ? ['Connections are opened for requests instead of being used again.'] : []),
  ];
  const seen = [
    `at most ${peak.connections} of ${peak.limit} (${Math.round((peak.connections / peak.limit) * 100)} %)`,
    `${waiters} of ${waits.length} probes waited, at most ${formatMs(longest)}`,
    `${requests} requests over ${newSessions} new sessions`,
  ].join('; ');
  if (problems.length === 0) return { ...finding, verdict: 'green', seen };
  return {
    ...finding,
    verdict: 'red',
    seen,
    message: problems.join(' '),
    fix: 'Send the app through the pooler (`from.database.poolerUrl`), raise `supabase.pooler.size`, or shorten the transactions of the app.',
  };
}
