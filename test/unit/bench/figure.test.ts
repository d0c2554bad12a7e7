import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figureOf, seriesOf } from '../../bench/figure.ts';
import { figureTable } from '../../bench/table.ts';

const peer = { name: 'node -e 0', values: [10, 20, 40] };
const atMostThree = { atMost: 3, unit: 'x', of: 'ratio' } as const;

describe('a figure of the bench', () => {
  it('has a median that is one of its values, between lowest and highest', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { runs, median, min, max } = seriesOf(values);

        expect(values).toContain(median);
        expect([runs, min, max]).toEqual([values.length, Math.min(...values), Math.max(...values)]);
        expect(values.filter((value) => value <= median).length).toBeGreaterThanOrEqual(values.length / 2);
      }),
    );
  });

  it('is compared with its peer run by run, so that a slow moment of the machine weighs on both', () => {
    const figure = figureOf({ name: 'help', unit: 'ms', values: [20, 40, 200], peer, target: atMostThree });

    expect(figure.ratio).toEqual({ runs: 3, median: 2, min: 2, max: 5 });
    expect(figure.met).toBe(true);
  });

  it('misses a target of its ratio or of its own value by its median', () => {
    const ratio = figureOf({ name: 'help', unit: 'ms', values: [31, 62, 10], peer, target: atMostThree });
    const value = figureOf({ name: 'set-up', unit: 'ms', values: [501, 502, 1], target: { atMost: 500, unit: 'ms', of: 'value' } });

    expect([ratio.met, value.met]).toEqual([false, false]);
  });

  it('is for information without a target', () => {
    expect(figureOf({ name: 'local start', unit: 'ms', values: [5] })).toMatchObject({ target: null, met: null, peer: null, ratio: null });
  });

  it('refuses no values, a peer of another length, and a ratio without a peer', () => {
    expect(() => seriesOf([])).toThrow('at least one value');
    expect(() => figureOf({ name: 'help', unit: 'ms', values: [1], peer })).toThrow('help has 1 runs, its peer 3');
    expect(() => figureOf({ name: 'help', unit: 'ms', values: [1], target: atMostThree })).toThrow('no peer');
  });
});

describe('the table of the bench', () => {
  it('shows each figure with spread, peer, ratio, target and whether it was met', () => {
    const lines = figureTable(
      [
        figureOf({ name: 'smoke --help', unit: 'ms', values: [31, 62, 130], peer, target: { ...atMostThree, goal: 2 } }),
        figureOf({ name: 'up', unit: 's', values: [96.04], target: { atMost: 150, unit: 's', of: 'value' } }),
        figureOf({ name: 'local start', unit: 'ms', values: [1, 2, 3] }),
      ],
      160,
    );

    expect(lines).toEqual([
      'what          median   min–max         runs  peer       peer median  ratio                target               met',
      'smoke --help  62.0 ms  31.0 ms–130 ms  3     node -e 0  20.0 ms      3.10x (3.10x–3.25x)  ≤ 3.00x, goal 2.00x  NO',
      'up            96.0 s   –               1     –          –            –                    ≤ 150 s              yes',
      'local start   2.0 ms   1.0 ms–3.0 ms   3     –          –            –                    information          –',
    ]);
  });
});
