import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientOptions } from 'ws';
import { WebSocket } from 'ws';
import { systemClock as clock } from '../../src/adapters/system/system-clock.ts';
import { webClient } from '../../src/adapters/web/web-client.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import { outsideExpectation } from '../../src/core/smoke/checks.ts';
import { smokeRun } from '../../src/stages/smoke/smoke.ts';
import { cloudEnv, ensureCloud } from '../../src/local/lifecycle.ts';
import type { TestCloud } from '../support/local-cloud.ts';
import { cloudOptions, startTestCloud } from '../support/local-cloud.ts';
import { tinyApp } from '../support/tiny-app.ts';
import { vercelClient, visit } from '../support/vercel-client.ts';

const domain = 'secure.jetvision-assistant.com';
const hsts = { 'strict-transport-security': 'max-age=63072000' };

let cloud: TestCloud;
let ownHost: string;

beforeAll(async () => {
  cloud = await startTestCloud();
  const vercel = vercelClient(cloud.endpoints);
  await vercel.call('POST', '/v11/projects', { name: 'secure' });
  await vercel.call('POST', '/v10/projects/secure/domains', { name: domain });
  const files = tinyApp('tls');
  const config = files['.vercel/output/config.json'];
  const { routes, ...rest } = JSON.parse(String(config));
  const withHsts = { ...rest, routes: [{ src: '/', headers: hsts, continue: true }, ...routes] };
  const created = await vercel.deploy('secure', { ...files, '.vercel/output/config.json': JSON.stringify(withHsts) });
  ownHost = String((await vercel.settled(created.body['id'])).body['url']);
}, 60_000);
afterAll(() => cloud.stop(), 30_000);

/** Asks by https, the name resolved to the gateway; `ca` is what is trusted. */
function secureVisit(host: string, path: string, ca: string | undefined): Promise<{ readonly status: number; readonly text: string }> {
  const { host: address, tlsPort } = cloud.endpoints.gateway;
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port: tlsPort, path, servername: host, headers: { host }, ca, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    asked.once('error', reject);
    asked.end();
  });
}

const trusted = () => readFile(cloud.endpoints.gateway.caFile, 'utf8');

describe('https and wss', () => {
  it.each([
    ['the custom domain', () => domain],
    ["the deployment's own host", () => ownHost],
  ])('answer for %s with a certificate of the local authority, and only with it', async (_what, host) => {
    expect(await secureVisit(host(), '/', await trusted())).toEqual({ status: 200, text: '<h1>tls</h1>' });
    await expect(secureVisit(host(), '/', undefined)).rejects.toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_/) });
    expect((await visit(cloud.endpoints, host())).text).toBe('<h1>tls</h1>');
  });

  it.each([
    ['green where the header is there', 'https', '/', 'green'],
    ['red where it is not', 'https', '/about', 'red'],
    ['no demand over http (RFC 6797 section 7.2)', 'http', '/about', 'green'],
  ] as const)('let smoke ask for HSTS: %s', async (_what, protocol, path, verdict) => {
    const { host, port, tlsPort } = cloud.endpoints.gateway;
    const origin = `${protocol}://${domain}:${protocol === 'https' ? tlsPort : port}`;
    const web = webClient({ ca: await trusted() });
    const check = { id: 'headers', title: 'Headers', kind: 'headers', path, headers: {}, tlsHeaders: hsts, timeoutMs: 10_000 } as const;
    const run = smokeRun(
      { web, clock },
      { target: { origin, resolve: { [domain]: host } }, checks: [check], profile: 'outside', expected: outsideExpectation },
    );
    const journal = { append: async () => undefined, unfinished: async () => [] };
    const { signal } = new AbortController();
    await runSteps(run.steps, { runId: 'r', journal, clock, events: () => undefined, signal }).catch(() => undefined);
    await web.close();

    const found = run.result()?.findings.find(({ id }) => id === 'headers');

    expect(found).toMatchObject({ verdict });
    if (verdict === 'red') expect(found?.message).toMatch(/without the header strict-transport-security/);
  });

  it('reach functions', async () => {
    const { text } = await secureVisit(domain, '/api/slow?ms=1', await trusted());
    expect(JSON.parse(text)).toMatchObject({ marker: 'tls' });
  });

  it('hand a WebSocket to the function', async () => {
    const { host, tlsPort } = cloud.endpoints.gateway;
    const ask = (ca: string | undefined) =>
      new Promise<string>((resolve, reject) => {
        const options: ClientOptions & { readonly servername: string } = {
          headers: { host: domain },
          servername: domain,
          ...(ca === undefined ? {} : { ca }),
        };
        const socket = new WebSocket(`wss://${host}:${tlsPort}/ws`, options);
        socket.once('error', reject);
        socket.once('message', (message: Buffer) => {
          resolve(message.toString());
          socket.close();
        });
        socket.once('open', () => socket.send('hello'));
      });
    expect(await ask(await trusted())).toBe('hello');
    await expect(ask(undefined)).rejects.toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_/) });
  });

  it('have no certificate for a name that nothing is served under', async () => {
    const { host, tlsPort } = cloud.endpoints.gateway;
    const ended = await new Promise<string>((resolve) => {
      const socket = connect({ host, port: tlsPort, servername: 'bank.example.com', rejectUnauthorized: false });
      socket.once('secureConnect', () => resolve('connected'));
      socket.once('error', () => resolve('refused'));
    });
    expect(ended).toBe('refused');
  });

  it('are trusted by another Node with what `local env` prints', async () => {
    const env = cloudEnv(cloud.endpoints, cloud.stateDir);
    const port = env['JV_LOCAL_GATEWAY_TLS']?.split(':')[1];
    const script = `require('https').get({ host: '127.0.0.1', port: ${port}, servername: '${domain}', headers: { host: '${domain}' } },
      (answer) => { console.log(answer.statusCode); answer.resume(); });`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: { NODE_EXTRA_CA_CERTS: env['NODE_EXTRA_CA_CERTS'] },
    });
    expect(stdout.trim()).toBe('200');
    expect(env['JV_LOCAL_CA']).toBe(cloud.endpoints.gateway.caFile);
  });

  it('keep their authority over a restart, its key for nobody else', async () => {
    const before = await trusted();
    expect((await stat(join(cloud.stateDir, 'vercel/tls/ca-key.pem'))).mode & 0o777).toBe(0o600);
    process.kill(cloud.endpoints.pid, 'SIGKILL');
    const { gateway } = await ensureCloud(cloudOptions(cloud.stateDir));
    expect(gateway).toEqual(cloud.endpoints.gateway);
    expect(await trusted()).toBe(before);
    expect((await secureVisit(domain, '/', before)).status).toBe(200);
  }, 30_000);
});
