import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/local/runtime/router.ts';
import { compileRoutes, decide } from '../../src/local/runtime/router.ts';

const statics = new Set(['/', '/about', '/404.html', '/app.js']);
const functions = new Set(['/api/hello', '/blog/[slug]', '/500']);
const lookup = (path: string) => (statics.has(path) ? 'static' : functions.has(path) ? 'function' : undefined);

function route(routes: readonly Route[], url: string, more: { method?: string; headers?: Record<string, string>; host?: string } = {}) {
  const request = { method: more.method ?? 'GET', url, host: more.host ?? 'staging.example', headers: more.headers ?? {} };
  return decide(compileRoutes(routes), lookup, request);
}

describe('the router of a deployment', () => {
  it('serves files and functions without any route', () => {
    expect(route([], '/')).toMatchObject({ kind: 'static', path: '/' });
    expect(route([], '/about/?x=1')).toMatchObject({ kind: 'static', path: '/about', search: '?x=1' });
    expect(route([], '/api/hello?a=%20b&a=2')).toMatchObject({ kind: 'function', path: '/api/hello', search: '?a=%20b&a=2' });
  });

  it('answers 404 with the page of that name, or bare', () => {
    expect(route([], '/nowhere')).toMatchObject({ kind: 'static', path: '/404.html', status: 404 });
    statics.delete('/404.html');
    expect(route([], '/nowhere')).toMatchObject({ kind: 'status', status: 404 });
    statics.add('/404.html');
  });

  it('gathers headers of routes that continue', () => {
    const routes = [
      { src: '/(.*)', headers: { 'X-One': '1' }, continue: true },
      { src: '/app.js', headers: { 'cache-control': 'immutable' }, continue: true },
      { handle: 'filesystem' },
    ];
    expect(route(routes, '/app.js')).toMatchObject({ kind: 'static', headers: { 'x-one': '1', 'cache-control': 'immutable' } });
    expect(route(routes, '/')).toMatchObject({ headers: { 'x-one': '1' } });
  });

  it('redirects with what the pattern caught, by number and by name', () => {
    const routes = [{ src: '^/old/(?<page>[^/]+)/(\\d+)$', status: 308, headers: { Location: '/new/$page?n=$2' } }];
    expect(route(routes, '/old/a/7')).toEqual({ kind: 'status', status: 308, headers: { location: '/new/a?n=7' } });
  });

  it('prefers a file over a route of a later phase', () => {
    const routes = [{ handle: 'filesystem' }, { src: '/(.*)', dest: '/api/hello?path=$1' }];
    expect(route(routes, '/about')).toMatchObject({ kind: 'static', path: '/about' });
    expect(route(routes, '/else?q=1')).toMatchObject({ kind: 'function', path: '/api/hello', search: '?q=1&path=else' });
  });

  it('lets a route before the file system win', () => {
    expect(route([{ src: '/about', dest: '/api/hello' }, { handle: 'filesystem' }], '/about')).toMatchObject({ path: '/api/hello' });
  });

  it('finds dynamic pages in the rewrite phase', () => {
    const routes = [{ handle: 'filesystem' }, { handle: 'rewrite' }, { src: '^/blog/([^/]+)$', dest: '/blog/[slug]?slug=$1', check: true }];
    expect(route(routes, '/blog/a%20b')).toMatchObject({ kind: 'function', path: '/blog/[slug]', search: '?slug=a+b' });
  });

  it('goes on after a checked route that leads nowhere', () => {
    const routes = [{ src: '/x', dest: '/missing', check: true }, { src: '/missing', dest: '/about' }, { handle: 'filesystem' }];
    expect(route(routes, '/x')).toMatchObject({ kind: 'static', path: '/about' });
  });

  it('keeps to methods and conditions', () => {
    const routes: Route[] = [
      { src: '/a', methods: ['POST'], dest: '/api/hello' },
      { src: '/b', has: [{ type: 'header', key: 'X-Beta', value: '1' }], dest: '/api/hello' },
      { src: '/c', missing: [{ type: 'cookie', key: 'session' }], dest: '/about' },
      { src: '/d', has: [{ type: 'host', value: 'staging\\..*' }], dest: '/about' },
      { src: '/e', has: [{ type: 'query', key: 'n', value: { eq: 3 } }], dest: '/about' },
      { handle: 'filesystem' },
    ];
    const kinds = (url: string, more?: Parameters<typeof route>[2]) => route(routes, url, more);
    expect(kinds('/a', { method: 'POST' })).toMatchObject({ path: '/api/hello' });
    expect(kinds('/a')).toMatchObject({ status: 404 });
    expect(kinds('/b', { headers: { 'x-beta': '1' } })).toMatchObject({ path: '/api/hello' });
    expect(kinds('/b')).toMatchObject({ status: 404 });
    expect(kinds('/c')).toMatchObject({ path: '/about' });
    expect(kinds('/c', { headers: { cookie: 'a=1; session=x' } })).toMatchObject({ status: 404 });
    expect(kinds('/d')).toMatchObject({ path: '/about' });
    expect(kinds('/e?n=3')).toMatchObject({ path: '/about' });
    expect(kinds('/e?n=4')).toMatchObject({ status: 404 });
  });

  it('passes requests on to another server', () => {
    expect(route([{ src: '/ext/(.*)', dest: 'https://other.example/$1' }], '/ext/a?b=1')).toMatchObject({
      kind: 'proxy',
      url: 'https://other.example/a?b=1',
    });
  });

  it('adds the headers of the hit phase only to what was found', () => {
    const routes = [{ handle: 'hit' }, { src: '/app.js', headers: { 'x-hit': 'yes' } }];
    expect(route(routes, '/app.js')).toMatchObject({ headers: { 'x-hit': 'yes' } });
    expect(route(routes, '/nowhere')).toMatchObject({ status: 404, headers: {} });
  });

  it('shows the error page that the routes name', () => {
    const routes = [{ handle: 'error' }, { src: '/(.*)', status: 404, dest: '/500' }];
    expect(route(routes, '/nowhere')).toMatchObject({ kind: 'function', path: '/500', status: 404 });
  });

  it('refuses patterns that are none', () => {
    expect(() => compileRoutes([{ src: '(' }])).toThrow('Invalid regular expression');
    expect(() => compileRoutes([{ dest: '/x' }])).toThrow('neither `src` nor `handle`');
  });
});
