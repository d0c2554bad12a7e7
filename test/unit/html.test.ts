import { describe, expect, test } from 'vitest';
import { readHtml } from '../../src/core/smoke/html.ts';
import { leaksIn, noProduction } from '../../src/core/smoke/leaks.ts';
import { clip } from '../../src/core/problem.ts';

test('reads title, first heading, visible text, loaded scripts and password fields', () => {
  const page = readHtml(`<!doctype html><html><head><title> A &amp;
    B </title><script src="/a.js?x=1&amp;y=2"></script><link rel="modulepreload" href='/b.js'><link rel=preload as=script href=/c.js>
    <link rel="preload" as="style" href="/d.css"><style>.x{}</style></head><body><!-- <script src="/no.js"></script> -->
    <h1>Hello <b>you</b></h1><h1>Second</h1><script>document.write("<p>not text</p>")</script><input name=p TYPE="password"></body></html>`);

  expect(page).toEqual({
    title: 'A & B',
    heading: 'Hello you',
    text: 'Hello you Second',
    scripts: ['/a.js?x=1&y=2', '/b.js', '/c.js'],
    hasScript: true,
    hasPasswordField: true,
  });
});

test('what is cut off, unclosed or no HTML at all is read as far as it goes', () => {
  expect(readHtml('<title>Half').title).toBe('Half');
  expect(readHtml('<h1>Open').text).toBe('Open');
  expect(readHtml('<p').text).toBe('');
  expect(readHtml('a < b').text).toBe('a');
  expect(readHtml('')).toMatchObject({ title: '', text: '', scripts: [] });
});

describe('a body of 1 MB made to be slow takes no time that grows with its square', () => {
  const size = 1024 * 1024;
  const bodies: readonly string[] = [
    '<',
    '<script ',
    '<script a="',
    '<!--',
    '</',
    '<h1>',
    '<title>',
    '&',
    '&amp;',
    '="',
    'a',
    'eyJ',
    'eyJ.eyJ.',
    '<input type=',
    '\u0000',
    ' ',
  ];

  test.each(bodies)('%j', (part) => {
    const body = part.repeat(Math.floor(size / part.length));
    const startedMs = performance.now();

    readHtml(body);
    leaksIn(body, {
      texts: ['x-y-z'],
      production: { ...noProduction, domains: ['a.example'], supabaseProjects: ['abcdefghijklmnopqrst'] },
      secrets: {},
    });
    clip(body);

    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});
