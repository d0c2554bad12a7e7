import type { Files } from './vercel-client.ts';

const edge = (entrypoint: string, more: object = {}) => JSON.stringify({ runtime: 'edge', entrypoint, ...more });
const node = (more: object = {}) =>
  JSON.stringify({ runtime: 'nodejs24.x', handler: 'index.cjs', launcherType: 'Nodejs', shouldAddHelpers: false, ...more });
const out = '.vercel/output';

/** An empty WebAssembly module: magic number and version (webassembly.github.io/spec, binary modules). */
const emptyWasm = '\0asm\u0001\0\0\0';

/** Returns the Build Output of an app of edge functions, middleware and prerendered pages, without any framework. */
export function edgeApp(): Files {
  return {
    [`${out}/config.json`]: JSON.stringify({
      version: 3,
      images: { sizes: [640], qualities: [75], domains: [], contentSecurityPolicy: "script-src 'none'" },
      routes: [
        { src: '/(.*)', headers: { 'x-rules': 'yes' }, continue: true },
        { src: '/guarded/(.*)', middlewarePath: 'guard', continue: true },
        { src: '/node-guarded/(.*)', middlewarePath: '/node-guard', continue: true },
        { handle: 'filesystem' },
      ],
    }),
    [`${out}/static/dot.png`]: 'a picture',
    [`${out}/static/dot.svg`]: '<svg xmlns="http://www.w3.org/2000/svg"/>',
    [`${out}/static/guarded/page.txt`]: 'page',
    [`${out}/static/guarded/other.txt`]: 'other',

    [`${out}/functions/guard.func/.vc-config.json`]: edge('index.js', { environment: { OWN: 'guard' } }),
    [`${out}/functions/guard.func/index.js`]: `
      export default function guard(request, event) {
        const { pathname } = new URL(request.url);
        event.waitUntil(Promise.resolve());
        if (pathname === '/guarded/no') return new Response('no entry for ' + process.env.OWN, { status: 401, headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2']] });
        if (pathname === '/guarded/throw') throw new Error('planned');
        if (pathname === '/guarded/away') return Response.redirect(new URL('/guarded/page.txt', request.url), 307);
        if (pathname === '/guarded/else') return new Response(null, { headers: { 'x-middleware-rewrite': new URL('/guarded/other.txt', request.url).href } });
        if (pathname === '/guarded/silent.txt') return undefined;
        return new Response(null, { headers: { 'x-middleware-next': '1', 'x-guard': 'passed' } });
      }`,

    [`${out}/functions/node-guard.func/.vc-config.json`]: node({ useWebApi: true }),
    [`${out}/functions/node-guard.func/index.cjs`]: `
      module.exports = async (request) => {
        const headers = { 'x-middleware-override-headers': 'x-user,host', 'x-middleware-request-x-user': process.release.name };
        return new Response(null, { headers: { ...headers, 'x-middleware-rewrite': new URL('/headers', request.url).href } });
      };`,
    [`${out}/functions/headers.func/.vc-config.json`]: node(),
    [`${out}/functions/headers.func/index.cjs`]: 'module.exports = (req, res) => res.end(JSON.stringify(req.headers));',

    [`${out}/functions/api/edge.func/.vc-config.json`]: edge('index.js', {
      environment: { OWN: 'edge' },
      assets: [{ name: 'note', path: 'assets/note.txt' }],
    }),
    [`${out}/functions/api/edge.func/index.js`]: `
      import { answer } from './lib/answer.js';
      import wasm from './empty.wasm?module';
      import { AsyncLocalStorage } from 'node:async_hooks';
      const storage = new AsyncLocalStorage();
      export async function GET(request) {
        const note = await (await fetch(new URL('blob:note'))).text();
        const stored = storage.run('kept', () => storage.getStore());
        const context = globalThis[Symbol.for('@vercel/request-context')].get();
        return Response.json({ ...answer(), note, stored, wasm: wasm instanceof WebAssembly.Module, own: process.env.OWN, project: process.env.PROJECT,
          path: process.env.PATH ?? null, node: typeof process.cwd, contextUrl: context.url, waits: typeof context.waitUntil, url: request.url });
      }
      export const POST = (request) => new Response(request.body, { status: 201 });`,
    [`${out}/functions/api/edge.func/lib/answer.js`]: 'export const answer = () => ({ runtime: EdgeRuntime });',
    [`${out}/functions/api/edge.func/empty.wasm`]: emptyWasm,
    [`${out}/functions/api/edge.func/assets/note.txt`]: 'a note',
    [`${out}/functions/api/worker.func/.vc-config.json`]: edge('index.js'),
    [`${out}/functions/api/worker.func/index.js`]: `
      addEventListener('fetch', (event) => event.respondWith(new Response('worker ' + event.request.method)));`,

    [`${out}/functions/counter.func/.vc-config.json`]: node({ filePathMap: { 'lib/count.cjs': 'shared/count.cjs' } }),
    [`${out}/functions/counter.func/index.cjs`]: `
      const { next } = require('./lib/count.cjs');
      module.exports = (req, res) => {
        if (req.url.includes('fail')) res.statusCode = 503;
        res.setHeader('set-cookie', 'private=1');
        res.end(JSON.stringify({ count: next(), url: req.url, cookie: req.headers.cookie ?? null, matched: req.headers['x-matched-path'] }));
      };`,
    'shared/count.cjs': 'let count = 0; module.exports.next = () => ++count;',
    [`${out}/functions/counter.prerender-config.json`]: JSON.stringify({
      expiration: 1,
      fallback: 'counter.prerender-fallback.html',
      initialHeaders: { 'X-Initial': 'yes' },
      allowQuery: ['kind'],
      bypassToken: 'secret-token',
    }),
    [`${out}/functions/counter.prerender-fallback.html`]: 'made while building',
    [`${out}/functions/fresh.func`]: 'counter.func',
    [`${out}/functions/fresh.prerender-config.json`]: JSON.stringify({ expiration: false, fallback: null }),
  };
}
