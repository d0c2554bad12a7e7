import { describe, expect, it } from 'vitest';
import type { MiddlewareResult } from '../../src/local/runtime/middleware.ts';
import { decide } from '../../src/local/runtime/router.ts';
import type { Route } from '../../src/local/runtime/routes.ts';
import { compileRoutes } from '../../src/local/runtime/routes.ts';

const statics = new Set(['/', '/about', '/404.html', '/app.js']);
const functions = new Set(['/api/hello', '/blog/[slug]', '/500']);
const lookup = (path: string) => (statics.has(path) ? 'static' : functions.has(path) ? 'function' : undefined);
const middleware = async () => ({ kind: 'failed' }) as const;

async function route(
  routes: readonly Route[],
  url: string,
  more: { method?: string; headers?: Record<string, string>; host?: string } = {},
) {
  const request = { method: more.method ?? 'GET', url, host: more.host ?? 'staging.example', headers: more.headers ?? {} };
  return await decide(compileRoutes(routes), { lookup, middleware }, request);
}

describe('the router of a deployment', () => {
  it('serves files and functions without any route', async () => {
    expect(await route([], '/')).toMatchObject({ kind: 'static', path: '/' });
    expect(await route([], '/about/?x=1')).toMatchObject({ kind: 'static', path: '/about', search: '?x=1' });
    expect(await route([], '/api/hello?a=%20b&a=2')).toMatchObject({ kind: 'function', path: '/api/hello', search: '?a=%20b&a=2' });
  });

  it('answers 404 with the page of that name, or bare', async () => {
    expect(await route([], '/nowhere')).toMatchObject({ kind: 'static', path: '/404.html', status: 404 });
    statics.delete('/404.html');
    expect(await route([], '/nowhere')).toMatchObject({ kind: 'status', status: 404 });
    statics.add('/404.html');
  });

  it('gathers headers of routes that continue', async () => {
    const routes = [
      { src: '/(.*)', headers: { 'X-One': '1' }, continue: true },
      { src: '/app.js', headers: { 'cache-control': 'immutable' }, continue: true },
      { handle: 'filesystem' },
    ];
    expect(await route(routes, '/app.js')).toMatchObject({ kind: 'static', headers: { 'x-one': '1', 'cache-control': 'immutable' } });
    expect(await route(routes, '/')).toMatchObject({ headers: { 'x-one': '1' } });
  });

  it('redirects with what the pattern caught, by number and by name', async () => {
    const routes = [{ src: '^/old/(?<page>[^/]+)/(\\d+)$', status: 308, headers: { Location: '/new/$page?n=$2' } }];
    expect(await route(routes, '/old/a/7')).toMatchObject({ kind: 'status', status: 308, headers: { location: '/new/a?n=7' } });
  });

  it('prefers a file over a route of a later phase', async () => {
    const routes = [{ handle: 'filesystem' }, { src: '/(.*)', dest: '/api/hello?path=$1' }];
    expect(await route(routes, '/about')).toMatchObject({ kind: 'static', path: '/about' });
    expect(await route(routes, '/else?q=1')).toMatchObject({ kind: 'function', path: '/api/hello', search: '?q=1&path=else' });
  });

  it('lets a route before the file system win', async () => {
    expect(await route([{ src: '/about', dest: '/api/hello' }, { handle: 'filesystem' }], '/about')).toMatchObject({ path: '/api/hello' });
  });

  it('finds dynamic pages in the rewrite phase', async () => {
    const routes = [{ handle: 'filesystem' }, { handle: 'rewrite' }, { src: '^/blog/([^/]+)$', dest: '/blog/[slug]?slug=$1', check: true }];
    expect(await route(routes, '/blog/a%20b')).toMatchObject({ kind: 'function', path: '/blog/[slug]', search: '?slug=a+b' });
  });

  it('goes on after a checked route that leads nowhere', async () => {
    const routes = [{ src: '/x', dest: '/missing', check: true }, { src: '/missing', dest: '/about' }, { handle: 'filesystem' }];
    expect(await route(routes, '/x')).toMatchObject({ kind: 'static', path: '/about' });
  });

  it('keeps to methods and conditions', async () => {
    const routes: Route[] = [
      { src: '/a', methods: ['POST'], dest: '/api/hello' },
      { src: '/b', has: [{ type: 'header', key: 'X-Beta', value: '1' }], dest: '/api/hello' },
      { src: '/c', missing: [{ type: 'cookie', key: 'session' }], dest: '/about' },
      { src: '/d', has: [{ type: 'host', value: 'staging\\..*' }], dest: '/about' },
      { src: '/e', has: [{ type: 'query', key: 'n', value: { eq: 3 } }], dest: '/about' },
      { handle: 'filesystem' },
    ];
    const kinds = (url: string, more?: Parameters<typeof route>[2]) => route(routes, url, more);
    expect(await kinds('/a', { method: 'POST' })).toMatchObject({ path: '/api/hello' });
    expect(await kinds('/a')).toMatchObject({ status: 404 });
    expect(await kinds('/b', { headers: { 'x-beta': '1' } })).toMatchObject({ path: '/api/hello' });
    expect(await kinds('/b')).toMatchObject({ status: 404 });
    expect(await kinds('/c')).toMatchObject({ path: '/about' });
    expect(await kinds('/c', { headers: { cookie: 'a=1; session=x' } })).toMatchObject({ status: 404 });
    expect(await kinds('/d')).toMatchObject({ path: '/about' });
    expect(await kinds('/e?n=3')).toMatchObject({ path: '/about' });
    expect(await kinds('/e?n=4')).toMatchObject({ status: 404 });
  });

  it('passes requests on to another server', async () => {
    expect(await route([{ src: '/ext/(.*)', dest: 'https://other.example/$1' }], '/ext/a?b=1')).toMatchObject({
      kind: 'proxy',
      url: 'https://other.example/a?b=1',
    });
  });

  it('adds the headers of the hit phase only to what was found', async () => {
    const routes = [{ handle: 'hit' }, { src: '/app.js', headers: { 'x-hit': 'yes' } }];
    expect(await route(routes, '/app.js')).toMatchObject({ headers: { 'x-hit': 'yes' } });
    expect(await route(routes, '/nowhere')).toMatchObject({ status: 404, headers: {} });
  });

  it('shows the error page that the routes name', async () => {
    const routes = [{ handle: 'error' }, { src: '/(.*)', status: 404, dest: '/500' }];
    expect(await route(routes, '/nowhere')).toMatchObject({ kind: 'function', path: '/500', status: 404 });
  });

  it('looks for a checked destination through the phases miss and rewrite', async () => {
    const routes: Route[] = [
      { handle: 'filesystem' },
      { src: '/posts/(.*)', dest: '/blog/$1', check: true },
      { handle: 'resource' },
      { src: '/.*', status: 404 },
      { handle: 'miss' },
      { src: '/static/.+', dest: '/404.html', status: 404, check: true },
      { handle: 'rewrite' },
      { src: '^/blog/(?<slug>[^/]+)$', dest: '/blog/[slug]?slug=$slug', check: true },
    ];
    expect(await route(routes, '/posts/a')).toMatchObject({ kind: 'function', path: '/blog/[slug]', search: '?slug=a' });
    expect(await route(routes, '/static/gone.js')).toMatchObject({ kind: 'static', path: '/404.html', status: 404 });
    expect(await route(routes, '/nowhere')).toMatchObject({ kind: 'static', path: '/404.html', status: 404 });
  });

  it('puts into the destination what a condition caught', async () => {
    const has = [{ type: 'header' as const, key: 'x-team', value: '(?<team>[a-z]+)-.*' }];
    const routes: Route[] = [{ handle: 'filesystem' }, { src: '/team', has, dest: '/api/hello?team=$team', check: true }];
    expect(await route(routes, '/team', { headers: { 'x-team': 'blue-7' } })).toMatchObject({ path: '/api/hello', search: '?team=blue' });
    expect(await route(routes, '/team', { headers: { 'x-team': '7' } })).toMatchObject({ status: 404 });
  });

  it('tells important headers from others, and takes back a status', async () => {
    const routes: Route[] = [
      { src: '/about', status: 410, continue: true },
      { src: '/about', override: true, headers: { 'x-soft': '1' }, continue: true },
      { handle: 'hit' },
      { src: '/(.*)', headers: { 'X-Matched-Path': '/$1' }, important: true, continue: true },
    ];
    expect(await route(routes, '/about')).toMatchObject({
      status: undefined,
      headers: { 'x-soft': '1' },
      important: { 'x-matched-path': '/about' },
    });
  });

  it('changes headers and query', async () => {
    const transforms = [
      { type: 'request.headers', op: 'set', target: { key: 'X-Who' }, args: '$1' },
      { type: 'request.headers', op: 'delete', target: { key: 'x-old' } },
      { type: 'request.query', op: 'append', target: { key: 'tag' }, args: ['a', 'b'] },
      { type: 'response.headers', op: 'set', target: { key: 'x-out' }, args: 'yes' },
    ] as const;
    const routes: Route[] = [
      { src: '/api/(hello)', transforms, continue: true },
      { src: '/api/hello', has: [{ type: 'header', key: 'x-who', value: 'hello' }], headers: { 'x-seen': 'later' }, continue: true },
    ];
    expect(await route(routes, '/api/hello?n=1', { headers: { 'x-old': '1' } })).toMatchObject({
      search: '?n=1&tag=a&tag=b',
      headers: { 'x-out': 'yes', 'x-seen': 'later' },
      requestHeaders: { 'x-who': 'hello', 'x-old': undefined },
    });
  });

  it('keeps the query on a redirect, and sends languages to their pages', async () => {
    const locale = { redirect: { en: '/', 'de-AT': '/at' }, cookie: 'LANG' };
    const routes: Route[] = [
      { src: '/old', status: 308, headers: { location: '/new?a=1#end' } },
      { src: '/', locale, continue: true },
    ];
    expect(await route(routes, '/old?a=2&b=3')).toMatchObject({ headers: { location: '/new?a=1&b=3#end' } });
    expect(await route(routes, '/', { headers: { 'accept-language': 'en;q=0.5, de-at' } })).toMatchObject({
      status: 307,
      headers: { location: '/at' },
    });
    expect(await route(routes, '/', { headers: { 'accept-language': 'de-AT', cookie: 'LANG=en' } })).toMatchObject({ kind: 'static' });
  });

  it('reads patterns as PCRE, and finds no way around them by escapes', async () => {
    const routes: Route[] = [
      { src: '(?i)/(?P<word>[a-z]++)/x', caseSensitive: true, dest: '/api/hello?word=$word' },
      { src: '/secret', status: 403 },
    ];
    expect(await route(routes, '/Up/x')).toMatchObject({ path: '/api/hello', search: '?word=Up' });
    expect(await route(routes, '/%73ecret')).toMatchObject({ status: 403 });
    expect(await route([{ src: '/go/(.*)', dest: '/api/hello?to=$1' }], '/go/a%26admin=1')).toMatchObject({ search: '?to=a%26admin%3D1' });
  });

  it('asks middleware once, and does what it says', async () => {
    const routes: Route[] = [
      { src: '/(.*)', middlewarePath: 'guard', continue: true },
      { src: '/(.*)', middlewarePath: 'guard', continue: true },
      { handle: 'filesystem' },
    ];
    const asked: string[] = [];
    const ask = async (result: MiddlewareResult, url = '/about') => {
      const site = { lookup, middleware: async (name: string) => (asked.push(name), result) };
      return await decide(compileRoutes(routes), site, { method: 'GET', url, host: 'staging.example', headers: {} });
    };
    const said = { headers: { 'x-guard': 'seen' }, requestHeaders: { 'x-user': 'ann' } };
    expect(await ask({ kind: 'next', ...said })).toMatchObject({ kind: 'static', path: '/about', ...said });
    expect(asked).toEqual(['guard']);
    const inside = 'http://staging.example/api/hello?a=1';
    expect(await ask({ kind: 'rewrite', url: inside, ...said }, '/about?b=2')).toMatchObject({ path: '/api/hello', search: '?a=1' });
    expect(await ask({ kind: 'rewrite', url: 'https://other.example/x', ...said })).toMatchObject({
      kind: 'proxy',
      url: 'https://other.example/x',
    });
    expect(await ask({ kind: 'failed' })).toMatchObject({ kind: 'status', status: 500, code: 'MIDDLEWARE_INVOCATION_FAILED' });
  });

  it('refuses patterns that are none', async () => {
    expect(() => compileRoutes([{ src: '(' }])).toThrow('Invalid regular expression');
    expect(() => compileRoutes([{ dest: '/x' }])).toThrow('neither `src` nor `handle`');
  });
});
