import { once } from 'node:events';
import { createServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type ApiClient, type ApiClientOptions, createApiClient } from '../../src/adapters/http/api-client.ts';
import { apiPath } from '../../src/adapters/http/api-path.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { type TestAuthority, testAuthority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { type Answer, type LoopbackServer, sendJson, startLoopbackServer } from '../support/loopback-server.ts';
import { selfSigned } from '../support/self-signed.ts';

const secret = 'jvlocal_canary-7f3a';
const vendor = { code: 'VERCEL', name: 'Vercel', credentialFix: 'Set VERCEL_TOKEN.' } as const;
const anything = z.unknown();
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serve(
  answer: Answer,
  options: Partial<ApiClientOptions> = {},
): Promise<{ client: ApiClient; server: LoopbackServer; clock: ReturnType<typeof steppingClock> }> {
  const server = await startLoopbackServer(answer);
  const clock = steppingClock();
  const client = createApiClient({
    vendor,
    baseUrl: server.url,
    hosts: 'loopback',
    headers: { authorization: `Bearer ${secret}` },
    secrets: [secret],
    clock,
    random: () => 0.5,
    ...options,
  });
  open.push(server, { close: () => client.close().catch(() => undefined) });
  return { client, server, clock };
}

const get = (path = '/v9/things') => ({ method: 'GET', path, signal: new AbortController().signal }) as const;
const post = (path = '/v9/things') => ({ method: 'POST', path, json: { a: 1 }, signal: new AbortController().signal }) as const;

describe('what is repeated', () => {
  test('a read is repeated after 500, 502, 503 and 504 until it succeeds, with growing waits', async () => {
    const { client, server, clock } = await serve((_request, response, number) =>
      sendJson(response, [500, 502, 503, 504][number - 1] ?? 200, { ok: true }),
    );

    await expect(client.read(get(), z.object({ ok: z.boolean() }))).resolves.toEqual({ ok: true });
    expect(server.seen).toHaveLength(5);
    expect(clock.waits).toEqual([188, 375, 750, 1500]);
  });

  test('a read that never succeeds ends after five attempts as REQUEST_FAILED with the vendor’s own words', async () => {
    const { client, server } = await serve((_request, response) =>
      sendJson(response, 503, { error: { code: 'overloaded', message: 'try later' } }),
    );

    await expect(client.send(get())).rejects.toMatchObject({
      kind: 'vendor',
      code: 'VERCEL_REQUEST_FAILED',
      status: 503,
      vendorCode: 'overloaded',
      message: expect.stringMatching(/GET \/v9\/things with status 503: try later\.$/),
    });
    expect(server.seen).toHaveLength(5);
  });

  test('a create is not repeated after a 500: it may have taken effect, and the error says so', async () => {
    const { client, server } = await serve((_request, response) => sendJson(response, 500, {}));

    await expect(client.send(post())).rejects.toMatchObject({
      code: 'VERCEL_REQUEST_FAILED',
      outcomeUnknown: true,
      message: expect.stringContaining('Whether it took effect is not known'),
    });
    expect(server.seen).toHaveLength(1);
  });

  test('a create is not repeated after its connection was cut, but one that is repeatable is', async () => {
    const { client, server } = await serve((_request, response, number) =>
      number <= 2 ? response.destroy() : sendJson(response, 200, {}),
    );

    await expect(client.send(post())).rejects.toMatchObject({ code: 'VERCEL_UNREACHABLE', outcomeUnknown: true });
    expect(server.seen).toHaveLength(1);
    await expect(client.send({ ...post(), repeatable: true })).resolves.toMatchObject({ status: 200 });
    expect(server.seen).toHaveLength(3);
  });

  test('a create is repeated when nothing listens, since nothing was sent', async () => {
    const port = await freePort();
    const clock = steppingClock();
    const client = createApiClient({ vendor, baseUrl: `http://127.0.0.1:${port}`, hosts: 'loopback', headers: {}, secrets: [], clock });
    open.push(client);

    await expect(client.send(post())).rejects.toMatchObject({
      code: 'VERCEL_UNREACHABLE',
      outcomeUnknown: false,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(clock.waits).toHaveLength(4);
  });

  test('a 4xx is not repeated, and one that the caller takes is an answer', async () => {
    const { client, server } = await serve((_request, response) =>
      sendJson(response, 404, { error: { code: 'not_found', message: 'Project not found' } }),
    );

    await expect(client.send({ ...get(), accept: [404] })).resolves.toMatchObject({ status: 404 });
    await expect(client.send(get())).rejects.toMatchObject({ code: 'VERCEL_REQUEST_FAILED', vendorCode: 'not_found' });
    expect(server.seen).toHaveLength(2);
  });
});

describe('rate limits', () => {
  test.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['an HTTP date', { 'retry-after': new Date(Date.UTC(2026, 10, 22, 0, 0, 9)).toUTCString() }, 9000],
    ['a negative number', { 'retry-after': '-3' }, 0],
    ['a past date', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    ['nonsense', { 'retry-after': 'soon' }, 188],
    ['nothing', {}, 188],
    ['Vercel’s reset in epoch seconds', { 'x-ratelimit-reset': String(Date.UTC(2026, 10, 22) / 1000 + 5) }, 5000],
    ['Supabase’s reset in seconds left', { 'x-ratelimit-reset': '4' }, 4000],
  ])('a 429 that says %s waits for it, even for a create', async (_name, headers, waitMs) => {
    const lines: string[] = [];
    const { client, server, clock } = await serve(
      (_request, response, number) => sendJson(response, number === 1 ? 429 : 200, {}, number === 1 ? headers : {}),
      { onWait: (line) => lines.push(line) },
    );

    await client.send(post());
    expect(clock.waits).toEqual([waitMs]);
    expect(server.seen).toHaveLength(2);
    expect(lines).toHaveLength(waitMs >= 1000 ? 1 : 0);
  });

  test('a 429 that asks for longer than is waited ends at once and names the time of the reset', async () => {
    const { client, server } = await serve((_request, response) =>
      sendJson(response, 429, { error: { message: 'upload limit' } }, { 'retry-after': '86400' }),
    );

    await expect(client.send(get())).rejects.toMatchObject({
      kind: 'vendor',
      code: 'VERCEL_RATE_LIMITED',
      message: 'Vercel limits the rate of GET /v9/things until 2026-11-23T00:00:00.000Z: upload limit.',
      fix: expect.stringContaining('Wait until 2026-11-23'),
    });
    expect(server.seen).toHaveLength(1);
  });

  test('a 429 that asks for more than the longest single wait is not waited for, even if the call had the time', async () => {
    const { client, server, clock } = await serve((_request, response) => sendJson(response, 429, {}, { 'retry-after': '90' }));

    await expect(client.send(get())).rejects.toMatchObject({ code: 'VERCEL_RATE_LIMITED' });
    expect([server.seen.length, clock.waits]).toEqual([1, []]);
  });

  test.each(['99999999999999999999', '1e400', '8640000000000000'])('a 429 without a usable reset (%s) does not crash', async (after) => {
    const { client } = await serve((_request, response) => sendJson(response, 429, {}, { 'retry-after': after }));

    await expect(client.send(get())).rejects.toMatchObject({ code: 'VERCEL_RATE_LIMITED' });
  });

  test('a 429 without end stops when the call’s own time is used up', async () => {
    const { client, clock } = await serve((_request, response) => sendJson(response, 429, {}, { 'retry-after': '50' }));

    await expect(client.send(get())).rejects.toMatchObject({ code: 'VERCEL_RATE_LIMITED' });
    expect(clock.waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(120_000);
  });
});

describe('bounds', () => {
  test('an answer that drips (fault 6) is given up after the time of one attempt', async () => {
    const { client } = await serve(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
      { limits: { attemptMs: 150, attempts: 2 }, clock: systemClock },
    );
    const startedAt = performance.now();

    await expect(client.send(get())).rejects.toMatchObject({
      code: 'VERCEL_UNREACHABLE',
      message: expect.stringContaining('no complete answer within 150 ms'),
    });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test('a server that sends headers and no body (fault 6) is given up, in time', async () => {
    const { client, server } = await serve(
      (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
      {
        limits: { attemptMs: 400, attempts: 2 },
        clock: systemClock,
      },
    );
    const startedAt = performance.now();

    await expect(client.send(get())).rejects.toMatchObject({ code: 'VERCEL_UNREACHABLE', exitCode: 4 });
    expect(server.seen).toHaveLength(2);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test('a server that accepts and never answers (fault 6) is given up', async () => {
    const { client, server } = await serve(() => undefined, { limits: { attemptMs: 100, attempts: 2 }, clock: systemClock });

    await expect(client.send(get())).rejects.toMatchObject({ code: 'VERCEL_UNREACHABLE', outcomeUnknown: false });
    expect(server.seen).toHaveLength(2);
  });

  test('an answer larger than allowed is cut off, not read to its end', async () => {
    let written = 0;
    const { client } = await serve(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = (): void => {
          written += 65_536;
          if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(more);
          else response.once('drain', more);
        };
        more();
      },
      { limits: { maxAnswerBytes: 256 * 1024 } },
    );

    await expect(client.send(get())).rejects.toMatchObject({
      code: 'VERCEL_UNREACHABLE',
      message: expect.stringContaining('larger than 262144 bytes'),
    });
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  test('an aborted signal ends a call at once with its own reason', async () => {
    const { client } = await serve(() => undefined, { clock: systemClock });
    const controller = new AbortController();
    const reason = new Error('stopped by the user');
    setTimeout(() => controller.abort(reason), 50);

    await expect(client.send({ ...get(), signal: controller.signal })).rejects.toBe(reason);
  });

  test('an aborted signal ends the wait between two attempts', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped by the user');
    const { client } = await serve(
      (_request, response) => {
        sendJson(response, 429, {}, { 'retry-after': '30' });
        setTimeout(() => controller.abort(reason), 50);
      },
      { clock: systemClock },
    );

    await expect(client.send({ ...get(), signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('what the other side says', () => {
  test.each([301, 302, 307, 308])('a redirect (%i) is not followed, and its target never sees the token', async (status) => {
    const other = await startLoopbackServer((_request, response) => sendJson(response, 200, {}));
    open.push(other);
    const { client } = await serve((_request, response) => sendJson(response, status, {}, { location: `${other.url}/v9/things` }));

    await expect(client.send(get())).rejects.toMatchObject({
      kind: 'vendor',
      code: 'VERCEL_ANSWER_UNEXPECTED',
      message: expect.stringContaining('redirects'),
    });
    expect(other.seen).toHaveLength(0);
  });

  test.each([401, 403])('%i is a missing credential, and the fix names the variable', async (status) => {
    const { client } = await serve((_request, response) =>
      sendJson(response, status, { error: { code: 'forbidden', message: 'Not authorized' } }),
    );

    await expect(client.send(get())).rejects.toMatchObject({ kind: 'missing', code: 'VERCEL_FORBIDDEN', fix: 'Set VERCEL_TOKEN.' });
  });

  test('402 is a plan that lacks something', async () => {
    const { client } = await serve((_request, response) =>
      sendJson(response, 402, { error: { code: 'payment_required', message: 'Upgrade to Pro' } }),
    );

    await expect(client.send(post())).rejects.toMatchObject({ kind: 'vendor', code: 'VERCEL_PAYMENT_REQUIRED' });
  });

  test.each([
    ['HTML', 'text/html', '<html>\u001B[31mbad gateway'],
    ['cut JSON', 'application/json', '{"id":'],
    ['nothing', 'application/json', ''],
  ])('%s instead of JSON is told with its status and first characters, escaped', async (_name, type, body) => {
    const { client } = await serve((_request, response) => response.writeHead(200, { 'content-type': type }).end(body));

    const error = await client.read(get(), anything).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'vendor', code: 'VERCEL_ANSWER_UNEXPECTED', message: expect.stringContaining('status 200') });
    expect(String(error)).not.toContain('\u001B');
  });

  test.each([
    ['null for an object', Buffer.from('null'), {}],
    ['a number for a text', Buffer.from('{"id":1e400}'), {}],
    ['JSON in another charset', Buffer.from('{"id":"a"}', 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }],
    ['a gzip bomb of 64 MB', gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')), { 'content-encoding': 'gzip' }],
  ])('%s (fault 57) is an unexpected answer, never a crash, and takes no memory', async (_name, body, headers) => {
    const { client } = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body),
    );
    const before = process.memoryUsage().rss;

    const error = await client.read(get(), z.object({ id: z.string() })).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ kind: 'vendor', code: 'VERCEL_ANSWER_UNEXPECTED', message: expect.stringMatching(/^\P{Cc}+$/u) });
    expect(String(error).length).toBeLessThan(600);
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
  });

  test.each([
    [
      '103 Early Hints before the answer',
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"id":"a"}',
      true,
    ],
    ['a 204 with a body', 'HTTP/1.1 204 No Content\r\ncontent-length: 10\r\n\r\n{"id":"a"}', false],
    ['bytes that are no HTTP', '220 smtp ESMTP\r\n', false],
  ])('%s (fault 57) is read rightly or told as what the vendor did', async (_name, bytes, isGood) => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined).once('data', () => socket.end(bytes)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const client = createApiClient({
      vendor,
      baseUrl: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`,
      hosts: 'loopback',
      headers: {},
      secrets: [],
      clock: steppingClock(),
      random: () => 0.5,
      limits: { attempts: 2 },
    });

    const came = await client.read(get(), z.object({ id: z.string() })).catch((thrown: unknown) => thrown);
    await client.close();
    server.close();

    expect(came).toMatchObject(
      isGood ? { id: 'a' } : { kind: 'vendor', code: expect.stringMatching(/^VERCEL_(ANSWER_UNEXPECTED|UNREACHABLE)$/) },
    );
  });

  test('JSON of another shape is told by the name of its field, not by a value', async () => {
    const { client } = await serve((_request, response) => sendJson(response, 200, { project: { id: 42, password: 'hunter2' } }));

    const error = await client.read(get(), z.object({ project: z.object({ id: z.string() }) })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'VERCEL_ANSWER_UNEXPECTED', message: expect.stringContaining('project.id') });
    expect(String(error)).not.toContain('hunter2');
  });

  test('a token that the vendor sends back does not stand in the error', async () => {
    const { client } = await serve((request, response) =>
      sendJson(response, 400, { error: { message: `bad token ${String(request.headers.authorization)}` } }),
    );

    const error = await client.send(get()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining('[redacted]') });
    expect(JSON.stringify(error) + String(error)).not.toContain(secret);
  });

  test.each([
    ['{"message":"No such organization"}', 'No such organization'],
    ['{"msg":"User not found","error_code":"user_not_found"}', 'User not found'],
    ['"database not found"', 'database not found'],
    ['{"error":"Unauthorized"}', 'Unauthorized'],
    ['plain text', 'plain text'],
  ])('the words are found in %s', async (body, words) => {
    const { client } = await serve((_request, response) => response.writeHead(400).end(body));

    await expect(client.send(get())).rejects.toMatchObject({ message: expect.stringContaining(words) });
  });
});

describe('who answers (fault 59)', () => {
  const certified = async (cert: { readonly key: string; readonly cert: string }) => {
    let heard = 0;
    const server = createServer(cert, (_request, response) => {
      heard += 1;
      response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const baseUrl = `https://localhost:${typeof address === 'object' ? address?.port : ''}`;
    const client = createApiClient({ vendor, baseUrl, hosts: 'loopback', headers: {}, secrets: [], clock: steppingClock() });
    open.push({ close: async () => void server.close() }, client);
    return { client, heard: () => heard };
  };

  afterEach(() => {
    vi.unstubAllEnvs();
    setDefaultCACertificates(getCACertificates('bundled'));
  });

  test.each([
    ['one that nobody vouches for', /self-signed/, async () => selfSigned],
    ['one that has run out', /expired/, async (authority: TestAuthority) => authority.issue('localhost', -1)],
    ['one of another host', /altnames/, async (authority: TestAuthority) => authority.issue('api.vercel.com')],
  ])('%s gets nothing, even where the environment says that certificates do not matter', async (_what, problem, make) => {
    const authority = await testAuthority();
    setDefaultCACertificates([authority.ca]);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const good = await certified(await authority.issue('localhost'));
    const { client, heard } = await certified(await make(authority));

    const error: unknown = await client.send(get()).catch((thrown: unknown) => thrown);

    // The clock of this machine may be what is wrong (fault 18), so the fix names it.
    expect(error).toMatchObject({
      code: 'VERCEL_UNREACHABLE',
      exitCode: 4,
      message: expect.stringMatching(problem),
      fix: expect.stringMatching(/date and time.*NODE_EXTRA_CA_CERTS/),
    });
    expect(heard()).toBe(0);
    await expect(good.client.send(get())).resolves.toMatchObject({ status: 200 });
  });

  test('a proxy that the environment names is not sent the credentials', async () => {
    const proxy = await startLoopbackServer((_request, response) => sendJson(response, 200, {}));
    open.push(proxy);
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, proxy.url);
    const { client, server } = await serve((_request, response) => sendJson(response, 200, {}));

    await client.send(get());

    expect([server.seen.length, proxy.seen.length]).toEqual([1, 0]);
  });
});

describe('where credentials go (fault 60)', () => {
  const made = (baseUrl: string, hosts: readonly string[] | 'loopback') => () =>
    createApiClient({ vendor, baseUrl, hosts, headers: {}, secrets: [], clock: steppingClock() });

  test.each([
    ['http://127.0.0.1:3000', ['api.vercel.com']],
    ['http://api.vercel.com', ['api.vercel.com']],
    ['https://api.vercel.com.evil.test', ['api.vercel.com']],
    ['https://api.vercel.com:8443', ['api.vercel.com']],
    ['https://user@api.vercel.com', ['api.vercel.com']],
    ['https://supabase.co', ['*.supabase.co']],
    ['https://xsupabase.co', ['*.supabase.co']],
  ])('%s is refused for a vendor’s token', (baseUrl, hosts) => {
    expect(made(baseUrl, hosts)).toThrow(expect.objectContaining({ kind: 'refused', code: 'VERCEL_HOST_REFUSED' }));
  });

  test.each(['https://api.vercel.com', 'http://10.0.0.1', 'http://127.0.0.1.evil.test', 'file:///etc/passwd'])(
    '%s is refused for the local cloud’s token',
    (baseUrl) => {
      expect(made(baseUrl, 'loopback')).toThrow(expect.objectContaining({ kind: 'refused' }));
    },
  );

  test('the vendor’s own hosts are taken', () => {
    expect(made('https://api.vercel.com', ['api.vercel.com'])).not.toThrow();
    expect(made('https://abcdefghijklmnopqrst.supabase.co', ['*.supabase.co'])).not.toThrow();
  });

  test('a value never leaves its segment of a path', () => {
    expect(apiPath`/v9/projects/${'../../v2/user?x=#'}/env`).toBe('/v9/projects/..%2F..%2Fv2%2Fuser%3Fx%3D%23/env');
    expect(() => apiPath`/v9/projects/${'..'}`).toThrow(TypeError);
    expect(() => apiPath`/v9/projects/${''}`).toThrow(TypeError);
  });
});
