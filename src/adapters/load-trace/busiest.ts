/** Samples that a window covers: five seconds at one sample a second, so that a single collection of garbage is no verdict. */
const windowSamples = 5;

/** Returns the highest mean over five samples in a row (over all, where there are fewer), or null for none. */
export function busiestWindow(shares: readonly number[]): number | null {
  if (shares.length === 0) return null;
  const width = Math.min(windowSamples, shares.length);
  let highest = 0;
  for (let start = 0; start + width <= shares.length; start += 1) {
    const sum = shares.slice(start, start + width).reduce((total, share) => total + share, 0);
    highest = Math.max(highest, sum / width);
  }
  return highest;
}
