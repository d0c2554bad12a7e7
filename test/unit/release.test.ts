import { describe, expect, it } from 'vitest';
import { planRollback, type ReleaseRecord } from '../../src/core/release/release.ts';

const record = (id: string, previous: string | null, more: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  id,
  environment: 'staging',
  kind: 'deploy',
  gitSha: 'a'.repeat(40),
  dirty: false,
  vercelDeploymentId: `dpl_${id}`,
  url: `https://${id}.vercel.app`,
  migrationHead: '20251020000000',
  migrationChecksums: {},
  envFingerprints: {},
  envSnapshot: null,
  seedVersion: null,
  restorePoint: null,
  gates: [],
  createdAt: '2026-11-22T00:00:00.000Z',
  actor: 'agent@host',
  previous,
  ...more,
});
const [a, b, c] = [record('a', null), record('b', 'a'), record('c', 'b')];
const backToB = record('d', 'c', { kind: 'rollback', vercelDeploymentId: 'dpl_b' });

describe('planning a rollback', () => {
  it('goes back to the release before the live one', () => {
    const plan = planRollback([a, b, c]);

    expect(plan).toEqual({ kind: 'app-only', from: c, to: b });
  });

  it('goes one further back after a rollback, not forward to what was rolled back', () => {
    const plan = planRollback([a, b, c, backToB]);

    expect(plan).toEqual({ kind: 'app-only', from: backToB, to: a });
  });

  it('goes to the release that is named', () => {
    const plan = planRollback([a, b, c], 'a');

    expect(plan).toEqual({ kind: 'app-only', from: c, to: a });
  });

  it.each([
    ['no release yet', [], undefined, 'RELEASE_NONE'],
    ['only one release', [a], undefined, 'RELEASE_NO_PREVIOUS'],
    ['a release that does not exist', [a, b], 'zzz', 'RELEASE_NOT_FOUND'],
    ['the release that is live', [a, b], 'b', 'RELEASE_ALREADY_LIVE'],
    ['the same deployment under another record', [a, b, c, backToB], 'b', 'RELEASE_ALREADY_LIVE'],
    ['a release of another schema', [record('a', null, { migrationHead: '1' }), b], undefined, 'RELEASE_SCHEMA_CHANGED'],
  ])('refuses %s', (_, history, to, code) => {
    const plan = planRollback(history, to);

    expect(plan).toMatchObject({ kind: 'refuse', code });
  });
});
