import { type SeriesPoint, type Slope, theilSen } from './theil-sen.ts';

/**
 * A soak leaks when it grows in so many rounds, one after the other: caches fill and code is compiled in the first, which is growth
 * but no leak. One round in which it does not grow ends the question.
 */
export const roundsOfALeak = 3;

/** What one round of measurements after garbage collection shows; `too-short` is below 8 of them. */
export type Growth =
  | { readonly kind: 'growing'; readonly slope: Slope }
  | { readonly kind: 'flat'; readonly slope: Slope }
  | { readonly kind: 'too-short' };

/** Returns whether a series grows: only if the 99.9 % interval of its slope lies above 0, and the slope above `minimum`. */
export function growthOf(series: readonly SeriesPoint[], minimum: number): Growth {
  const slope = theilSen(series);
  if (slope === undefined) return { kind: 'too-short' };
  return { kind: slope.low > 0 && slope.perUnit > minimum ? 'growing' : 'flat', slope };
}

/** Returns what the newest round shows, and whether it is a leak: growing in it and in all of the `roundsOfALeak` before. */
export function leakOf(rounds: readonly (readonly SeriesPoint[])[], minimum: number): { readonly growth: Growth; readonly leaks: boolean } {
  const seen = rounds.map((round) => growthOf(round, minimum));
  const growth = seen.at(-1) ?? { kind: 'too-short' };
  return { growth, leaks: seen.length >= roundsOfALeak && seen.slice(-roundsOfALeak).every(({ kind }) => kind === 'growing') };
}

/** Returns whether another round must follow: the newest grows, but it is not known yet whether it goes on. */
export function needsAnotherRound(rounds: readonly (readonly SeriesPoint[])[], minimum: number): boolean {
  return rounds.length < roundsOfALeak && growthOf(rounds.at(-1) ?? [], minimum).kind === 'growing';
}
