import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect } from 'vitest';
import { startClerk } from '../../src/local/clerk/service.ts';
import { createClerkClient } from '../clients/vendors.ts';
import type { AppServer } from '../support/app-server.ts';
import { appTest as test, hasAppPrograms, type AppWorld, call, startAppWorld } from '../support/app-world.ts';
import { startTestVendor } from '../support/side-vendor.ts';

const kid = 'ins_test';

let world: AppWorld;
let app: AppServer;
let withKeySet: AppServer;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let clerk: Server;
let keySetAuthorization: string | undefined;

beforeAll(async () => {
  if (!hasAppPrograms) return;
  keys = await generateKeyPair('RS256');
  const keySet = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid, alg: 'RS256', use: 'sig' }] });
  clerk = createServer((request, response) => {
    keySetAuthorization = request.headers.authorization;
    response.writeHead(request.url === '/v1/jwks' ? 200 : 404, { 'content-type': 'application/json' }).end(keySet);
  }).listen(0, '127.0.0.1');
  await once(clerk, 'listening');
  const address = clerk.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  world = await startAppWorld();
  const clerkMode = {
    AUTH: 'clerk',
    CLERK_SECRET_KEY: 'sk_test_canary',
    NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: `pk_test_${Buffer.from('happy-cat-12.clerk.accounts.dev$').toString('base64')}`,
    NEXT_PUBLIC_APP_URL: 'https://staging.jetvision-assistant.com',
  };
  app = await world.startApp({ ...clerkMode, CLERK_JWT_KEY: await exportSPKI(keys.publicKey), CLERK_API_URL: 'http://127.0.0.1:1' });
  withKeySet = await world.startApp({ ...clerkMode, CLERK_API_URL: `http://127.0.0.1:${port}` });
}, 60_000);

afterAll(async () => {
  if (!hasAppPrograms) return;
  clerk.close();
  await world.close();
});

test("a Clerk session is the user of that Clerk id, as bearer token and as Clerk's cookie", async () => {
  const session = await token();

  const asBearer = await call(app, session, 'POST', '/api/auth/test');
  const asCookie = await fetch(`${app.url}/dashboard`, { headers: { cookie: `__session=${session}` } });

  expect([asBearer.status, await asBearer.json()]).toEqual([200, { user: expect.objectContaining({ email: 'agent1@staging.test' }) }]);
  expect([asCookie.status, await asCookie.text()]).toEqual([200, expect.stringContaining('agent1@staging.test')]);
});

test('row level security knows a Clerk session too', async () => {
  const response = await call(app, await token({ sub: 'test_user_2' }), 'GET', '/api/requests');

  expect(await response.json()).toEqual({ requests: [expect.objectContaining({ departure_airport: 'KMIA' })] });
});

test('the keys can be fetched from Clerk instead', async () => {
  expect((await call(withKeySet, await token(), 'POST', '/api/auth/test')).status).toBe(200);
  expect(keySetAuthorization).toBe('Bearer sk_test_canary');
});

test('when the keys cannot be fetched, that is said, and no session is refused for it', async () => {
  const lost = await world.startApp({ AUTH: 'clerk', CLERK_SECRET_KEY: 'sk_test_canary', CLERK_API_URL: 'http://127.0.0.1:1' });

  expect((await call(lost, await token(), 'POST', '/api/auth/test')).status).toBe(503);
});

test('a user of the emulated Clerk signs in without a browser, by keys that the app fetches there', async () => {
  const local = await startTestVendor((context) => startClerk(context, 'test'));
  const { secretKey, publishableKey } = local.service().issued;
  const clerkClient = createClerkClient({ secretKey, apiUrl: local.url() });
  const staging = { AUTH: 'clerk', CLERK_SECRET_KEY: secretKey, NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: publishableKey };
  const there = await world.startApp({ ...staging, CLERK_API_URL: local.url() });
  const user = await clerkClient.users.createUser({ emailAddress: ['admin@staging.test'] });
  const session = await clerkClient.sessions.createSession({ userId: user.id });
  const { jwt } = await clerkClient.sessions.getToken(session.id);
  const before = await call(there, jwt, 'POST', '/api/auth/test');
  await world.sql`update public.users set clerk_user_id = ${user.id} where clerk_user_id = 'admin_user'`;
  const after = await call(there, jwt, 'POST', '/api/auth/test');
  await local.stop();

  // Signed in at Clerk, but nobody here, until the database knows the id.
  expect(before.status).toBe(401);
  expect([after.status, await after.json()]).toEqual([200, { user: expect.objectContaining({ role: 'admin' }) }]);
});

test.each([
  ['that has ended', () => token({ expiresIn: '-1m' })],
  ['made for another site', () => token({ azp: 'https://evil.example' })],
  ['with tasks left to do', () => token({ sts: 'pending' })],
  ['of a user who is unknown here', () => token({ sub: 'user_unknown' })],
  ['signed by somebody else', async () => token({}, (await generateKeyPair('RS256')).privateKey)],
  ['signed with the public key as a secret', async () => token({}, new TextEncoder().encode(await exportSPKI(keys.publicKey)), 'HS256')],
])('refuses a session %s', async (_, make) => {
  const session = await make();

  expect((await call(app, session, 'POST', '/api/auth/test')).status).toBe(401);
  expect((await call(withKeySet, session, 'POST', '/api/auth/test')).status).toBe(401);
});

test.each(['https://staging.jetvision-assistant.com', "the deployment's own address"])('accepts a session made for %s', async (site) => {
  const azp = site.startsWith('https') ? site : app.url;

  expect((await call(app, await token({ azp }), 'POST', '/api/auth/test')).status).toBe(200);
});

test("sign-in leads to Clerk's own page; a password is not taken", async () => {
  const page = await (await call(app, undefined, 'GET', '/sign-in?next=/dashboard')).text();

  expect(page).toContain(
    'https://happy-cat-12.accounts.dev/sign-in?redirect_url=https%3A%2F%2Fstaging.jetvision-assistant.com%2Fdashboard',
  );
  expect(page).not.toContain('type="password"');
  expect((await call(app, undefined, 'POST', '/api/auth/sign-in', { email: 'agent1@staging.test', password: 'x' })).status).toBe(400);
});

interface TokenFacts {
  readonly sub?: string;
  readonly azp?: string;
  readonly sts?: string;
  readonly expiresIn?: string;
}

function token(facts: TokenFacts = {}, key: Parameters<SignJWT['sign']>[0] = keys.privateKey, alg = 'RS256'): Promise<string> {
  const { sub = 'test_user_1', expiresIn = '60s', ...claims } = facts;
  return new SignJWT({ ...claims, sid: 'sess_1' })
    .setProtectedHeader({ alg, kid })
    .setSubject(sub)
    .setIssuer('https://happy-cat-12.clerk.accounts.dev')
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(key);
}
