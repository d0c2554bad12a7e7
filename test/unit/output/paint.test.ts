import { describe, expect, it } from 'vitest';

import { formatBytes, formatDuration, formatMoment, formatShare } from '../../../src/output/measures.ts';
import { colorLevel, paintOf } from '../../../src/output/paint.ts';

describe('colours', () => {
  it.each([
    ['a terminal', { isTty: true, term: 'xterm' }, 1],
    ['a terminal of 256 colours', { isTty: true, term: 'xterm-256color' }, 2],
    ['a pipe', { isTty: false, term: 'xterm' }, 0],
    ['NO_COLOR', { isTty: true, noColor: '1' }, 0],
    ['an empty NO_COLOR', { isTty: true, noColor: '' }, 1],
    ['a dumb terminal', { isTty: true, term: 'dumb' }, 0],
    ['FORCE_COLOR on a pipe', { isTty: false, forceColor: '1' }, 1],
    ['FORCE_COLOR=0 on a terminal', { isTty: true, forceColor: '0' }, 0],
    ['an empty FORCE_COLOR on a pipe', { isTty: false, forceColor: '' }, 0],
  ] as const)('of %s', (_, facts, level) => {
    expect(colorLevel(facts)).toBe(level);
  });

  it('leave texts as they are at level 0', () => {
    expect(paintOf(0).red('text')).toBe('text');
    expect(paintOf(1).red('text')).toBe('\u001B[31mtext\u001B[39m');
  });
});

describe('measures', () => {
  it.each([
    [0, '0 ms'],
    [0.24, '0.2 ms'],
    [9.96, '10 ms'],
    [231.6, '232 ms'],
    [999.6, '1 s'],
    [1240, '1.2 s'],
    [9960, '10 s'],
    [59_600, '1 m 00 s'],
    [125_000, '2 m 05 s'],
  ])('%d ms are %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('shares, sizes and moments', () => {
    expect([0, 0.0025, 0.005, 0.125, 1].map(formatShare)).toEqual(['0 %', '0.25 %', '0.5 %', '12.5 %', '100 %']);
    expect([0, 1024, 8_330_000_000].map(formatBytes)).toEqual(['0 B', '1 KiB', '7.8 GiB']);
    expect([formatMoment('2026-11-22T20:51:48.123Z'), formatMoment('soon')]).toEqual(['2026-11-22 20:51 UTC', 'soon']);
  });
});
