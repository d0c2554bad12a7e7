import { describe, expect, it } from 'vitest';
import { lastGates } from '../../src/core/status.ts';
import type { StageResult, Verdict } from '../../src/core/verdict.ts';

const nowMs = Date.parse('2026-11-27T03:00:00.000Z');
const stage = (name: string, verdict: Verdict): StageResult => ({
  stage: name,
  verdict,
  summary: `${name} ${verdict}`,
  findings: [],
  startedAt: '2026-11-27T02:00:00.000Z',
  durationMs: 1,
  details: null,
});
const record = {
  id: 'rel_2',
  createdAt: '2026-11-27T01:00:00.000Z',
  gates: [{ gate: 'smoke', verdict: 'green' as const, summary: 'at deploy' }],
};

describe('the last gates of a release', () => {
  it('are the newest of each in the reports about it, else what its record says; those of other releases do not count', () => {
    const reports = [
      { releaseId: 'rel_1', stages: [stage('load', 'green')] },
      { releaseId: 'rel_2', stages: [stage('perf', 'red')] },
      { releaseId: 'rel_2', stages: [stage('perf', 'green'), stage('seed', 'green')] },
    ];

    expect(lastGates(record, reports, nowMs)).toEqual([
      { gate: 'smoke', verdict: 'green', summary: 'at deploy', short: null, ageMs: 7_200_000 },
      { gate: 'perf', verdict: 'red', summary: 'perf red', short: null, ageMs: 3_600_000 },
    ]);
  });

  it('are those of the deploy itself right after it, by the place where it smoked', () => {
    const gates = ['smoke-deployment', 'smoke-domain'].map((gate) => ({ gate, verdict: 'green' as const, summary: gate }));

    expect(lastGates({ ...record, gates }, [], nowMs)).toMatchObject([{ gate: 'smoke', summary: 'smoke-domain' }]);
  });

  it('say what a green run lacks of what the gate asks for: chosen checks, or a short load', () => {
    const partial = { ...stage('smoke', 'green'), details: { profile: 'full', leftOut: ['home', 'queue'] } };
    const brief = {
      ...stage('load', 'green'),
      details: {
        stages: [
          { durationMs: 10_000, vus: 50 },
          { durationMs: 5000, vus: 50 },
        ],
      },
    };

    const gates = lastGates(record, [{ releaseId: 'rel_2', stages: [partial, brief] }], nowMs);

    expect(gates).toMatchObject([
      { gate: 'smoke', short: 'left out: home, queue' },
      { gate: 'load', short: '5 s at 50 users or more' },
    ]);
  });
});
