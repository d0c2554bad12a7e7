import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clerkSessions } from '../../src/adapters/clerk/clerk-sessions.ts';
import { embeddedLoad } from '../../src/adapters/embedded-load/engine.ts';
import { k6Load } from '../../src/adapters/k6/engine.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { webClient } from '../../src/adapters/web/web-client.ts';
import type { LoadRequest } from '../../src/core/load/load.ts';
import { loadSettingsForUrl } from '../../src/core/load/profile.ts';
import { standaloneScript } from '../../src/core/load/standalone-script.ts';
import { startClerk, type ClerkService } from '../../src/local/clerk/service.ts';
import { loadStage } from '../../src/stages/load/load.ts';
import { createClerkClient, verifyToken } from '../clients/vendors.ts';
import { closeServer, listen, originOf } from '../support/delayed-server.ts';
import { runStage } from '../support/measure-fakes.ts';
import { findComponent, requires } from '../support/requires.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

const email = 'agent1@staging.test';
const k6 = findComponent('k6') ?? 'k6';
const stages = [{ durationMs: 1000, vus: 3 }];
const journey: readonly LoadRequest[] = [
  { id: 'open', method: 'GET', path: '/api/health', as: 'nobody', status: 200, thinkMs: 10 },
  {
    id: 'own',
    method: 'POST',
    path: '/api/requests',
    as: { user: email, provider: 'clerk' },
    body: { by: '{user.id}' },
    status: 201,
    thinkMs: 20,
  },
];
let clerk: TestVendor<ClerkService>;
let userId = '';
let seen: { readonly token: string; readonly subject: string; readonly by: unknown }[] = [];

/** An app that lets in whom Clerk's own client verifies, and nobody else. */
const app = createServer((request, response) => {
  void answer(request.url ?? '', request.headers.authorization ?? '', request).then((status) => response.writeHead(status).end('{}'));
});

async function answer(path: string, authorization: string, body: AsyncIterable<Buffer>): Promise<number> {
  if (path !== '/api/requests') return 200;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const token = authorization.replace(/^Bearer /, '');
  const { secretKey } = clerk.service().issued;
  const claims = await verifyToken(token, { secretKey, apiUrl: clerk.url() }).catch(() => undefined);
  if (claims === undefined) return 401;
  seen.push({ token, subject: claims.sub, by: JSON.parse(Buffer.concat(chunks).toString()).by });
  return 201;
}

beforeAll(async () => {
  clerk = await startTestVendor((context) => startClerk(context, 'test'));
  const client = createClerkClient({ secretKey: clerk.service().issued.secretKey, apiUrl: clerk.url() });
  userId = (await client.users.createUser({ emailAddress: [email] })).id;
  await listen(app);
});
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await closeServer(app);
  await clerk.stop();
});

const lives = () => seen.map(({ token }) => Number(decodeJwt(token).exp) - Number(decodeJwt(token).iat));

describe.each(['embedded', 'k6'] as const)('a load of the engine %s', (name) => {
  const run = name === 'k6' ? requires('k6') : test;

  run('is sent as the user whom Clerk signs in, by a token that outlives the load', async () => {
    const web = webClient();
    const stage = loadStage({
      target: { origin: originOf(app), resolve: {} },
      permission: { healthPath: '/api/health', environment: 'staging', ownedHost: undefined },
      settings: { ...loadSettingsForUrl('/'), journey },
      stages,
      engine: name === 'k6' ? k6Load(k6) : embeddedLoad('1.0.0'),
      web,
      signIns: {
        clerkSessions: clerkSessions({
          secretKey: clerk.service().issued.secretKey,
          localUrl: clerk.url(),
          clock: systemClock,
          lifetimeMs: 1_800_000,
        }),
      },
      clock: systemClock,
    });

    // Whether a second's load on a busy machine carries a verdict is not asked here.
    await runStage(stage.steps);
    await web.close();

    const measured = stage.result()?.details?.measurement.byRequest['own'];
    expect(measured).toMatchObject({ errors: 0, requests: seen.length });
    expect(seen.length).toBeGreaterThan(5);
    expect(new Set(seen.map(({ subject, by }) => `${subject} ${String(by)}`))).toEqual(new Set([`${userId} ${userId}`]));
    expect(new Set(lives())).toEqual(new Set([1800]));
  });
});

describe('the emitted script', () => {
  requires('k6')('signs its users in at Clerk by the key of its environment, which stands in none of its lines', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jv-staging-test-clerk-'));
    const { secretKey } = clerk.service().issued;
    const settings = { ...loadSettingsForUrl('/'), journey };
    const script = standaloneScript({ target: { origin: originOf(app), resolve: {} }, settings, stages, timeoutMs: 5000 });
    await writeFile(join(folder, 'script.js'), script);
    const run = (key: Readonly<Record<string, string>>) =>
      execa(k6, ['run', '--no-usage-report', '--address=', 'script.js'], {
        cwd: folder,
        env: { PATH: '/usr/bin:/bin', HOME: folder, CLERK_API_URL: clerk.url(), ...key },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      });

    const ended = await run({ CLERK_SECRET_KEY: secretKey });
    const sent = [...seen];
    const lived = lives();
    const keyless = await run({});
    const stranger = await run({ CLERK_SECRET_KEY: 'sk_test_wrong' });
    await rm(folder, { recursive: true });

    expect([ended.exitCode, ended.stdout]).toEqual([0, expect.stringContaining('0.00 % failed')]);
    expect(script).not.toContain(secretKey);
    expect(sent.length).toBeGreaterThan(5);
    expect(new Set(sent.map(({ subject }) => subject))).toEqual(new Set([userId]));
    expect(new Set(lived)).toEqual(new Set([1 + 30 + 600]));
    expect(keyless.exitCode).not.toBe(0);
    expect(keyless.stderr).toContain('CLERK_SECRET_KEY is not set.');
    expect(stranger.stderr).toContain('Clerk refused GET /v1/users?email_address=agent1%40staging.test: status 401.');
    expect(seen).toHaveLength(sent.length);
  });
});
