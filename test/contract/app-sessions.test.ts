import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appSessions } from '../../src/adapters/sessions/app-sessions.ts';
import { type ClosableWebClient, webClient } from '../../src/adapters/web/web-client.ts';
import type { WebTarget } from '../../src/core/ports/web.ts';

const email = 'agent1@staging.test';
const user = { id: 'u1', email, full_name: 'Agent One', role: 'iso_agent' };
const never = new AbortController().signal;

let answer: (response: ServerResponse, body: string) => void;
let asked: { readonly url: string | undefined; readonly body: string }[] = [];
let target: WebTarget;
let web: ClosableWebClient;
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    asked.push({ url: request.url, body });
    answer(response, body);
  });
});

beforeEach(async () => {
  asked = [];
  web = webClient();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  target = { origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, resolve: {} };
});

afterEach(async () => {
  await web.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string | string[]>> = {},
): (response: ServerResponse) => void {
  return (response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

test('signs a user in with the password, as the app does, and keeps its cookies', async () => {
  answer = json(
    200,
    { user, accessToken: 'token', expiresAt: '2026-11-22T22:00:00Z' },
    { 'set-cookie': ['jv_session=abc.def; Path=/; HttpOnly', 'theme=dark', 'gone=; Max-Age=0'] },
  );

  const session = await appSessions({ web, password: 'p4ss' }).signIn(target, email, never);

  expect(session).toEqual({ userId: 'u1', email, accessToken: 'token', headers: { cookie: 'jv_session=abc.def; theme=dark' } });
  expect(asked).toEqual([{ url: '/api/auth/sign-in', body: JSON.stringify({ email, password: 'p4ss' }) }]);
});

test('without a cookie the access token is sent', async () => {
  answer = json(200, { user, accessToken: 'token' });

  expect((await appSessions({ web, password: 'p4ss' }).signIn(target, email, never)).headers).toEqual({ authorization: 'Bearer token' });
});

test.each([
  ['a refused password', json(401, { error: 'Wrong password.' }), /status 401, not 200: "Wrong password\."/, /jv-staging seed/],
  ['an error of the app', json(500, { error: 'boom' }), /status 500, not 200: "boom"/, /Read the app's log/],
  [
    'a login wall',
    (response: ServerResponse) => void response.writeHead(302, { location: 'https://vercel.com/sso-api' }).end(),
    /login wall/,
    /VERCEL_AUTOMATION_BYPASS_SECRET/,
  ],
  [
    'HTML',
    (response: ServerResponse) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>App</title></html>'),
    /HTML where JSON was expected/,
    /Check that/,
  ],
  ['another shape', json(200, { user: { id: 'u1' } }), /without a usable user\.email, accessToken/, /Let POST/],
  [
    'another user',
    json(200, { user: { ...user, email: 'admin@staging.test' }, accessToken: 't' }),
    /signed in admin@staging\.test instead/,
    /Let POST/,
  ],
  ['a closed connection', (response: ServerResponse) => void response.socket?.destroy(), /closed the connection/, /Read the app's log/],
  ['no answer in time', () => undefined, /did not answer completely within 300 ms/, /curl/],
])('%s is SMOKE_SIGN_IN_FAILED, which never shows the password', async (_name, answering, message, fix) => {
  answer = answering;

  const thrown: unknown = await appSessions({ web, password: 'p4ssw0rd', timeoutMs: 300 })
    .signIn(target, email, never)
    .catch((error: unknown) => error);

  expect(thrown).toMatchObject({
    code: 'SMOKE_SIGN_IN_FAILED',
    kind: 'red',
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  });
  expect(String(thrown)).toMatch(/agent1@staging\.test could not sign in/);
  expect(JSON.stringify(thrown)).not.toContain('p4ssw0rd');
});
