import type { Files } from './vercel-client.ts';

/** Returns the Build Output of a small app whose pages say `marker`: a static page, a Node function, a WebSocket echo. */
export function tinyApp(marker: string): Files {
  const nodeFunction = JSON.stringify({ runtime: 'nodejs24.x', handler: 'index.js', launcherType: 'Nodejs', shouldAddHelpers: false });
  return {
    '.vercel/output/config.json': JSON.stringify({
      version: 3,
      routes: [
        { src: '/old', status: 308, headers: { Location: '/' } },
        { src: '/(.*)', headers: { 'x-marker': marker }, continue: true },
        { src: '/requests/(?<id>[0-9]+)', dest: '/api/env?id=$id' },
        { handle: 'filesystem' },
        { src: '/ws', dest: '/api/ws' },
        { handle: 'error' },
        { status: 404, src: '/(.*)', dest: '/404.html' },
      ],
      overrides: { 'about.html': { path: 'about', contentType: 'text/html; charset=utf-8' } },
    }),
    '.vercel/output/static/index.html': `<h1>${marker}</h1>`,
    '.vercel/output/static/about.html': `about ${marker}`,
    '.vercel/output/static/404.html': `nothing in ${marker}`,
    '.vercel/output/functions/api/env.func/.vc-config.json': nodeFunction,
    '.vercel/output/functions/api/env.func/index.js': `
      module.exports = (req, res) => {
        if (req.url.startsWith('/api/env?crash')) process.exit(1);
        if (req.url.startsWith('/api/env?throw')) throw new Error('planned');
        res.setHeader('content-type', 'application/json');
        res.end(JSON.stringify({ marker: ${JSON.stringify(marker)}, url: req.url, env: process.env, uid: process.getuid(), host: req.headers['x-forwarded-host'] }));
      };`,
    '.vercel/output/functions/api/slow.func/.vc-config.json': JSON.stringify({
      runtime: 'nodejs24.x',
      handler: 'slow.mjs',
      launcherType: 'Nodejs',
      shouldAddHelpers: true,
    }),
    '.vercel/output/functions/api/slow.func/slow.mjs': `
      export default async function handler(req, res) {
        await new Promise((resolve) => setTimeout(resolve, Number(req.query.ms ?? 100)));
        res.status(200).json({ marker: ${JSON.stringify(marker)}, body: req.body });
      }`,
    '.vercel/output/functions/api/echo.func/.vc-config.json': JSON.stringify({
      runtime: 'nodejs24.x',
      handler: 'echo.mjs',
      launcherType: 'Nodejs',
    }),
    '.vercel/output/functions/api/echo.func/echo.mjs': `
      export async function POST(request) {
        return new Response(await request.text(), { status: 201, headers: { 'x-method': request.method } });
      }`,
    '.vercel/output/functions/api/stream.func/.vc-config.json': JSON.stringify({
      runtime: 'nodejs24.x',
      handler: 'stream.mjs',
      launcherType: 'Nodejs',
      supportsResponseStreaming: true,
    }),
    '.vercel/output/functions/api/stream.func/stream.mjs': `
      export default (req, res) => {
        res.write('first');
        req.on('data', (chunk) => res.write(chunk));
        req.on('end', () => res.end('last'));
      };`,
    '.vercel/output/functions/api/linked.func': 'env.func',
    '.vercel/output/functions/api/ws.func/.vc-config.json': nodeFunction,
    '.vercel/output/functions/api/ws.func/index.js': webSocketEcho,
  };
}

/** A WebSocket echo without a library: it answers one short masked text frame at a time (RFC 6455 §5.2). */
const webSocketEcho = `
  const { createHash } = require('node:crypto');
  module.exports = (req, res) => { res.statusCode = 426; res.end(); };
  module.exports.upgrade = (req, socket, head) => {
    const accept = createHash('sha1').update(req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\nsec-websocket-accept: ' + accept + '\\r\\n\\r\\n');
    socket.on('data', (frame) => {
      if ((frame[0] & 15) !== 1) return socket.end();
      const length = frame[1] & 127;
      const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, index) => byte ^ frame[2 + (index % 4)]));
      socket.write(Buffer.concat([Buffer.from([129, length]), text]));
    });
  };`;
