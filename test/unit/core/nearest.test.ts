import { describe, expect, it } from 'vitest';
import { nearestWord } from '../../../src/core/nearest.ts';

const commands = ['provision', 'deploy', 'seed', 'smoke', 'perf', 'load', 'rollback', 'up', 'local start', 'local stop'];

describe('nearestWord', () => {
  it.each([
    ['smkoe', 'smoke'],
    ['smok', 'smoke'],
    ['provison', 'provision'],
    ['rolback', 'rollback'],
    ['local strat', 'local start'],
    ['sed', 'seed'],
    ['load', 'load'],
  ])('finds for `%s` the word `%s`', (word, meant) => {
    expect(nearestWord(word, commands)).toBe(meant);
  });

  it.each(['frobnicate', 'x', '', 'downtown'])('finds nothing near `%s`', (word) => {
    expect(nearestWord(word, ['provision', 'deploy', 'rollback'])).toBeUndefined();
  });

  it('takes the first of equally near words', () => {
    expect(nearestWord('sto', ['stop', 'stow'])).toBe('stop');
  });
});
