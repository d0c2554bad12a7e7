import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clerkInstance } from '../../src/adapters/clerk/clerk-instance.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { type LoopbackServer, sendJson, startLoopbackServer } from '../support/loopback-server.ts';

const { signal } = new AbortController();
const question = { secretKey: 'sk_test_canary', clock: systemClock };

/** Clerk's Backend API as documented for `GET /v1/instance`. */
describe('the Clerk instance behind a secret key', () => {
  let server: LoopbackServer;
  let answer: { status: number; body: unknown };

  beforeEach(async () => {
    server = await startLoopbackServer((_request, response) => sendJson(response, answer.status, answer.body));
  });
  afterEach(() => server.close());

  it.each([
    ['production', true],
    ['staging', false],
    ['development', false],
  ])('is live or not by its type: %s', async (type, live) => {
    answer = { status: 200, body: { object: 'instance', id: 'ins_1', environment_type: type, allowed_origins: null } };

    expect(await clerkInstance({ ...question, local: true, apiUrl: server.url }, signal)).toEqual({ id: 'ins_1', live });
    expect(server.seen).toMatchObject([{ method: 'GET', path: '/v1/instance', headers: { authorization: 'Bearer sk_test_canary' } }]);
  });

  it.each([
    [401, { errors: [{ code: 'secret_key_invalid' }] }],
    [200, { unexpected: true }],
  ])('is null when Clerk does not tell: %i', async (status, body) => {
    answer = { status, body };

    expect(await clerkInstance({ ...question, local: true, apiUrl: server.url }, signal)).toBeNull();
  });

  it('is asked nowhere else: a vendor’s key does not go to loopback, and the local cloud’s to nobody but loopback', async () => {
    await expect(clerkInstance({ ...question, local: false, apiUrl: server.url }, signal)).rejects.toMatchObject({
      kind: 'refused',
      code: 'CLERK_HOST_REFUSED',
    });
    await expect(clerkInstance({ ...question, local: false, apiUrl: 'https://evil.test' }, signal)).rejects.toMatchObject({
      code: 'CLERK_HOST_REFUSED',
    });
    expect(await clerkInstance({ ...question, local: true, apiUrl: 'https://api.clerk.com' }, signal)).toBeNull();
    expect(await clerkInstance({ ...question, local: true, apiUrl: undefined }, signal)).toBeNull();
    expect(server.seen).toEqual([]);
  });
});
