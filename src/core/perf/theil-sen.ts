/** A point of a series: what was measured at a place on its axis (requests served, cycles done). */
export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
}

/** A slope and the interval that holds the true one in 99.9 of 100 series. */
export interface Slope {
  readonly perUnit: number;
  readonly low: number;
  readonly high: number;
}

/** Quantile of the standard normal distribution for a two-sided interval of 99.9 % (NIST handbook, 1.3.6.7.1: P(z < 3.2905) = 0.9995). */
const z999 = 3.2905;

/** With fewer points no 99.9 % interval of all pairwise slopes exists: its ranks lie outside of them (below 8 points). */
export const fewestPoints = 8;

/**
 * Returns the median of all pairwise slopes (Theil and Sen) with its 99.9 % interval by Kendall's variance (Sen 1968; Hollander,
 * Wolfe and Chicken, "Nonparametric Statistical Methods", 9.3): single outliers do not move it. Undefined below 8 points, or
 * when all lie at one place.
 */
export function theilSen(points: readonly SeriesPoint[]): Slope | undefined {
  const slopes = points
    .flatMap((left, at) => points.slice(at + 1).map((right) => ({ dx: right.x - left.x, dy: right.y - left.y })))
    .filter(({ dx }) => dx !== 0)
    .map(({ dx, dy }) => dy / dx)
    .toSorted((a, b) => a - b);
  const count = points.length;
  const reach = z999 * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const low = slopes[Math.round((slopes.length - reach) / 2) - 1];
  const high = slopes[Math.round((slopes.length + reach) / 2)];
  if (count < fewestPoints || low === undefined || high === undefined) return undefined;
  return { perUnit: middle(slopes), low, high };
}

function middle(ascending: readonly number[]): number {
  const half = ascending.length / 2;
  const [left, right] = [ascending[Math.ceil(half) - 1] ?? 0, ascending[Math.floor(half)] ?? 0];
  return (left + right) / 2;
}
