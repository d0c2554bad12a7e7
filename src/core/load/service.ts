import type { ServiceVerdict } from '../ports/measure.ts';
import type { Finding } from '../verdict.ts';
import { formatRate } from './judge.ts';
import type { LoadThresholds } from './load.ts';

/** Returns whether the thresholds of the script held at a service: the figures themselves stand at the service. */
export function judgeService(title: string, { crossed, resultUrl }: ServiceVerdict, { p95Ms, errorRate }: LoadThresholds): Finding {
  return {
    id: 'service-thresholds',
    title: `Thresholds at ${title}`,
    verdict: crossed ? 'red' : 'green',
    seen: crossed ? 'crossed' : 'kept',
    expected: `p95 < ${p95Ms} ms, < ${formatRate(errorRate)} failed, > 0 requests`,
    message: crossed ? `A threshold was crossed${resultUrl === undefined ? '' : `; the figures stand at ${resultUrl}`}.` : undefined,
    fix: crossed ? 'Look at the run there, then at what fails with `jv-staging smoke`.' : undefined,
  };
}

/** Returns one line about a load at a service. */
export function serviceSummary(title: string, { resultUrl }: ServiceVerdict, vus: number): string {
  return `${title}: up to ${vus} virtual users${resultUrl === undefined ? '' : `, ${resultUrl}`}`;
}
