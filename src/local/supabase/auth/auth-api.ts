import { Hono, type Context } from 'hono';
import { z } from 'zod';
import type { AuthSettings } from '../auth-settings.ts';
import type { Claims } from '../keys.ts';
import { addAdmin } from './admin-api.ts';
import { answerError, AuthError, body } from './auth-error.ts';
import { bearerClaims, tokenAnswer, userAnswer, type AuthOptions } from './tokens.ts';
import { assertEmail, assertPassword, createUser, existing, isUuid, metadata, updateUser, userBody } from './user-rules.ts';
import { userStore, type UserChange, type UserRow, type UserStore } from './users.ts';

const credentialsBody = z.object({
  email: z.string().optional(),
  phone: z.string().optional(),
  password: z.string().optional(),
  data: metadata.nullish(),
});
const refreshBody = z.object({ refresh_token: z.string() });
/**
 * Returns GoTrue's sign-up, sign-in, session and admin endpoints over a project's `auth` schema. New users are confirmed at once,
 * unless the project's settings say otherwise: the local cloud sends no mail. Every other endpoint answers 404 and is named as not emulated.
 */
export function authApi(options: AuthOptions): Hono {
  const users = userStore(options.sql);
  const app = new Hono();
  app.onError((error, c) => answerError(error, c));
  app.get('/health', (c) =>
    c.json({ version: 'v2.180.0', name: 'GoTrue', description: 'GoTrue is a user registration and authentication API' }),
  );
  app.get('/settings', (c) => c.json(settingsAnswer(options.settings())));
  app.get('/.well-known/jwks.json', (c) => c.json({ keys: [] }));
  app.post('/signup', async (c) => signUp(users, options, c));
  app.post('/token', async (c) => signIn(users, options, c));
  app.get('/user', async (c) => {
    const { user } = await signedIn(users, options, c);
    return c.json(userAnswer(user));
  });
  app.put('/user', async (c) => changeOwnUser(users, options, c));
  app.post('/logout', async (c) => {
    const { user, claims } = await signedIn(users, options, c);
    const scope = z.enum(['global', 'local', 'others']).catch('global').parse(c.req.query('scope'));
    await users.endSessions(user.id, sessionOf(claims), scope);
    return c.body(null, 204);
  });
  addAdmin(app, users, options);
  app.all('*', notEmulated);
  return app;
}

function notEmulated(c: Context): never {
  throw new AuthError(404, 'not_found', `${c.req.method} ${c.req.path} is not emulated by the local cloud`);
}

function settingsAnswer(settings: AuthSettings) {
  return {
    external: { anonymous_users: false, email: settings.emailEnabled, phone: false },
    disable_signup: settings.disableSignup,
    mailer_autoconfirm: settings.autoconfirm,
    phone_autoconfirm: false,
    sms_provider: '',
    saml_enabled: false,
  };
}

async function signUp(users: UserStore, options: AuthOptions, c: Context): Promise<Response> {
  const wanted = await body(c, credentialsBody);
  const { disableSignup, emailEnabled, autoconfirm } = options.settings();
  if (disableSignup) throw new AuthError(422, 'signup_disabled', 'Signups not allowed for this instance');
  if (wanted.email !== undefined && wanted.email !== '' && !emailEnabled)
    throw new AuthError(400, 'email_provider_disabled', 'Email signups are disabled');
  if (wanted.email === undefined || wanted.email === '')
    throw new AuthError(422, 'anonymous_provider_disabled', 'Anonymous sign-ins are disabled');
  assertEmail(wanted.email);
  if (wanted.password === undefined || wanted.password === '')
    throw new AuthError(400, 'validation_failed', 'Signup requires a valid password');
  assertPassword(wanted.password, options.settings().passwordMinLength);
  if ((await users.findByEmail(wanted.email)) !== undefined) throw new AuthError(422, 'user_already_exists', 'User already registered');
  const user = await createUser(users, {
    email: wanted.email,
    password: wanted.password,
    emailConfirmed: autoconfirm,
    userMetadata: wanted.data ?? {},
  });
  // Who is not confirmed gets no session, only the user; an administrator confirms, for no mail is sent here.
  if (!autoconfirm) return c.json(userAnswer(user));
  return c.json(await sessionAnswer(users, options, c, user.id));
}

async function signIn(users: UserStore, options: AuthOptions, c: Context): Promise<Response> {
  const grant = c.req.query('grant_type');
  if (grant === 'password') {
    const { email, phone, password } = await body(c, credentialsBody);
    if ((email ?? phone ?? '') === '') throw new AuthError(400, 'validation_failed', 'missing email or phone');
    const user = await users.findByPassword(email !== undefined && email !== '' ? { email } : { phone: phone ?? '' }, password ?? '');
    if (user === undefined) throw new AuthError(400, 'invalid_credentials', 'Invalid login credentials');
    if (user.confirmed_at === null) throw new AuthError(400, 'email_not_confirmed', 'Email not confirmed');
    if (user.banned_until !== null && user.banned_until.getTime() > Date.now()) throw new AuthError(400, 'user_banned', 'User is banned');
    return c.json(await sessionAnswer(users, options, c, user.id));
  }
  if (grant === 'refresh_token') {
    const { refresh_token: token } = await body(c, refreshBody);
    const session = await users.renewSession(token);
    if (session === undefined) throw new AuthError(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
    return c.json(await tokenAnswer(options, await existing(users, session.userId), session));
  }
  throw new AuthError(400, 'unsupported_grant_type', 'unsupported_grant_type');
}

async function changeOwnUser(users: UserStore, options: AuthOptions, c: Context): Promise<Response> {
  const { user } = await signedIn(users, options, c);
  const wanted = await body(c, userBody);
  assertPassword(wanted.password, options.settings().passwordMinLength);
  const change: UserChange = {
    email: wanted.email,
    password: wanted.password,
    userMetadata: wanted.data ?? undefined,
    emailConfirmed: wanted.email === undefined ? undefined : true,
  };
  if (
    wanted.password !== undefined &&
    user.email !== null &&
    (await users.findByPassword({ email: user.email }, wanted.password)) !== undefined
  ) {
    throw new AuthError(422, 'same_password', 'New password should be different from the old password.');
  }
  return c.json(userAnswer(await updateUser(users, user.id, change)));
}

async function sessionAnswer(users: UserStore, options: AuthOptions, c: Context, userId: string): Promise<Record<string, unknown>> {
  const session = await users.startSession(userId, c.req.header('user-agent') ?? '');
  return tokenAnswer(options, await existing(users, userId), session);
}

async function signedIn(users: UserStore, options: AuthOptions, c: Context): Promise<{ readonly user: UserRow; readonly claims: Claims }> {
  const claims = await bearerClaims(options, c);
  const id = claims['sub'];
  if (typeof id !== 'string' || !isUuid(id)) throw new AuthError(403, 'bad_jwt', 'invalid claim: missing sub claim');
  const user = await users.find(id);
  if (user === undefined) throw new AuthError(403, 'user_not_found', 'User from sub claim in JWT does not exist');
  const session = sessionOf(claims);
  if (session !== undefined && !(await users.hasSession(session))) {
    throw new AuthError(403, 'session_not_found', 'Session from session_id claim in JWT does not exist');
  }
  return { user, claims };
}

function sessionOf(claims: Claims): string | undefined {
  const id = claims['session_id'];
  return typeof id === 'string' && isUuid(id) ? id : undefined;
}
