import { describe, expect, test } from 'vitest';
import { readHealth } from '../../src/core/smoke/health.ts';
import { leakOf, roundsOfALeak } from '../../src/core/perf/growth.ts';
import { judgeServerMemory, type ServerMemorySample } from '../../src/core/perf/memory.ts';
import { type SeriesPoint, theilSen } from '../../src/core/perf/theil-sen.ts';

/** Returns the same values, normally distributed around 0 with deviation 1, for the same seed. */
function normalNoise(seed: number): () => number {
  let state = seed * 2_654_435_761;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 8; warmUp += 1) uniform();
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** How a heap behaves that is read after garbage collection: what it holds by the requests served, and how restless it is. */
interface Heap {
  readonly held: (requests: number) => number;
  readonly noiseBytes: number;
  /** How much of one reading's deviation is left in the next: what is freed late stays for some readings. */
  readonly memory: number;
}

/** Returns rounds of 30 readings of 20 requests each, with an outlier now and then (a collection that came too early). */
function soak({ held, noiseBytes, memory }: Heap, seed: number): readonly (readonly SeriesPoint[])[] {
  const noise = normalNoise(seed);
  let deviation = 0;
  return Array.from({ length: roundsOfALeak }, (_, round) =>
    Array.from({ length: 30 }, (__, at) => {
      const x = (round * 30 + at + 1) * 20;
      deviation = memory * deviation + Math.sqrt(1 - memory ** 2) * noise() * noiseBytes;
      const outlier = noise() > 2 ? 5 * noiseBytes : 0;
      return { x, y: 40e6 + held(x) + deviation + outlier };
    }),
  );
}

/** Judges as the stage does: a round more only while the newest grows. */
function leaks(heap: Heap, seed: number): boolean {
  const rounds = soak(heap, seed);
  for (let count = 1; count <= rounds.length; count += 1) {
    const { growth, leaks: found } = leakOf(rounds.slice(0, count), 500);
    if (found) return true;
    if (growth.kind !== 'growing') return false;
  }
  return false;
}

const calm = { noiseBytes: 50_000, memory: 0.5 };
const restless = { noiseBytes: 200_000, memory: 0.5 };

describe('a heap is told apart in 20 of 20 soaks', () => {
  test.each<readonly [string, Heap, boolean]>([
    ['that leaks 5 kB a request', { ...calm, held: (requests) => 5000 * requests }, true],
    ['that leaks 10 kB a request, and is restless', { ...restless, held: (requests) => 10_000 * requests }, true],
    ['that leaks 20 kB with each fourth request', { ...calm, held: (requests) => 20_000 * Math.floor(requests / 4) }, true],
    ['that holds what it holds', { ...restless, held: () => 0 }, false],
    ['whose cache fills within a round', { ...calm, held: (requests) => 8e6 * (1 - Math.exp(-requests / 100)) }, false],
    ['whose cache needs a round to fill', { ...calm, held: (requests) => 4e6 * (1 - Math.exp(-requests / 200)) }, false],
    ['whose cache is full all at once', { ...restless, held: (requests) => (requests > 300 ? 12e6 : requests * 40_000) }, false],
    ['that grows more slowly than what counts', { ...calm, held: (requests) => 100 * requests }, false],
    ['that shrinks', { ...restless, held: (requests) => -1000 * requests }, false],
  ])('%s', (_what, heap, expected) => {
    const found = Array.from({ length: 20 }, (_, seed) => leaks(heap, seed + 1));

    expect(found).toEqual(Array.from({ length: 20 }, () => expected));
  });
});

describe('the slope of Theil and Sen', () => {
  test('is that of a straight line exactly, and one outlier does not move it', () => {
    const line = Array.from({ length: 12 }, (_, x) => ({ x, y: 3 * x + 1 }));

    expect(theilSen(line)).toEqual({ perUnit: 3, low: 3, high: 3 });
    expect(theilSen(line.map(({ x, y }) => ({ x, y: x === 5 ? 1e9 : y })))?.perUnit).toBe(3);
  });

  test('has an interval that holds the true slope in 99.9 of 100 series', () => {
    let held = 0;
    const series = 2000;
    for (let seed = 1; seed <= series; seed += 1) {
      const noise = normalNoise(seed);
      const slope = theilSen(Array.from({ length: 20 }, (_, x) => ({ x, y: 2 * x + 5 * noise() })));
      if (slope !== undefined && slope.low <= 2 && slope.high >= 2) held += 1;
    }

    expect(held / series).toBeGreaterThanOrEqual(0.997);
  });

  test('is not said of fewer than eight points, or of points at one place', () => {
    expect(theilSen(Array.from({ length: 7 }, (_, x) => ({ x, y: x })))).toBeUndefined();
    expect(theilSen(Array.from({ length: 20 }, (_, y) => ({ x: 1, y })))).toBeUndefined();
  });
});

describe('memory of the server', () => {
  const settings = { samples: 10, requests: 20, concurrency: 4, heapBytesPerRequest: 500, rssBytesPerRequest: 5000 };
  const sample = (at: number, process: string, heapUsedBytes: number): ServerMemorySample => ({
    requests: at * 20,
    rssBytes: 9e7,
    heapUsedBytes,
    collected: true,
    process,
  });

  test('of two processes is not mixed into one series', () => {
    const round = Array.from({ length: 24 }, (_, at) => sample(at, at % 3 === 0 ? 'b' : 'a', at % 3 === 0 ? 8e7 + at * 1e6 : 4e7));

    expect(judgeServerMemory({ rounds: [round] }, settings).map(({ verdict }) => verdict)).toEqual(['green', 'green']);
  });

  test('of as many processes as readings is inconclusive', () => {
    const round = Array.from({ length: 10 }, (_, at) => sample(at, String(at), 4e7));

    expect(judgeServerMemory({ rounds: [round] }, settings)[0]).toMatchObject({
      verdict: 'inconclusive',
      message: 'Fewer than 8 readings of one process are too few for a slope.',
    });
  });

  test('that grows is a leak only where garbage was collected before each reading', () => {
    const round = (collected: boolean) =>
      Array.from({ length: 30 }, (_, at): ServerMemorySample => ({ ...sample(at, 'a', 4e7 + at * 1e6), collected }));
    const verdicts = (collected: boolean) =>
      judgeServerMemory({ rounds: Array.from({ length: 3 }, () => round(collected)) }, settings).map(({ verdict }) => verdict);

    expect(verdicts(true)).toEqual(['red', 'green']);
    expect(verdicts(false)).toEqual(['inconclusive', 'green']);
    // What the fix asks for is what the reader of the health answer takes.
    const asked = { memory: { rssBytes: 1, heapUsedBytes: 1, collected: true } };
    expect(readHealth(asked)?.memoryCollected).toBe(true);
  });
});
