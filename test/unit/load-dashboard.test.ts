import { expect, test } from 'vitest';
import { dashboardRows } from '../../src/core/load/dashboard.ts';
import type { LoadSample } from '../../src/core/load/load.ts';
import { builtInProfiles, originalThresholds } from '../../src/core/load/profile.ts';
import { panelColumns } from '../../src/core/run/step.ts';

const plan = { stages: builtInProfiles.full, thresholds: originalThresholds };

function seconds(count: number): readonly LoadSample[] {
  return Array.from({ length: count }, (_, second) => ({
    second,
    vus: Math.min(50, second),
    requests: 33,
    errors: second % 2,
    p50Ms: 20,
    p95Ms: 400 + second,
  }));
}

test('says how far the load is, and each figure with its limit and its course', () => {
  const redis = {
    clients: 14,
    clientLimit: null,
    usedMemoryBytes: null,
    memoryLimitBytes: null,
    evictedKeys: null,
    rejectedConnections: null,
    commands: 7,
  };
  const queues = [{ queue: 'flight-requests', waiting: 3, active: 1, failed: 0 }];
  const gauges = [{ second: 0, unread: {}, database: { connections: 12, active: 1, limit: 60 }, redis, queues }];

  const rows = dashboardRows({ ...plan, samples: seconds(4), gauges });

  expect(rows).toEqual([
    'time         4 of 360 s           ────────────────────────────────────',
    'users        3 of 50              ▁▁▁▁',
    'requests     33/s                 ████',
    'p95          403 ms (< 2000 ms)   ████',
    'errors       3.03 % (< 15.00 %)   ▁▂▁▂',
    'connections  12 of 60             ▂',
    'redis        14 clients           █',
    'queues       4 jobs               █',
  ]);
});

test('fits into 80 columns however long the load and however large its figures', () => {
  const samples = seconds(360).map((sample) => ({ ...sample, vus: 1000, requests: 99_999, errors: 99_999, p95Ms: 15_000 }));

  const rows = dashboardRows({ ...plan, samples, gauges: [] });

  expect(rows).toHaveLength(5);
  expect(rows[0]).toContain('━'.repeat(36));
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(panelColumns);
});

test('shows nothing before the first second is over', () => {
  expect(dashboardRows({ ...plan, samples: [], gauges: [] })).toEqual([]);
});
