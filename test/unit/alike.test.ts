import { expect, it } from 'vitest';
import { alikeButForCase, alikeText } from '../../src/core/files/alike.ts';

it('finds paths that a disk without case takes for one, in case and in the form of an umlaut', () => {
  const paths = [
    'static/b.js',
    'static/Logo.svg',
    'static/logo.svg',
    'static/logo.SVG',
    'static/\u00fc.txt',
    'static/u\u0308.txt',
    'Static/a',
  ];

  expect(alikeButForCase(paths)).toEqual([
    ['static/Logo.svg', 'static/logo.SVG', 'static/logo.svg'],
    ['static/u\u0308.txt', 'static/\u00fc.txt'],
  ]);
});

it('names three groups, escaped, and counts the rest', () => {
  const group = (name: string) => [`${name}\u001b`, name];

  expect(alikeText([])).toBe('');
  expect(alikeText(['a', 'b', 'c', 'd', 'e'].map(group))).toMatch(/: a.* and a, b.* and b, c.* and c and 2 more \(/);
  expect(alikeText([group('a')])).not.toContain('\u001b');
});
