import { expect, test } from 'vitest';
import { redisReading } from '../../src/adapters/gauges/redis-gauges.ts';
import type { GaugeName, GaugeSample, RedisReading } from '../../src/core/ports/gauges.ts';
import { judgePressure } from '../../src/core/load/pressure.ts';

const redis: RedisReading = {
  clients: 10,
  clientLimit: 1000,
  usedMemoryBytes: 10_000_000,
  memoryLimitBytes: 250_000_000,
  evictedKeys: 5,
  rejectedConnections: 2,
  commands: 100,
};

function judge(name: GaugeName, readings: readonly Partial<GaugeSample>[], recoveryMs: number | null = 200) {
  const samples = readings.map((reading, second): GaugeSample => ({ second, unread: {}, ...reading }));
  return judgePressure({ samples, recoveryMs, gauges: [name] })[0];
}

const database = (connections: number) => ({ database: { connections, active: 1, limit: 100 } });
const queues = (waiting: number, failed = 0, active = 0) => ({ queues: [{ queue: 'flight-requests', waiting, active, failed }] });

test.each([
  ['connections below nine tenths of the limit', 'database', [database(5), database(89), database(5)], 'green', 'at most 89 of 100'],
  ['one second at nine tenths', 'database', [database(5), database(90), database(5)], 'red', 'at most 90 of 100'],
  ['a pooler that answers at once', 'pooler', [{ pooler: { waitMs: 3 } }, { pooler: { waitMs: 999 } }], 'green', 'at most 999 ms'],
  [
    'a client that waited a second for the pooler',
    'pooler',
    [{ pooler: { waitMs: 3 } }, { pooler: { waitMs: 1000 } }],
    'red',
    'at most 1000 ms',
  ],
  ['a Redis with room', 'redis', [{ redis }, { redis }], 'green', 'at most 10 of 1000 clients, 10.0 MB of 250.0 MB'],
  [
    'keys evicted before the run alone',
    'redis',
    [{ redis: { ...redis, evictedKeys: 900 } }, { redis: { ...redis, evictedKeys: 900 } }],
    'green',
    '',
  ],
  ['memory at nine tenths', 'redis', [{ redis }, { redis: { ...redis, usedMemoryBytes: 225_000_000 } }], 'red', '225.0 MB of 250.0 MB'],
  ['clients at nine tenths', 'redis', [{ redis: { ...redis, clients: 900 } }], 'red', 'at most 900 of 1000 clients'],
  ['memory without a limit', 'redis', [{ redis: { ...redis, usedMemoryBytes: 9e9, memoryLimitBytes: 0 } }], 'green', '9000.0 MB'],
  ['a server that says little', 'redis', [{ redis: redisReading('') }], 'green', 'clients unknown, memory unknown'],
  ['queues that drain', 'queues', [queues(0), queues(40), queues(0)], 'green', 'at most 40 jobs waiting, 0 at the end, back after 200 ms'],
  ['a job that failed before the run', 'queues', [queues(0, 3), queues(0, 3)], 'green', ''],
] as const)('%s: %s', (_what, name, readings, verdict, seen) => {
  expect(judge(name, readings)).toMatchObject({ id: `${name}-pressure`, verdict, seen: expect.stringContaining(seen) });
});

test.each([
  ['an evicted key', 'redis', [{ redis }, { redis: { ...redis, evictedKeys: 6 } }], '1 keys were evicted'],
  ['a refused connection', 'redis', [{ redis }, { redis: { ...redis, rejectedConnections: 4 } }], '2 connections were refused'],
  ['jobs that newly failed', 'queues', [queues(0, 3), queues(0, 5)], '2 jobs failed'],
] as const)('%s is red, with the count since the run began', (_what, name, readings, message) => {
  expect(judge(name, readings)).toMatchObject({ verdict: 'red', message: expect.stringContaining(message) });
});

test('queues that are not where they began when the watch ends are red', () => {
  expect(judge('queues', [queues(2), queues(60), queues(30, 0, 2)], null)).toMatchObject({
    verdict: 'red',
    message: '30 jobs still waited when the watch ended: the workers do not keep up.',
  });
});

test('a gauge that was never read is inconclusive and says why; one that was read once is judged', () => {
  const unread = { unread: { database: 'connect ECONNREFUSED' } };

  expect(judge('database', [unread, unread])).toMatchObject({ verdict: 'inconclusive', message: 'connect ECONNREFUSED' });
  expect(judge('database', [])).toMatchObject({ verdict: 'inconclusive' });
  expect(judge('database', [unread, database(3)])).toMatchObject({ verdict: 'green' });
});

test('a gauge that was never read in a run that was halted for its failures is red like the run', () => {
  const watched = { samples: [{ second: 0, unread: { database: 'connect ECONNREFUSED' } }], recoveryMs: 0, gauges: ['database'] } as const;

  expect(judgePressure(watched, '100 % of the last 34 requests failed')).toMatchObject([{ verdict: 'red', seen: 'never read' }]);
  expect(judgePressure(watched)).toMatchObject([{ verdict: 'inconclusive' }]);
});

test('INFO is read by its names, and what is missing or no number is null', () => {
  const info =
    '# Clients\r\nconnected_clients:7\r\nmaxclients:10000\r\n# Memory\r\nused_memory:1048576\r\nmaxmemory:none\r\nevicted_keys:3\r\n';

  expect(redisReading(info)).toEqual({
    clients: 7,
    clientLimit: 10_000,
    usedMemoryBytes: 1_048_576,
    memoryLimitBytes: null,
    evictedKeys: 3,
    rejectedConnections: null,
    commands: null,
  });
});
