import type { LatencyHistogram } from '../../core/ports/measure.ts';
import { statisticsFrom } from '../../core/statistics.ts';
import { latencyHistogram, summariseHistogram } from './recorder.ts';

/** Returns an empty histogram of requests: times in microseconds with three significant digits, as load keeps them. */
export function requestHistogram(): LatencyHistogram {
  const histogram = latencyHistogram();
  const errors = new Map<string, number>();
  let requests = 0;
  return {
    record: ({ latencyMs, error }) => {
      requests += 1;
      if (error !== null) errors.set(error, (errors.get(error) ?? 0) + 1);
      if (latencyMs !== null) histogram.recordValue(Math.max(1, Math.round(latencyMs * 1000)));
    },
    statistics: () =>
      statisticsFrom(requests, summariseHistogram(histogram), Object.fromEntries([...errors].toSorted(([a], [b]) => a.localeCompare(b)))),
  };
}
