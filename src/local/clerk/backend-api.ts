import { Hono, type Context } from 'hono';
import { randomHex } from '../issued.ts';
import { isLoopbackHost } from '../loopback.ts';
import { fieldsOf, numberIn, textIn, tokenOf } from '../requests.ts';
import { sameSecret } from '../same-secret.ts';
import { ClerkError, errorBody, notFound } from './error.ts';
import { sessionAnswer, sessionToken, startSession, type ClerkInstance, type SignInToken } from './instance.ts';
import { changesOf, newUser, userAnswer, type ClerkUser } from './users.ts';

/**
 * Returns the part of Clerk's Backend API (clerk.com/docs/reference/backend-api, read 2026-11-22) that tests and seeds use, and of its
 * Frontend API the sign-in by ticket. Other routes answer 404 and say so.
 */
export function clerkApi(instance: ClerkInstance, log: (line: string) => void): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof ClerkError) return c.json(errorBody(error, randomHex(16)), error.status);
    log(`${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.json({ errors: [{ message: 'internal error', long_message: 'internal error', code: 'internal_clerk_error' }] }, 500);
  });
  app.use(async (c, next) => {
    if (!isLoopbackHost(c.req.header('host'))) throw new ClerkError(421, 'host_invalid', 'Invalid host');
    // The Frontend API is for browsers: it takes the ticket instead of the secret key.
    if (!c.req.path.startsWith('/v1/client/')) authorise(c, instance);
    await next();
  });
  addUsers(app, instance);
  addSessions(app, instance);
  addTickets(app, instance);
  app.get('/v1/jwks', async (c) => c.json(await instance.key.keySet()));
  app.get('/v1/instance', (c) =>
    c.json({
      object: 'instance',
      id: instance.issued.instanceId,
      environment_type: instance.mode === 'live' ? 'production' : 'development',
      allowed_origins: null,
    }),
  );
  app.notFound((c) => {
    const long = `${c.req.method} ${c.req.path} is not emulated by the local cloud.`;
    return c.json(errorBody(new ClerkError(404, 'resource_not_found', 'not found', { long }), randomHex(16)), 404);
  });
  return app;
}

function authorise(c: Context, { issued, mode }: ClerkInstance): void {
  const token = tokenOf(c);
  if (sameSecret(token, issued.secretKey)) return;
  const other = mode === 'live' ? 'sk_test_' : 'sk_live_';
  const long = token.startsWith(other)
    ? `The provided Clerk Secret Key is of another environment than this ${mode} instance.`
    : 'The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.';
  if (token === '') {
    throw new ClerkError(401, 'authentication_invalid', 'Invalid authentication', {
      long: 'Unable to authenticate the request, you need to supply an active session or a Secret Key.',
    });
  }
  throw new ClerkError(401, 'clerk_key_invalid', 'The provided Clerk Secret Key is invalid.', { long });
}

function userOf({ users }: ClerkInstance, id: string): ClerkUser {
  const user = users.get(id);
  if (user === undefined) throw notFound('user', id);
  return user;
}

async function bodyOf(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const fields = await fieldsOf(c);
  if (fields === undefined) throw new ClerkError(400, 'request_body_invalid', 'Request body invalid');
  return fields;
}

function addUsers(app: Hono, instance: ClerkInstance): void {
  const { users, sessions } = instance;
  app.get('/v1/users/count', (c) => c.json({ object: 'total_count', total_count: found(c, instance).length }));
  app.get('/v1/users', (c) => {
    const offset = numberIn(c, 'offset', 0, { from: 0, to: Number.MAX_SAFE_INTEGER });
    const limit = numberIn(c, 'limit', 10, { from: 1, to: 500 });
    return c.json(
      found(c, instance)
        .slice(offset, offset + limit)
        .map(userAnswer),
    );
  });
  app.post('/v1/users', async (c) => {
    const user = newUser(await bodyOf(c), users, Date.now());
    await users.put(user.id, user);
    return c.json(userAnswer(user));
  });
  app.get('/v1/users/:id', (c) => c.json(userAnswer(userOf(instance, c.req.param('id')))));
  app.patch('/v1/users/:id', async (c) => {
    const user = userOf(instance, c.req.param('id'));
    const changed = { ...user, ...changesOf(await bodyOf(c), user), updatedAt: Date.now() };
    await users.put(user.id, changed);
    return c.json(userAnswer(changed));
  });
  app.delete('/v1/users/:id', async (c) => {
    const { id } = userOf(instance, c.req.param('id'));
    await users.delete(id);
    for (const session of sessions.all()) if (session.userId === id) await sessions.delete(session.id);
    return c.json({ object: 'user', id, deleted: true });
  });
}

/** The users that the query asks for: newest first, as the vendor's default order. */
function found(c: Context, { users }: ClerkInstance): readonly ClerkUser[] {
  const [addresses = [], ids = [], externalIds = []] = ['email_address', 'user_id', 'external_id'].map((name) =>
    [...(c.req.queries(name) ?? []), ...(c.req.queries(`${name}[]`) ?? [])].flatMap((text) => text.split(',')),
  );
  const query = c.req.query('query')?.toLowerCase();
  return users
    .all()
    .toReversed()
    .filter(
      (user) =>
        (ids.length === 0 || ids.includes(user.id)) &&
        (externalIds.length === 0 || externalIds.includes(user.externalId ?? '')) &&
        (addresses.length === 0 || user.emails.some(({ address }) => addresses.includes(address))) &&
        (query === undefined || JSON.stringify([user.emails, user.firstName, user.lastName, user.id]).toLowerCase().includes(query)),
    );
}

function addSessions(app: Hono, instance: ClerkInstance): void {
  const { sessions } = instance;
  const sessionOf = (id: string) => {
    const session = sessions.get(id);
    if (session === undefined) throw notFound('session', id);
    return session;
  };
  app.post('/v1/sessions', async (c) => {
    if (instance.mode === 'live') {
      throw new ClerkError(403, 'operation_not_allowed_on_production_instance', 'Not allowed on a production instance', {
        long: 'Sessions can be created for tests alone, and this is a production instance.',
      });
    }
    const userId = textIn(await bodyOf(c), 'user_id') ?? '';
    return c.json(sessionAnswer(await startSession(instance, userOf(instance, userId).id)));
  });
  app.get('/v1/sessions', (c) => {
    const userId = c.req.query('user_id');
    return c.json(
      sessions
        .all()
        .filter((session) => userId === undefined || session.userId === userId)
        .map(sessionAnswer),
    );
  });
  app.get('/v1/sessions/:id', (c) => c.json(sessionAnswer(sessionOf(c.req.param('id')))));
  app.post('/v1/sessions/:id/revoke', async (c) => {
    const revoked = { ...sessionOf(c.req.param('id')), status: 'revoked' as const };
    await sessions.put(revoked.id, revoked);
    return c.json(sessionAnswer(revoked));
  });
  app.post('/v1/sessions/:id/tokens', async (c) => {
    const seconds = Number((await fieldsOf(c))?.['expires_in_seconds'] ?? Number.NaN);
    const jwt = await sessionToken(instance, c.req.param('id'), Number.isInteger(seconds) && seconds > 0 ? seconds : undefined);
    return c.json({ object: 'token', jwt });
  });
}

function addTickets(app: Hono, instance: ClerkInstance): void {
  const { signInTokens } = instance;
  app.post('/v1/testing_tokens', (c) =>
    c.json({
      object: 'testing_token',
      token: `${Math.floor(Date.now() / 1000)}-${randomHex(32)}`,
      expires_at: Math.floor(Date.now() / 1000) + 3600,
    }),
  );
  app.post('/v1/sign_in_tokens', async (c) => {
    const fields = await bodyOf(c);
    const user = userOf(instance, textIn(fields, 'user_id') ?? '');
    const createdAt = Date.now();
    const expiresAt = createdAt + 1000 * Number(fields['expires_in_seconds'] ?? 2_592_000);
    const ticket: SignInToken = {
      id: `sit_${randomHex(14)}`,
      userId: user.id,
      token: randomHex(48),
      status: 'pending',
      createdAt,
      expiresAt,
    };
    await signInTokens.put(ticket.id, ticket);
    return c.json(ticketAnswer(instance, ticket));
  });
  app.post('/v1/sign_in_tokens/:id/revoke', async (c) => {
    const ticket = signInTokens.get(c.req.param('id'));
    if (ticket === undefined) throw notFound('sign in token', c.req.param('id'));
    const revoked: SignInToken = { ...ticket, status: 'revoked' };
    await signInTokens.put(ticket.id, revoked);
    return c.json(ticketAnswer(instance, revoked));
  });
  app.post('/v1/client/sign_ins', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    if (form.get('strategy') !== 'ticket') throw new ClerkError(422, 'strategy_for_user_invalid', 'Invalid verification strategy');
    const ticket = signInTokens.all().find(({ token }) => sameSecret(token, form.get('ticket') ?? ''));
    if (ticket === undefined || ticket.status !== 'pending') throw new ClerkError(400, 'ticket_invalid_code', 'Ticket is invalid');
    if (ticket.expiresAt < Date.now()) throw new ClerkError(400, 'ticket_expired_code', 'Ticket is expired');
    await signInTokens.put(ticket.id, { ...ticket, status: 'accepted' });
    const session = await startSession(instance, ticket.userId);
    const token = { object: 'token', jwt: await sessionToken(instance, session.id) };
    return c.json({
      response: { object: 'sign_in_attempt', id: `sia_${randomHex(14)}`, status: 'complete', created_session_id: session.id },
      client: { object: 'client', sessions: [{ ...sessionAnswer(session), last_active_token: token }], last_active_session_id: session.id },
    });
  });
}

function ticketAnswer({ issued }: ClerkInstance, ticket: SignInToken) {
  return {
    object: 'sign_in_token',
    id: ticket.id,
    user_id: ticket.userId,
    token: ticket.token,
    status: ticket.status,
    url: `https://${issued.frontendHost}/v1/tickets/accept?ticket=${ticket.token}`,
    created_at: ticket.createdAt,
    updated_at: ticket.createdAt,
  };
}
