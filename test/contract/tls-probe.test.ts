import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { probeTls } from '../../src/adapters/web/tls-probe.ts';
import { freePort } from '../support/free-port.ts';
import { selfSigned } from '../support/self-signed.ts';

const { signal } = new AbortController();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((ready) => {
    server.listen(0, '127.0.0.1', ready);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const secure = () => listening(createServer({ key: selfSigned.key, cert: selfSigned.cert }, (socket) => socket.end()));

describe('the TLS probe', () => {
  it('trusts a certificate for the domain by its authority, and says how long it is valid', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'jv-ca-'));
    const caFile = join(dir, 'ca.pem');
    await writeFile(caFile, selfSigned.cert);

    const answer = await probeTls(selfSigned.host, { host: '127.0.0.1', port: await secure(), caFile }, signal);

    await rm(dir, { recursive: true });
    expect(answer).toMatchObject({
      trusted: true,
      detail: expect.stringMatching(/^certificate for staging\.example\.test, valid until .*2126/),
    });
  });

  it('does not trust one that nobody vouches for, or one of another name', async () => {
    const port = await secure();
    const dir = await mkdtemp(join(tmpdir(), 'jv-ca-'));
    const caFile = join(dir, 'ca.pem');
    await writeFile(caFile, selfSigned.cert);

    const unknown = await probeTls(selfSigned.host, { host: '127.0.0.1', port }, signal);
    const other = await probeTls('other.example.test', { host: '127.0.0.1', port, caFile }, signal);

    await rm(dir, { recursive: true });
    expect(unknown).toMatchObject({ trusted: false, detail: expect.stringMatching(/SELF_SIGNED/) });
    expect(other).toMatchObject({
      trusted: false,
      detail: expect.stringMatching(/not trusted for other\.example\.test: ERR_TLS_CERT_ALTNAME_INVALID/),
    });
  });

  it('says so when nothing listens, or what listens speaks no TLS', async () => {
    const plain = await listening(createTcpServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n')));

    expect(await probeTls('a.test', { host: '127.0.0.1', port: await freePort() }, signal)).toMatchObject({
      trusted: false,
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    expect((await probeTls('a.test', { host: '127.0.0.1', port: plain }, signal)).trusted).toBe(false);
  });
});
