import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { clerkSignInUrl } from '../../fixtures/app/src/clerk-auth.ts';
import { html } from '../../fixtures/app/src/html.ts';
import { readNewRequest } from '../../fixtures/app/src/requests.ts';
import { localPath } from '../../fixtures/app/src/safety.ts';

test('text between the parts of a template is never markup', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { text: rendered } = html`<p title="${text}">${text}</p>`;
      expect(rendered.replace('<p title="', '').replace('">', '').replace('</p>', '')).not.toMatch(/[<>"']/);
    }),
  );
});

test('templates nest; undefined and false leave nothing behind', () => {
  const items = ['a&b', 'c'].map((item) => html`<i>${item}</i>`);

  expect(html`<b>${items}${undefined}${false}${7}</b>`.text).toBe('<b><i>a&amp;b</i><i>c</i>7</b>');
});

test('whatever is asked for, a path of this site comes out', () => {
  const pieces = fc.constantFrom('/', '\\', '.', '\t', '\n', '//', 'evil.example', '@', ':', 'https:', '%2f', '?', '#', 'dashboard', ' ');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const path = localPath(parts.join(''));
      expect(new URL(path, 'https://here.test').origin).toBe('https://here.test');
      expect(path).toMatch(/^\/(?![/\\])/);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['/dashboard', '/dashboard'],
  ['/dashboard?page=2#list', '/dashboard?page=2#list'],
  [undefined, '/dashboard'],
  ['dashboard', '/dashboard'],
])('goes to %s after sign-in as asked, otherwise to the dashboard', (next, path) => {
  expect(localPath(next)).toBe(path);
});

test('reads a request from JSON and from a form alike', () => {
  const request = { departure_airport: 'KTEB', arrival_airport: 'KVNY', passengers: 6, departure_date: '2030-01-02' };
  const entered = {
    departure_airport: ' kteb ',
    arrival_airport: 'kvny',
    passengers: '6',
    departure_date: '2030-01-02',
    status: 'COMPLETED',
  };

  expect(readNewRequest(request, '2030-01-02')).toEqual({ request });
  expect(readNewRequest(entered, '2030-01-01')).toEqual({ request });
});

test('finds every fault of a request at once', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('departure_airport', 'arrival_airport', 'passengers', 'departure_date'), fc.anything()),
      (fields) => {
        const read = readNewRequest(fields, '2030-01-01');
        expect('request' in read || Object.keys(read.problems).length > 0).toBe(true);
      },
    ),
  );
  expect(readNewRequest({ departure_airport: 'x', passengers: 'many', departure_date: '2029-12-31' }, '2030-01-01')).toEqual({
    problems: {
      departure_airport: expect.any(String),
      arrival_airport: expect.any(String),
      passengers: expect.any(String),
      departure_date: 'Choose a date that is not in the past.',
    },
  });
});

test.each([
  ['happy-cat-12.clerk.accounts.dev', 'https://happy-cat-12.accounts.dev/sign-in?redirect_url=%2Fdashboard'],
  ['clerk.jetvision.test', 'https://accounts.jetvision.test/sign-in?redirect_url=%2Fdashboard'],
  ['evil.example/x?y', undefined],
])("finds Clerk's sign-in page for the instance %s", (instance, address) => {
  const key = `pk_test_${Buffer.from(`${instance}$`).toString('base64')}`;

  expect(clerkSignInUrl(key, '/dashboard')).toBe(address);
});
