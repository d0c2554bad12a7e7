import { formatMs } from '../perf/judge.ts';
import type { RunReport } from '../report.ts';
import { StagingError } from '../errors.ts';
import type { Finding } from '../verdict.ts';
import { formatRate } from './judge.ts';
import type { LoadMeasurement, LoadStage } from './load.ts';

/** Figures of a load run that a later one is compared with. */
export interface EarlierLoad {
  readonly runId: string;
  readonly p95Ms: number;
  readonly errorRate: number;
  readonly requestsPerSecond: number;
  readonly engine: string;
  /** Ids of the requests. */
  readonly requests: readonly string[];
  readonly stages: string;
}

/** Two runs of the same load differ by so much without anything having changed: what lies within is noise. */
const noiseShare = 0.2;
/** On a short time a share is less than the scheduler takes. */
const noiseMs = 20;
/** One request of a hundred may fail by chance. */
const noiseRate = 0.01;

/** Returns what a load run's report says of it. Throws `LOAD_REPORT_UNFIT` (kind `usage`) when no load was measured in that run. */
export function earlierLoad({ runId, stages }: RunReport): EarlierLoad {
  const details = stages.find((stage) => stage.stage === 'load')?.details;
  const measurement = fieldOf(details, 'measurement');
  const all = fieldOf(measurement, 'all');
  const [p95Ms, errorRate, requests] = [fieldOf(all, 'p95Ms'), fieldOf(all, 'errorRate'), fieldOf(all, 'requests')];
  const durationMs = fieldOf(measurement, 'durationMs');
  const byRequest = fieldOf(measurement, 'byRequest');
  if (typeof p95Ms !== 'number' || typeof errorRate !== 'number' || typeof requests !== 'number' || typeof durationMs !== 'number') {
    throw new StagingError('usage', 'LOAD_REPORT_UNFIT', `The report of ${runId} has no load to compare with.`, {
      fix: 'Name a run of `load`, or of `up` that came as far: see `jv-staging report`.',
    });
  }
  return {
    runId,
    p95Ms,
    errorRate,
    requestsPerSecond: rate(requests, durationMs),
    engine: String(fieldOf(measurement, 'engine')),
    requests: typeof byRequest === 'object' && byRequest !== null ? Object.keys(byRequest).toSorted() : [],
    stages: JSON.stringify(fieldOf(details, 'stages')),
  };
}

/** Returns one finding a figure, beside the earlier run's; inconclusive when the load was another one. */
export function compareLoads(
  { all, durationMs, engine, byRequest }: LoadMeasurement,
  stages: readonly LoadStage[],
  earlier: EarlierLoad,
): readonly Finding[] {
  const differs = [
    ...(engine === earlier.engine ? [] : [`engine ${engine} instead of ${earlier.engine}`]),
    ...(JSON.stringify(stages) === earlier.stages ? [] : ['another ramp']),
    ...(Object.keys(byRequest).toSorted().join() === earlier.requests.join() ? [] : ['other requests']),
  ];
  if (differs.length > 0) return [anotherLoad(earlier, differs)];
  const perSecond = rate(all.requests, durationMs);
  const p95Limit = Math.max(earlier.p95Ms * (1 + noiseShare), earlier.p95Ms + noiseMs);
  const rateLimit = earlier.errorRate + noiseRate;
  const perSecondLimit = earlier.requestsPerSecond * (1 - noiseShare);
  const p95 = { seen: formatMs(all.p95Ms), before: formatMs(earlier.p95Ms), expected: `<= ${formatMs(p95Limit)}` };
  const errors = { seen: formatRate(all.errorRate), before: formatRate(earlier.errorRate), expected: `<= ${formatRate(rateLimit)}` };
  const speed = { seen: perSecond.toFixed(1), before: earlier.requestsPerSecond.toFixed(1), expected: `>= ${perSecondLimit.toFixed(1)}` };
  return [
    compared('p95', `Against ${earlier.runId}: 95th percentile`, all.p95Ms <= p95Limit, p95),
    compared('error-rate', `Against ${earlier.runId}: share of failed requests`, all.errorRate <= rateLimit, errors),
    compared('rate', `Against ${earlier.runId}: requests a second`, perSecond >= perSecondLimit, speed),
  ];
}

/** A figure now and then, and what it had to be. */
interface TwoFigures {
  readonly seen: string;
  readonly before: string;
  readonly expected: string;
}

function compared(id: string, title: string, isFine: boolean, { seen, before, expected }: TwoFigures): Finding {
  return {
    id: `compared-${id}`,
    title,
    verdict: isFine ? 'green' : 'red',
    seen: `${seen}, then ${before}`,
    expected,
    message: isFine ? undefined : 'It became worse by more than two runs of the same load differ.',
    fix: isFine ? undefined : 'Run the load once more; if it stays so, look at what changed between the two releases.',
  };
}

function anotherLoad({ runId }: EarlierLoad, differs: readonly string[]): Finding {
  return {
    id: 'compared',
    title: `Against ${runId}`,
    verdict: 'inconclusive',
    seen: differs.join(', '),
    expected: 'the same load',
    message: 'Figures of different loads cannot be compared.',
    fix: 'Run the same profile with the same engine, or leave out `--compare`.',
  };
}

function rate(requests: number, durationMs: number): number {
  return durationMs === 0 ? 0 : requests / (durationMs / 1000);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
