import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { webClient } from '../../src/adapters/web/web-client.ts';
import type { WebOutcome, WebRequest, WebTarget } from '../../src/core/ports/web.ts';
import { freePort } from '../support/free-port.ts';
import { selfSigned } from '../support/self-signed.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}

async function http(app: RequestListener): Promise<WebTarget> {
  return { origin: `http://127.0.0.1:${await listen(createServer(app))}`, resolve: {} };
}

/** Answers raw bytes to whatever comes first on a connection. */
async function raw(answer: (socket: Socket) => void): Promise<WebTarget> {
  const server = createTcpServer((socket) => socket.once('data', () => answer(socket)));
  return { origin: `http://127.0.0.1:${await listen(server)}`, resolve: {} };
}

async function ask(target: WebTarget, request: Partial<WebRequest> = {}, options = {}): Promise<WebOutcome> {
  const client = webClient(options);
  closers.push(() => client.close());
  return await client.request(target, { method: 'GET', path: '/', timeoutMs: 5000, ...request }, new AbortController().signal);
}

test('an answer has its status, headers in lower case, cookies a line each, body and duration', async () => {
  const target = await http((request, response) => {
    response.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2']);
    response.setHeader('X-Many', ['1', '2']);
    response.writeHead(201, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${request.method} ${request.url} ünïcode`);
  });

  const outcome = await ask(target, { method: 'DELETE', path: '/a?b=c' });

  expect(outcome).toMatchObject({
    kind: 'answer',
    status: 201,
    body: 'DELETE /a?b=c ünïcode',
    headers: { 'set-cookie': 'a=1; Path=/\nb=2', 'x-many': '1, 2' },
  });
  expect(outcome.durationMs).toBeGreaterThan(0);
});

test('a body is sent as it is, with the headers of the request', async () => {
  const target = await http((request, response) => {
    request.pipe(response);
    response.setHeader('x-type', request.headers['content-type'] ?? '');
  });

  const outcome = await ask(target, { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } });

  expect(outcome).toMatchObject({ status: 200, body: '{"a":1}', headers: { 'x-type': 'application/json' } });
});

test('redirects are answers and are not followed', async () => {
  let asked = 0;
  const target = await http((_request, response) => {
    asked += 1;
    response.writeHead(302, { location: 'https://vercel.com/sso-api' }).end();
  });

  const outcome = await ask(target);

  expect(outcome).toMatchObject({ kind: 'answer', status: 302, headers: { location: 'https://vercel.com/sso-api' } });
  expect(asked).toBe(1);
});

test('connections are used again, but for a request that wants one of its own', async () => {
  const ports: number[] = [];
  const target = await http((request, response) => {
    ports.push(request.socket.remotePort ?? 0);
    response.end('ok');
  });
  const client = webClient();
  closers.push(() => client.close());

  for (const fresh of [false, false, false, false, false, false, true, true])
    await client.request(target, { method: 'GET', path: '/', timeoutMs: 5000, fresh }, new AbortController().signal);

  // A connection is free again only a moment after its answer is read: two take turns.
  const kept = new Set(ports.slice(0, 6));
  expect(kept.size).toBeLessThanOrEqual(2);
  expect(new Set(ports.slice(6)).size).toBe(2);
  expect(ports.slice(6).filter((port) => kept.has(port))).toEqual([]);
});

test('a host name of ours leads to its address and keeps its Host header', async () => {
  const port = new URL((await http((request, response) => response.end(request.headers.host))).origin).port;

  const outcome = await ask({ origin: `http://staging.jetvision.invalid:${port}`, resolve: { 'staging.jetvision.invalid': '127.0.0.1' } });

  expect(outcome).toMatchObject({ kind: 'answer', body: `staging.jetvision.invalid:${port}` });
});

test('the bypass secret goes to the target and to no other origin, whatever the path says', async () => {
  const seen: (string | undefined)[] = [];
  const target = await http((request, response) => {
    seen.push(`${request.headers.host} ${request.url} ${String(request.headers['x-vercel-protection-bypass'])}`);
    response.end();
  });
  const host = new URL(target.origin).host;

  await ask({ ...target, bypassSecret: 's3cret' }, { path: '//evil.test/x' });
  const outside = ask({ ...target, bypassSecret: 's3cret' }, { path: '@evil.test/x' });

  await expect(outside).rejects.toThrow(/A path begins with a slash/);
  expect(seen).toEqual([`${host} //evil.test/x s3cret`]);
});

test('without a bypass secret the header is not sent', async () => {
  const target = await http((request, response) => response.end(String(request.headers['x-vercel-protection-bypass'])));

  expect(await ask(target)).toMatchObject({ body: 'undefined' });
});

test('connections are used again', async () => {
  let connections = 0;
  const server = createServer((_request, response) => response.end('ok'));
  server.on('connection', () => (connections += 1));
  const target = { origin: `http://127.0.0.1:${await listen(server)}`, resolve: {} };
  const client = webClient();
  closers.push(() => client.close());

  for (let index = 0; index < 20; index += 1)
    await client.request(target, { method: 'GET', path: '/', timeoutMs: 5000 }, new AbortController().signal);

  // A second one is opened when a request comes before the first connection is free again.
  expect(connections).toBeLessThanOrEqual(2);
});

test('nothing listening is class refused', async () => {
  expect(await ask({ origin: `http://127.0.0.1:${await freePort()}`, resolve: {} })).toMatchObject({ kind: 'failure', class: 'refused' });
});

test('an unknown host name is class dns', async () => {
  expect(await ask({ origin: 'http://no-such-host.invalid', resolve: {} })).toMatchObject({ kind: 'failure', class: 'dns' });
});

test('no answer, a slow drip and a body that never ends are class timeout, in time', async () => {
  const silent = await raw(() => undefined);
  const drip = await http((_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const headDrip = await raw((socket) => {
    const timer = setInterval(() => socket.write('x'), 20);
    socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
    socket.on('close', () => clearInterval(timer));
  });

  const outcomes = await Promise.all([silent, drip, headDrip].map((target) => ask(target, { timeoutMs: 300 })));

  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ kind: 'failure', class: 'timeout' });
    expect(outcome.durationMs).toBeGreaterThan(290);
    expect(outcome.durationMs).toBeLessThan(10_000);
  }
});

test('a connection that is closed before the answer, in its headers or in its body is class reset', async () => {
  const before = await raw((socket) => socket.destroy());
  const reset = await raw((socket) => socket.resetAndDestroy());
  const inHeaders = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-'));
  const inLength = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort'));
  const inChunks = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'));

  const outcomes = await Promise.all([before, reset, inHeaders, inLength, inChunks].map((target) => ask(target)));

  expect(outcomes.map((outcome) => (outcome.kind === 'failure' ? outcome.class : outcome))).toEqual([
    'reset',
    'reset',
    'reset',
    'reset',
    'reset',
  ]);
});

test('what is no HTTP is class other', async () => {
  const target = await raw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));

  expect(await ask(target)).toMatchObject({ kind: 'failure', class: 'other', message: expect.stringMatching(/HTTP/) });
});

test('a body that is too long is class too-large and is neither held nor read to its end', async () => {
  let written = 0;
  const target = await http((_request, response) => {
    const block = Buffer.alloc(64 * 1024, 'x');
    const more = () => {
      while (!response.destroyed && written < 600 * 1024 * 1024) {
        written += block.length;
        if (!response.write(block)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  const before = process.memoryUsage().rss;

  const outcome = await ask(target);

  expect(outcome).toMatchObject({ kind: 'failure', class: 'too-large', message: 'more than 5242880 bytes' });
  expect(written).toBeLessThan(64 * 1024 * 1024);
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
});

test('an announced length that is too long is not read at all', async () => {
  const target = await raw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 629145600\r\n\r\n'));

  expect(await ask(target)).toMatchObject({ class: 'too-large' });
});

test('a compressed body is read, and one that swells beyond the bound is class too-large', async () => {
  const packed = gzipSync('hello '.repeat(10));
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
  const target = await http((request, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(request.url === '/bomb' ? bomb : packed),
  );

  expect(await ask(target)).toMatchObject({ kind: 'answer', body: 'hello '.repeat(10) });
  expect(await ask(target, { path: '/bomb' })).toMatchObject({ kind: 'failure', class: 'too-large' });
});

test('a damaged compressed body is a failure, not an exception', async () => {
  const target = await http((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'));

  expect(await ask(target)).toMatchObject({ kind: 'failure', class: 'other', message: expect.stringMatching(/header/) });
});

test('headers that are too long are class too-large', async () => {
  const target = await raw((socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200_000)}\r\n\r\n`));

  expect(await ask(target)).toMatchObject({ kind: 'failure', class: 'too-large' });
});

test('another charset is decoded', async () => {
  const target = await http((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1' }).end(Buffer.from([0xfc])),
  );

  expect(await ask(target)).toMatchObject({ body: 'ü' });
});

test('a certificate that nobody trusts, one for another name, and no TLS at all are class tls, told apart', async () => {
  const port = await listen(createTlsServer({ key: selfSigned.key, cert: selfSigned.cert }, (_request, response) => response.end('ok')));
  const plain = new URL((await http((_request, response) => response.end('ok'))).origin).port;
  const resolve = { [selfSigned.host]: '127.0.0.1', 'other.test': '127.0.0.1' };

  const untrusted = await ask({ origin: `https://${selfSigned.host}:${port}`, resolve });
  const otherName = await ask({ origin: `https://other.test:${port}`, resolve }, {}, { ca: selfSigned.cert });
  const noTls = await ask({ origin: `https://127.0.0.1:${plain}`, resolve });
  const trusted = await ask({ origin: `https://${selfSigned.host}:${port}`, resolve }, {}, { ca: selfSigned.cert });

  expect(untrusted).toMatchObject({ kind: 'failure', class: 'tls', message: 'self-signed certificate' });
  expect(otherName).toMatchObject({
    kind: 'failure',
    class: 'tls',
    message: expect.stringMatching(/for another host name/),
  });
  expect(noTls).toMatchObject({ kind: 'failure', class: 'tls' });
  expect(trusted).toMatchObject({ kind: 'answer', body: 'ok' });
});

test('an interruption rejects with its reason, before and while waiting', async () => {
  const target = await raw(() => undefined);
  const client = webClient();
  closers.push(() => client.close());
  const abort = new AbortController();
  const reason = new Error('stop');

  const waiting = client.request(target, { method: 'GET', path: '/', timeoutMs: 5000 }, abort.signal);
  setTimeout(() => abort.abort(reason), 50);

  await expect(waiting).rejects.toBe(reason);
  await expect(client.request(target, { method: 'GET', path: '/', timeoutMs: 5000 }, abort.signal)).rejects.toBe(reason);
});

test('the next request is fine after each kind of failure, on the same client', async () => {
  const target = await http((request, response) => {
    if (request.url === '/cut') response.socket?.destroy();
    else if (request.url === '/hang') return;
    else response.end('ok');
  });
  const client = webClient();
  closers.push(() => client.close());
  const get = (path: string) => client.request(target, { method: 'GET', path, timeoutMs: 200 }, new AbortController().signal);

  const outcomes = [await get('/cut'), await get('/'), await get('/hang'), await get('/')];

  expect(outcomes.map((outcome) => (outcome.kind === 'failure' ? outcome.class : outcome.status))).toEqual(['reset', 200, 'timeout', 200]);
});
