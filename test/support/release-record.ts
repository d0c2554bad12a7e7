import type { ReleaseRecord } from '../../src/core/release/release.ts';

/** Returns the record of a green deploy of `dpl_<id>` that followed `previous`. */
export function releaseRecord(id: string, previous: string | null, more: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    id,
    environment: 'staging',
    kind: 'deploy',
    gitSha: 'a'.repeat(40),
    dirty: false,
    vercelDeploymentId: `dpl_${id}`,
    url: `https://${id}.vercel.app`,
    migrationHead: '20251020000000',
    migrationChecksums: {},
    contractWaiting: [],
    envFingerprints: {},
    envSnapshot: null,
    seedVersion: null,
    restorePoint: null,
    restoreMark: null,
    gates: [{ gate: 'smoke-domain', verdict: 'green', summary: '7 of 7 green' }],
    smokeChecks: null,
    createdAt: '2026-11-22T00:00:00.000Z',
    actor: 'agent@host',
    previous,
    ...more,
  };
}
