import type { EnvironmentStatus } from '../../src/core/status.ts';

const release = {
  id: 'rel_1',
  environment: 'staging',
  kind: 'deploy',
  gitSha: 'a'.repeat(40),
  dirty: true,
  vercelDeploymentId: 'dpl_1',
  url: 'http://x',
  migrationHead: null,
  migrationChecksums: {},
  envFingerprints: {},
  envSnapshot: null,
  seedVersion: null,
  restorePoint: null,
  gates: [{ gate: 'smoke', verdict: 'green', summary: '' }],
  createdAt: '2026-11-22T20:00:00.000Z',
  actor: 'ci@runner',
  previous: null,
} as const;
const releases = Array.from({ length: 12 }, (_, at) => ({ ...release, id: `rel_${12 - at}`, vercelDeploymentId: `dpl_${12 - at}` }));

/** An environment of which much is to be said: pinned, with drift, a queue and restore points. Made up. */
export const sampleStatus: EnvironmentStatus = {
  name: 'shop-staging',
  environment: 'staging',
  target: 'local',
  url: 'http://staging.example.test:4280',
  openUrl: 'http://127.0.0.1:3000/',
  resources: { vercelProject: 'prj_1', supabaseProject: 'abcdefghijklmnopqrst', upstashDatabase: null },
  live: { releaseId: 'rel_12', gitSha: release.gitSha, dirty: true, migrationHead: null, ageMs: 7_300_000 },
  drift: { differing: ['LOG_LEVEL', 'schema'], compared: 14, why: null },
  gates: [
    { gate: 'smoke', verdict: 'green', summary: '8 of 8', short: null, ageMs: 65_000 },
    { gate: 'load', verdict: 'green', summary: 'ok', short: '10 s at 50 users or more', ageMs: 65_000 },
  ],
  queues: [{ queue: 'flight-requests', waiting: 2, active: 1, failed: 0 }],
  cost: {
    knownUsdPerMonth: 10,
    unknown: [{ what: 'Vercel project', why: 'x' }],
    parts: [],
    productionUsdPerMonth: 100,
    verdict: 'unknown',
  },
  liveDeployment: 'dpl_12',
  recordMatches: true,
  unrecorded: [],
  autoAssignDomains: false,
  variablesNotLive: ['LOG_LEVEL'],
  contractWaiting: ['20260104000000'],
  migrations: { head: '20251020000000', applied: 1, pending: 2 },
  restorePoints: {
    keep: 10,
    points: [
      {
        id: 'dump_1',
        kind: 'dump',
        place: '/kept/dump_1.jvdump',
        reason: 'x',
        sizeBytes: 2048,
        createdAt: release.createdAt,
        expiresAt: null,
        ageMs: 7_300_000,
      },
      {
        id: 'rp_1',
        kind: 'platform',
        place: 'Supabase project a',
        reason: null,
        sizeBytes: null,
        createdAt: release.createdAt,
        expiresAt: null,
        ageMs: 59_000,
      },
    ],
  },
  releases,
};
