import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketGrowth } from '../../src/core/load/buckets.ts';
import { mergeRunners, type RunnerSummary, summaryIn } from '../../src/core/load/fleet.ts';
import { type FleetInput, fleetManifests, fleetSecret, refuseIdleRunners } from '../../src/core/load/manifests.ts';
import { builtInProfiles, originalJourney } from '../../src/core/load/profile.ts';
import { judgeService } from '../../src/core/load/service.ts';
import { type RequestSample, requestStatistics } from '../../src/core/statistics.ts';
import { testRunProblems } from '../support/kubernetes/crd-check.ts';

const journey = originalJourney('agent1@staging.test');
const input: FleetInput = {
  name: 'jv-load-0123456789abcdef',
  script: 'export default function () {}\n',
  parallelism: 4,
  image: 'grafana/k6:1.8.1',
  secrets: { STAGING_USER_PASSWORD: 'canary-password' },
};

describe('the objects of a cluster', () => {
  test('are what the operator’s CRD asks for, with and without a Secret and a namespace', () => {
    for (const each of [input, { ...input, secrets: {}, namespace: 'load' }]) {
      const [configMap, testRun] = fleetManifests(each);

      expect(testRunProblems(testRun)).toEqual([]);
      expect(configMap).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { 'script.js': each.script } });
      expect(testRun?.['spec']).toMatchObject({
        parallelism: 4,
        script: { configMap: { name: configMap?.metadata.name, file: 'script.js' } },
      });
    }
  });

  test('that the CRD refuses, or would drop a field of, are noticed', () => {
    const [, testRun] = fleetManifests(input);
    const spec = Object(testRun?.['spec']);

    expect(testRunProblems({ ...testRun, spec: { ...spec, parallelism: 'many' } })).toHaveLength(1);
    expect(testRunProblems({ ...testRun, spec: { script: spec.script } })).toHaveLength(1);
    expect(testRunProblems({ ...testRun, spec: { ...spec, runner: { ...spec.runner, enviroment: [] } } })).toHaveLength(1);
  });

  test('hold no secret but in the Secret, and there is none where none is needed', () => {
    const secret = fleetSecret(input);

    expect(JSON.stringify(fleetManifests(input))).not.toContain('canary');
    expect(secret).toMatchObject({ kind: 'Secret', metadata: { name: input.name }, stringData: input.secrets });
    expect(fleetSecret({ ...input, secrets: {} })).toBeUndefined();
  });

  test('are refused for a script that no ConfigMap holds, and for more processes than virtual users', () => {
    expect(() => fleetManifests({ ...input, script: 'é'.repeat(500_001) })).toThrow(
      expect.objectContaining({ code: 'LOAD_SCRIPT_TOO_LARGE' }),
    );
    expect(() => refuseIdleRunners(51, builtInProfiles.short)).toThrow(expect.objectContaining({ code: 'LOAD_PARALLELISM_TOO_HIGH' }));
    expect(() => refuseIdleRunners(50, builtInProfiles.short)).not.toThrow();
  });
});

/** What a k6 process that saw these requests of one kind says, as the emitted script counts them. */
function summaryOf(samples: readonly RequestSample[]): RunnerSummary {
  const timed = samples.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
  const metrics: Record<string, Record<string, number>> = { jv_iterations: { count: samples.length }, jv_vus: { max: 5 } };
  const count = (name: string) => (metrics[name] = { count: (metrics[name]?.['count'] ?? 0) + 1 });
  for (const ms of timed) count(`jv_r0_ms_${ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(bucketGrowth))}`);
  for (const { error } of samples) if (error !== null) count(`jv_r0_error_${error}`);
  if (timed.length > 0) {
    const { minMs, meanMs, maxMs } = requestStatistics(samples);
    metrics['jv_r0_ms'] = { count: timed.length, min: minMs, avg: meanMs, max: maxMs };
  }
  return { durationMs: 30_000 + samples.length, metrics };
}

describe('the figures of a fleet', () => {
  const sample = fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: 0.2, max: 15_000, noNaN: true }).map((latencyMs) => ({ latencyMs, error: null })) },
    fc.constantFrom<RequestSample>(
      { latencyMs: 12, error: '500' },
      { latencyMs: 15_000, error: 'timeout' },
      { latencyMs: null, error: 'refused' },
    ),
  );

  test('are those of one process that saw all requests: counts exactly, percentiles within 1 %', () => {
    fc.assert(
      fc.property(fc.array(fc.array(sample, { maxLength: 60 }), { minLength: 1, maxLength: 5 }), (runners) => {
        const exact = requestStatistics(runners.flat());

        const { all, vusMax, iterations } = mergeRunners(journey.slice(0, 1), runners.map(summaryOf));

        expect([all.requests, all.errors, all.errorsByClass]).toEqual([exact.requests, exact.errors, exact.errorsByClass]);
        expect([vusMax, iterations]).toEqual([5 * runners.length, exact.requests]);
        expect([all.minMs, all.maxMs]).toEqual([exact.minMs, exact.maxMs]);
        expect(all.meanMs).toBeCloseTo(exact.meanMs, 6);
        for (const at of ['p50Ms', 'p90Ms', 'p95Ms', 'p99Ms'] as const) {
          // Below a millisecond all times share one bucket.
          expect(Math.abs(all[at] - exact[at])).toBeLessThanOrEqual(Math.max(0.8, exact[at] * 0.01));
        }
      }),
    );
  });

  test('need at least one process, and keep requests apart, also the eleventh from the second', () => {
    const requests = journey.slice(0, 1).flatMap((request) => Array.from({ length: 11 }, (_, index) => ({ ...request, id: `r${index}` })));
    const metrics = {
      jv_r1_ms: { count: 2, min: 10, max: 10, avg: 10 },
      jv_r1_ms_117: { count: 2 },
      jv_r10_ms: { count: 1, min: 9, max: 9, avg: 9 },
      jv_r10_ms_111: { count: 1 },
      jv_r10_graceful_429: { count: 1 },
      jv_r10_error_429: { count: 1 },
      jv_r1_slow: { count: 2 },
    };

    const { byRequest, slowByRequest, gracefulByStatus } = mergeRunners(requests, [{ durationMs: 1, metrics }]);

    expect([byRequest['r1']?.requests, byRequest['r10']?.requests, byRequest['r0']?.requests]).toEqual([2, 1, 0]);
    expect([slowByRequest?.['r1'], gracefulByStatus]).toEqual([2, { 429: 1 }]);
    expect(() => mergeRunners(requests, [])).toThrow(expect.objectContaining({ code: 'LOAD_RUNNER_LOST' }));
  });

  test('are as late as the latest process, and of unknown lateness where none tells', () => {
    const late = (p95: number) => ({ durationMs: 1, metrics: { jv_late_ms: { 'p(95)': p95 } } });

    expect(mergeRunners(journey, [late(2), late(240), late(3)]).generatorLateMs).toBe(240);
    expect(mergeRunners(journey, [{ durationMs: 1, metrics: {} }]).generatorLateMs).toBeNull();
  });

  test('are found in a log among other lines, and not where there are none', () => {
    expect(summaryIn('Request Failed\n[pod] jv-staging-summary {"a":1}\nlast\n')).toBe('{"a":1}');
    expect(summaryIn('killed\n')).toBeUndefined();
  });
});

test('a service that kept the thresholds is green, one that crossed them red with its address', () => {
  const thresholds = { p95Ms: 2000, errorRate: 0.15 };

  expect(judgeService('Grafana Cloud', { crossed: false, resultUrl: undefined }, thresholds)).toMatchObject({ verdict: 'green' });
  expect(judgeService('Grafana Cloud', { crossed: true, resultUrl: 'https://x.grafana.net/runs/1' }, thresholds)).toMatchObject({
    verdict: 'red',
    message: 'A threshold was crossed; the figures stand at https://x.grafana.net/runs/1.',
  });
});
