import { expect, test } from 'vitest';
import { circleOf, withNeeded } from '../../src/core/smoke/order.ts';
import { judgeRoutes, routesOf, visitedPaths } from '../../src/core/smoke/routes.ts';
import type { SmokeCheck } from '../../src/core/smoke/smoke.ts';

const page = (id: string, path: string, needs: readonly string[] = []): SmokeCheck => ({
  id,
  title: id,
  kind: 'page',
  path,
  as: 'nobody',
  status: 200,
  marker: 'x',
  timeoutMs: 1000,
  needs,
});

test('names the checks that need one another in a circle, and none where there is none', () => {
  const circle = circleOf(
    new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]),
  );
  const none = circleOf(
    new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', []],
    ]),
  );

  expect(circle).toEqual(['b', 'c', 'b']);
  expect(none).toBeUndefined();
});

test('takes along what a wanted check needs, in the configuration’s order', () => {
  const all = [page('a', '/'), page('b', '/b', ['a']), page('c', '/c'), page('d', '/d', ['b'])];

  const chosen = withNeeded(all, all.slice(3));

  expect(chosen.map(({ id }) => id)).toEqual(['a', 'b', 'd']);
});

const site = {
  functions: ['index', 'api/health', 'blog/[slug]', 'docs/[[...path]]', 'index.rsc', '_next/data', '_not-found', 'middleware'],
  pages: ['about.html', '404.html'],
  rules: [{ src: '^/old/([a-z]+)$', dest: '/blog/$1?from=old' }],
  crons: ['/api/worker?queue=a'],
};

test('finds the routes of a build output, without what a framework makes for itself', () => {
  expect(routesOf(site)).toEqual(['/', '/about', '/api/health', '/api/worker', '/blog/[slug]', '/docs/[[...path]]']);
});

test('is green when every route is visited, by its own path, by a pattern or through a rule', () => {
  const queue: SmokeCheck = { id: 'q', title: 'q', kind: 'queue', queue: 'a', worker: '/api/worker?x=1', timeoutMs: 1000 };
  const checks = [page('a', '/'), page('b', '/about'), page('c', '/api/health'), page('d', '/old/first'), page('e', '/docs/a/b'), queue];

  const finding = judgeRoutes(site, checks, []);

  expect(visitedPaths(checks)).toContain('/api/worker');
  expect(finding).toMatchObject({ id: 'routes', verdict: 'green', seen: '6 of 6 routes visited' });
});

test('lists what no check visits, takes a waiver with its reason, and is red for a waiver that is for nothing', () => {
  const checks = [page('a', '/'), page('c', '/api/health'), page('d', '/blog/first'), page('e', '/docs/')];

  const red = judgeRoutes(site, checks, [{ route: '/about', reason: 'static text' }]);
  const stale = judgeRoutes(site, checks, [
    { route: '/about', reason: 'static text' },
    { route: '/api/worker', reason: 'a cron job' },
    { route: '/', reason: 'no' },
    { route: '/gone', reason: 'no' },
  ]);

  expect(red).toMatchObject({ verdict: 'red', seen: '/api/worker not visited', message: expect.stringContaining('/api/worker') });
  expect(stale.message).toMatch(/waiver for \/ is for nothing: a check visits it.*waiver for \/gone is for nothing/);
});

test('is red for a build output without any route', () => {
  expect(judgeRoutes({ functions: [], pages: [], rules: [], crons: [] }, [page('a', '/')], []).verdict).toBe('red');
});
