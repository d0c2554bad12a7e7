import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { requestHistogram } from '../../src/adapters/load-trace/histogram.ts';
import { webClient } from '../../src/adapters/web/web-client.ts';
import type { Clock } from '../../src/core/ports/clock.ts';
import type { WebClient, WebTarget } from '../../src/core/ports/web.ts';
import { perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import type { SmokeDetails } from '../../src/core/report.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import { outsideExpectation } from '../../src/core/smoke/checks.ts';
import type { SmokeCheck } from '../../src/core/smoke/smoke.ts';
import type { StageResult } from '../../src/core/verdict.ts';
import { perfStage } from '../../src/stages/perf/perf.ts';
import { smokeRun } from '../../src/stages/smoke/smoke.ts';
import { type ServerCertificate, testAuthority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { openSessions, runStage } from '../support/measure-fakes.ts';
import { selfSigned } from '../support/self-signed.ts';

const clock: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }) };
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
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

async function tcp(answer: (socket: Socket) => void): Promise<WebTarget> {
  return {
    origin: `http://127.0.0.1:${await listen(createTcpServer((socket) => socket.once('data', () => answer(socket))))}`,
    resolve: {},
  };
}

/** Runs smoke as `smoke --url` does; what hangs is given a short time, everything else a long one. */
async function smoke(
  target: WebTarget,
  timeoutMs = 20_000,
): Promise<{ readonly result: StageResult<SmokeDetails>; readonly error: unknown }> {
  const web = webClient({ ca: authority.ca });
  closers.push(() => web.close());
  const checks: readonly SmokeCheck[] = [
    { id: 'home', title: 'Home', kind: 'page', path: '/', as: 'nobody', status: 200, marker: '', timeoutMs },
    { id: 'health', title: 'Health', kind: 'health', path: '/api/health', timeoutMs },
    { id: 'headers', title: 'Headers', kind: 'headers', path: '/', headers: { 'x-robots-tag': 'noindex' }, timeoutMs },
    { id: 'negative', title: 'Negative', kind: 'negative', path: '/', absent: [], timeoutMs },
  ];
  const run = smokeRun({ web, clock }, { target, checks, profile: 'outside', expected: outsideExpectation });
  const journal = { append: async () => undefined, unfinished: async () => [] };
  const error: unknown = await runSteps(run.steps, {
    runId: 'r',
    journal,
    clock,
    events: () => undefined,
    signal: new AbortController().signal,
  }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const result = run.result();
  if (result === undefined) throw error;
  return { result, error };
}

const health = {
  status: 'ok',
  environment: 'staging',
  version: '0123456789abcdef0123456789abcdef01234567',
  database: 'connected',
  redis: 'connected',
  sentry: { environment: 'staging' },
  memory: { rssBytes: 1, heapUsedBytes: 1 },
};
const app: RequestListener = (request, response) => {
  response.setHeader('x-robots-tag', 'noindex');
  if (request.url === '/api/health') response.setHeader('content-type', 'application/json').end(JSON.stringify(health));
  else if (request.url === '/app.js') response.end('1');
  else response.setHeader('content-type', 'text/html').end('<html><h1>An app</h1><script src=/app.js></script></html>');
};

test('the control: an app that this project did not write is green', async () => {
  const { result, error } = await smoke(await http(app));

  expect(error).toBeUndefined();
  expect(result).toMatchObject({ verdict: 'green', summary: 'outside only: 4 of 4 checks green' });
});

const authority = await testAuthority();

async function secure({ key, cert }: ServerCertificate, answer: RequestListener = app): Promise<WebTarget> {
  const host = 'staging.example.test';
  return { origin: `https://${host}:${await listen(createTlsServer({ key, cert }, answer))}`, resolve: { [host]: '127.0.0.1' } };
}

test('the control: a certificate of a trusted authority, for the host and in time', async () => {
  const { result } = await smoke(await secure(await authority.issue('staging.example.test')));

  expect(result.verdict).toBe('green');
});

const targets: readonly (readonly [string, () => Promise<WebTarget>, RegExp])[] = [
  ['nobody listens', async () => ({ origin: `http://127.0.0.1:${await freePort()}`, resolve: {} }), /Nothing listens/],
  [
    'the host is unknown',
    async () => ({ origin: 'http://no-such-host.invalid', resolve: {} }),
    /host name no-such-host\.invalid is not known/,
  ],
  ['it accepts and never answers', () => tcp(() => undefined), /did not answer completely within 700 ms/],
  [
    'it drips a byte now and then',
    () =>
      http((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        const timer = setInterval(() => response.write('x'), 50);
        response.on('close', () => clearInterval(timer));
      }),
    /did not answer completely within 700 ms/,
  ],
  ['it closes at once', () => tcp((socket) => socket.destroy()), /closed the connection before/],
  [
    'it dies in the middle of an answer',
    () => tcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n<html>')),
    /closed the connection before/,
  ],
  ['it speaks another protocol', () => tcp((socket) => socket.end('220 smtp ESMTP\r\n')), /gave no usable answer/],
  [
    'it answers 600 MB',
    () =>
      http((_request, response) => {
        const block = Buffer.alloc(256 * 1024, 'x');
        let left = 2400;
        const more = () => {
          while (left-- > 0 && !response.destroyed) if (!response.write(block)) return void response.once('drain', more);
          response.end();
        };
        more();
      }),
    /far too much/,
  ],
  [
    'its certificate is self-signed',
    async () => ({
      origin: `https://${selfSigned.host}:${await listen(createTlsServer({ key: selfSigned.key, cert: selfSigned.cert }, app))}`,
      resolve: { [selfSigned.host]: '127.0.0.1' },
    }),
    /cannot be trusted: self-signed certificate/,
  ],
  [
    'its certificate is from an authority that nobody knows',
    async () => secure(await (await testAuthority()).issue('staging.example.test')),
    /cannot be trusted: its certificate is from an authority that is not trusted here/,
  ],
  [
    'its certificate is for another host',
    async () => secure(await authority.issue('other.example.test')),
    /cannot be trusted: its certificate is for another host name/,
  ],
  [
    'its certificate has expired',
    async () => secure(await authority.issue('staging.example.test', -1)),
    /cannot be trusted: its certificate has expired/,
  ],
  [
    'it speaks no TLS where https is asked',
    async () => ({ ...(await http(app)), origin: (await http(app)).origin.replace('http:', 'https:') }),
    /The TLS connection to .* cannot be trusted/,
  ],
  [
    'it redirects to itself for ever',
    () => http((_request, response) => response.writeHead(302, { location: '/' }).end()),
    /redirects to \/ instead of answering/,
  ],
  [
    'it redirects from https to http',
    async () =>
      secure(await authority.issue('staging.example.test'), (_request, response) =>
        response.writeHead(301, { location: 'http://staging.example.test/' }).end(),
      ),
    /redirects to another address, http:\/\/staging\.example\.test/,
  ],
  [
    'it redirects elsewhere',
    () => http((_request, response) => response.writeHead(301, { location: 'https://example.org/' }).end()),
    /redirects to another address, https:\/\/example\.org\//,
  ],
  [
    'a login wall stands before it',
    () => http((_request, response) => response.writeHead(302, { location: 'https://vercel.com/sso-api?url=x' }).end()),
    /login wall \(Vercel Deployment Protection\)/,
  ],
  [
    'it answers HTML for everything',
    () =>
      http((_request, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html><h1>An app for staging</h1></html>'),
      ),
    /HTML where JSON was expected/,
  ],
  ['it answers with nothing', () => http((_request, response) => response.end()), /an empty body/],
  [
    'its JSON is deeply nested',
    () => http((_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(1_000_000))),
    /text that is not JSON/,
  ],
];

test.each(targets)('%s: red in a sentence, with exit code 5, in bounded time and memory', async (_name, start, message) => {
  const target = await start();
  const startedMs = performance.now();
  const before = process.memoryUsage().rss;

  const { result, error } = await smoke(target, message.source.includes('700 ms') ? 700 : undefined);

  expect(error).toMatchObject({ code: 'SMOKE_RED', exitCode: 5 });
  expect(result.findings.find(({ id }) => id === 'health')).toMatchObject({ verdict: 'red', message: expect.stringMatching(message) });
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

/** What cannot be asked at all, for perf: its pages are judged by what the browser sees of them (see lighthouse.test.ts). */
const unreachable = targets.filter(([name]) => !/redirects|login wall|HTML|with nothing|nested/.test(name));

test.each(unreachable)(
  '%s: perf is red in a sentence too, with exit code 5, before any browser is started',
  async (_name, start, message) => {
    const web = webClient({ ca: authority.ca });
    closers.push(() => web.close());
    // What drips or hangs is given the time that perf gives to a request, shortened.
    const impatient: WebClient = {
      request: (target, request, signal) =>
        web.request(target, { ...request, timeoutMs: message.source.includes('700 ms') ? 700 : 10_000 }, signal),
    };
    const noBrowser = () => Promise.reject(new Error('No browser is expected.'));
    const stage = perfStage({
      target: await start(),
      web: impatient,
      signIns: { sessions: openSessions() },
      settings: perfSettingsForUrl('/'),
      productionBudgets: undefined,
      audit: { versions: noBrowser, audit: noBrowser },
      browserMemory: { open: noBrowser },
      histogram: async () => requestHistogram(),
      health: undefined,
      inside: undefined,
      baseline: async () => undefined,
      clock,
    });
    const before = process.memoryUsage().rss;

    const { error } = await runStage(stage.steps);

    expect(error).toMatchObject({ code: 'PERF_TARGET_UNREACHABLE', exitCode: 5, message: expect.stringMatching(/^\S[^\n]*\.$/) });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  },
);
