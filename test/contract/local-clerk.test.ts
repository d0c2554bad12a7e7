import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClerk, type ClerkService } from '../../src/local/clerk/service.ts';
import { createClerkClient, verifyToken } from '../clients/vendors.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

let clerk: TestVendor<ClerkService>;
let live: TestVendor<ClerkService>;

beforeAll(async () => {
  clerk = await startTestVendor((context) => startClerk(context, 'test'));
  live = await startTestVendor((context) => startClerk(context, 'live'));
});

afterAll(async () => {
  await clerk.stop();
  await live.stop();
});

function client(instance = clerk, secretKey = instance.service().issued.secretKey) {
  return createClerkClient({ secretKey, apiUrl: instance.url() });
}

function verified(token: string, instance = clerk) {
  return verifyToken(token, { secretKey: instance.service().issued.secretKey, apiUrl: instance.url(), skipJwksCache: true });
}

interface ClerkFailure {
  readonly status: number;
  readonly errors: readonly { readonly code: string; readonly longMessage?: string }[];
}

function failure(call: Promise<unknown>): Promise<readonly [number, string | undefined] | undefined> {
  return call.then(() => undefined).catch(({ status, errors }: ClerkFailure) => [status, errors[0]?.code] as const);
}

describe('Users', () => {
  it('are created, found, changed, listed and deleted, over a restart', async () => {
    const { users } = client();
    const made = await users.createUser({
      emailAddress: ['agent1@staging.test'],
      password: 'correct horse battery',
      firstName: 'Ada',
      externalId: 'ext-1',
      publicMetadata: { role: 'agent' },
    });
    const other = await users.createUser({ emailAddress: ['agent2@staging.test'] });
    await users.updateUser(made.id, { lastName: 'Lovelace' });
    await clerk.restart();
    const again = client().users;
    const found = await again.getUserList({ emailAddress: ['agent1@staging.test'] });
    const list = await again.getUserList({ limit: 1 });
    await again.deleteUser(other.id);

    expect(made).toMatchObject({ passwordEnabled: true, primaryEmailAddress: { emailAddress: 'agent1@staging.test' } });
    expect(found.data).toEqual([expect.objectContaining({ id: made.id, lastName: 'Lovelace', publicMetadata: { role: 'agent' } })]);
    expect([list.totalCount, list.data.length, list.data[0]?.id]).toEqual([2, 1, other.id]);
    expect(await failure(again.getUser(other.id))).toEqual([404, 'resource_not_found']);
    expect((await again.getUser(made.id)).externalId).toBe('ext-1');
  });

  it('are refused as the vendor refuses them', async () => {
    const { users } = client();

    expect(await failure(users.createUser({ emailAddress: ['agent1@staging.test'] }))).toEqual([422, 'form_identifier_exists']);
    expect(await failure(users.createUser({ emailAddress: ['no address'] }))).toEqual([422, 'form_param_format_invalid']);
    expect(await failure(users.createUser({}))).toEqual([422, 'form_data_missing']);
    expect(await failure(users.createUser({ emailAddress: ['a@b.test'], password: 'short' }))).toEqual([
      422,
      'form_password_length_too_short',
    ]);
    expect(await failure(client(clerk, 'sk_test_wrong').users.getCount())).toEqual([401, 'clerk_key_invalid']);
    expect((await fetch(`${clerk.url()}/v1/users`)).status).toBe(401);
    const wrong = await fetch(`${clerk.url()}/v1/organizations`, {
      headers: { authorization: `Bearer ${clerk.service().issued.secretKey}` },
    });
    expect(await wrong.json()).toMatchObject({
      errors: [{ code: 'resource_not_found', long_message: expect.stringContaining('not emulated') }],
    });
  });
});

describe('Sessions', () => {
  it('give a client without a browser a token that verifies, for a minute, until they are revoked', async () => {
    const user = await client().users.createUser({ emailAddress: ['session@staging.test'] });
    const session = await client().sessions.createSession({ userId: user.id });
    const { jwt } = await client().sessions.getToken(session.id);
    const claims = await verified(jwt);
    await clerk.restart();
    const after = await verified(jwt);
    await client().sessions.revokeSession(session.id);

    expect(claims).toMatchObject({ sub: user.id, sid: session.id, sts: 'active' });
    expect(claims.exp - claims.iat).toBe(60);
    expect(after.sub).toBe(user.id);
    expect(await failure(client().sessions.getToken(session.id))).toEqual([400, 'session_not_active']);
  });

  it('begin with a ticket too, once', async () => {
    const user = await client().users.createUser({ emailAddress: ['ticket@staging.test'] });
    const ticket = await client().signInTokens.createSignInToken({ userId: user.id, expiresInSeconds: 60 });
    const signIn = async () => {
      const body = new URLSearchParams({ strategy: 'ticket', ticket: ticket.token });
      const response = await fetch(`${clerk.url()}/v1/client/sign_ins`, { method: 'POST', body });
      return { status: response.status, body: JSON.parse(await response.text()) };
    };
    const first = await signIn();
    const second = await signIn();
    const { jwt } = first.body.client.sessions[0].last_active_token;

    expect(await verified(jwt)).toMatchObject({ sub: user.id, sid: first.body.response.created_session_id });
    expect([second.status, second.body.errors[0].code]).toEqual([400, 'ticket_invalid_code']);
  });

  it('hand out testing tokens', async () => {
    // The client leaves this answer as it is.
    const answer: { token: string; expires_at: number } = JSON.parse(JSON.stringify(await client().testingTokens.createTestingToken()));

    expect(answer.token.length).toBeGreaterThan(40);
    expect(answer.expires_at).toBeGreaterThan(Date.now() / 1000);
  });
});

describe('A live instance', () => {
  it('is another one: own keys, own users, no sessions for tests', async () => {
    const { secretKey, publishableKey } = live.service().issued;
    const made = await client(live).users.createUser({ emailAddress: ['real@customer.test'] });
    const instance = await client(live).instance.get();
    const session = await client().sessions.createSession({ userId: (await client().users.getUserList()).data[0]?.id ?? '' });
    const { jwt } = await client().sessions.getToken(session.id);

    expect([secretKey.slice(0, 8), publishableKey.slice(0, 8)]).toEqual(['sk_live_', 'pk_live_']);
    expect(instance).toMatchObject({ environmentType: 'production' });
    expect((await client().instance.get()).environmentType).toBe('development');
    expect(await failure(client().users.getUser(made.id))).toEqual([404, 'resource_not_found']);
    expect((await failure(client(live).sessions.createSession({ userId: made.id })))?.[0]).toBe(403);
    expect(await failure(client(live, clerk.service().issued.secretKey).users.getCount())).toEqual([401, 'clerk_key_invalid']);
    await expect(verified(jwt, live)).rejects.toThrow();
    expect(decodeJwt(jwt).iss).toMatch(/^https:\/\/jv-local-.*\.clerk\.accounts\.dev$/);
  });
});
