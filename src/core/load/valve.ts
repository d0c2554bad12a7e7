import { formatRate } from './judge.ts';
import type { LoadSample } from './load.ts';

/** The run is stopped from this multiple of the configured error rate on (issue 6: "an abort valve stops at 5x the error threshold"). */
const valveFactor = 5;

/** The share is taken over the last seconds, so that an app that dies in the middle of a long run is noticed at once. */
export const valveSeconds = 5;

/** Fewer requests than this say nothing about a share. */
const fewestRequests = 20;

/** Stops a run that only hurts what it loads. */
export interface LoadValve {
  /** Takes the sample of a second; returns why the run must be stopped, or undefined. */
  take(sample: LoadSample): string | undefined;
}

/** Returns the share of failed requests (0 to 1) from which on the valve of a threshold opens. */
export function valveLimit(errorRate: number): number {
  return Math.min(1, errorRate * valveFactor);
}

/** Returns a valve for a threshold of the error rate (0 to 1); it opens at 5x that, at the latest when every request fails. */
export function loadValve(errorRate: number): LoadValve {
  const limit = valveLimit(errorRate);
  const recent: LoadSample[] = [];
  return {
    take: (sample) => {
      recent.push(sample);
      if (recent.length > valveSeconds) recent.shift();
      const requests = recent.reduce((sum, each) => sum + each.requests, 0);
      const errors = recent.reduce((sum, each) => sum + each.errors, 0);
      if (recent.length < valveSeconds || requests < fewestRequests || errors / requests < limit) return undefined;
      return `${formatRate(errors / requests)} of the last ${requests} requests failed, so the run was stopped after ${sample.second + 1} s`;
    },
  };
}
