/**
 * Each bucket is this many times as wide as the one before: half a bucket is 1 % of a time, well within the 3 % that the figures of a
 * fleet may differ from those of one process (issue 6).
 */
export const bucketGrowth = 1.02;

/** Returns how many buckets hold times up to a bound; bucket 0 is everything below a millisecond. */
export function bucketCount(longestMs: number): number {
  return bucketOf(longestMs) + 1;
}

/** Returns the bucket of a time. The emitted script has the same line. */
function bucketOf(ms: number): number {
  return ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(bucketGrowth));
}

/** Returns the time that stands for a bucket: its geometric middle, at most half a bucket from any time in it. */
export function bucketMiddleMs(bucket: number): number {
  return bucket === 0 ? 0.5 : bucketGrowth ** (bucket - 0.5);
}
