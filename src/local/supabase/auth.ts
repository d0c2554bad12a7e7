import { Hono, type Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { userStore, type Session, type UserChange, type UserRow, type UserStore } from './auth-users.ts';
import type { Sql } from './cluster.ts';
import { checkToken, claimsOfKey, signToken, type Claims, type ProjectKeys } from './keys.ts';

/** What the Auth API of one project works with. */
export interface AuthOptions {
  /** A pool logged in as supabase_auth_admin. */
  readonly sql: Sql;
  /** Read on each request. */
  readonly keys: () => ProjectKeys;
  /** The project's own address, for the tokens' issuer. */
  readonly url: string;
}

/** GoTrue's error: an HTTP status, its error code, and its message. */
class AuthError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: ContentfulStatusCode, code: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
  }
}

/** From this version on an error is `{code, message}`; before it is `{code: status, error_code, msg}` (supabase/auth, internal/api/errors.go). */
const codedErrorsVersion = '2024-01-01';
const accessTokenSeconds = 3600;
const passwordMinimum = 6;
const passwordMaximumBytes = 72;

const metadata = z.record(z.string(), z.unknown());
const credentialsBody = z.object({ email: z.string().optional(), phone: z.string().optional(), password: z.string().optional(), data: metadata.nullish() });
const refreshBody = z.object({ refresh_token: z.string() });
const userBody = z.object({
  id: z.string().optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  password: z.string().optional(),
  password_hash: z.string().optional(),
  email_confirm: z.boolean().optional(),
  phone_confirm: z.boolean().optional(),
  role: z.string().optional(),
  user_metadata: metadata.nullish(),
  app_metadata: metadata.nullish(),
  ban_duration: z.string().optional(),
  data: metadata.nullish(),
});
const removeBody = z.object({ should_soft_delete: z.boolean().optional() });

/**
 * Returns GoTrue's sign-up, sign-in, session and admin endpoints over a project's `auth` schema. New users are confirmed at once: the
 * local cloud sends no mail. Every other endpoint answers 404 and is named as not emulated.
 */
export function authApi(options: AuthOptions): Hono {
  const users = userStore(options.sql);
  const app = new Hono();
  app.onError((error, c) => answerError(error, c));
  app.get('/health', (c) => c.json({ version: 'v2.180.0', name: 'GoTrue', description: 'GoTrue is a user registration and authentication API' }));
  app.get('/settings', (c) => c.json(settings));
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
  app.all('*', (c) => {
    throw new AuthError(404, 'not_found', `${c.req.method} ${c.req.path} is not emulated by the local cloud`);
  });
  return app;
}

const settings = {
  external: { anonymous_users: false, email: true, phone: false },
  disable_signup: false,
  mailer_autoconfirm: true,
  phone_autoconfirm: false,
  sms_provider: '',
  saml_enabled: false,
};

function addAdmin(app: Hono, users: UserStore, options: AuthOptions): void {
  app.use('/admin/*', async (c, next) => {
    const claims = await bearerClaims(options, c);
    if (claims['role'] !== 'service_role' && claims['role'] !== 'supabase_admin') throw new AuthError(403, 'not_admin', 'User not allowed');
    await next();
  });
  app.get('/admin/users', async (c) => {
    const page = positive(c.req.query('page'), 1);
    const perPage = Math.min(positive(c.req.query('per_page'), 50), 1000);
    const { users: found, total } = await users.list(page, perPage);
    const last = Math.max(1, Math.ceil(total / perPage));
    const link = (to: number, rel: string) => `<${options.url}/auth/v1/admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`;
    c.header('x-total-count', `${total}`);
    // auth-js reads the page number as the first query value of each link.
    c.header('link', [...(page < last ? [link(page + 1, 'next')] : []), link(last, 'last')].join(', '));
    return c.json({ users: found.map(userAnswer), aud: 'authenticated' });
  });
  app.post('/admin/users', async (c) => {
    const change = adminChange(await body(c, userBody));
    if (change.email === undefined && change.phone === undefined) {
      throw new AuthError(400, 'validation_failed', 'Cannot create a user without either an email or phone');
    }
    assertPassword(change.password);
    if (change.id !== undefined && !isUuid(change.id)) throw new AuthError(400, 'validation_failed', 'ID must conform to the uuid v4 format');
    return c.json(userAnswer(await createUser(users, change)));
  });
  app.get('/admin/users/:id', async (c) => c.json(userAnswer(await existing(users, c.req.param('id')))));
  app.put('/admin/users/:id', async (c) => {
    const user = await existing(users, c.req.param('id'));
    const change = adminChange(await body(c, userBody));
    assertPassword(change.password);
    return c.json(userAnswer(await updateUser(users, user.id, change)));
  });
  app.delete('/admin/users/:id', async (c) => {
    const user = await existing(users, c.req.param('id'));
    const { should_soft_delete: soft } = await body(c, removeBody);
    await users.remove(user.id, soft === true);
    return c.json({});
  });
}

async function signUp(users: UserStore, options: AuthOptions, c: Context): Promise<Response> {
  const wanted = await body(c, credentialsBody);
  if (wanted.email === undefined || wanted.email === '') throw new AuthError(422, 'anonymous_provider_disabled', 'Anonymous sign-ins are disabled');
  assertEmail(wanted.email);
  if (wanted.password === undefined || wanted.password === '') throw new AuthError(400, 'validation_failed', 'Signup requires a valid password');
  assertPassword(wanted.password);
  if ((await users.findByEmail(wanted.email)) !== undefined) throw new AuthError(422, 'user_already_exists', 'User already registered');
  const user = await createUser(users, {
    email: wanted.email,
    password: wanted.password,
    emailConfirmed: true,
    userMetadata: wanted.data ?? {},
  });
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
  assertPassword(wanted.password);
  const change: UserChange = {
    email: wanted.email,
    password: wanted.password,
    userMetadata: wanted.data ?? undefined,
    emailConfirmed: wanted.email === undefined ? undefined : true,
  };
  if (wanted.password !== undefined && user.email !== null && (await users.findByPassword({ email: user.email }, wanted.password)) !== undefined) {
    throw new AuthError(422, 'same_password', 'New password should be different from the old password.');
  }
  return c.json(userAnswer(await updateUser(users, user.id, change)));
}

async function createUser(users: UserStore, change: UserChange): Promise<UserRow> {
  if (change.email !== undefined) assertEmail(change.email);
  return users.create(change).catch((error: unknown) => {
    throw taken(error);
  });
}

async function updateUser(users: UserStore, id: string, change: UserChange): Promise<UserRow> {
  if (change.email !== undefined) assertEmail(change.email);
  const user = await users.update(id, change).catch((error: unknown) => {
    throw taken(error);
  });
  if (user === undefined) throw new AuthError(404, 'user_not_found', 'User not found');
  return user;
}

/** Turns a broken unique index into GoTrue's word for it; anything else stays what it is. */
function taken(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== '23505') return error;
  return new AuthError(422, 'email_exists', 'A user with this email address has already been registered');
}

async function sessionAnswer(users: UserStore, options: AuthOptions, c: Context, userId: string): Promise<Record<string, unknown>> {
  const session = await users.startSession(userId, c.req.header('user-agent') ?? '');
  return tokenAnswer(options, await existing(users, userId), session);
}

async function tokenAnswer(options: AuthOptions, user: UserRow, session: Session): Promise<Record<string, unknown>> {
  const nowS = Math.floor(Date.now() / 1000);
  const accessToken = await signToken(options.keys().jwtSecret, {
    iss: `${options.url}/auth/v1`,
    sub: user.id,
    aud: 'authenticated',
    exp: nowS + accessTokenSeconds,
    iat: nowS,
    email: user.email ?? '',
    phone: user.phone ?? '',
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    role: user.role ?? 'authenticated',
    aal: 'aal1',
    amr: [{ method: 'password', timestamp: nowS }],
    session_id: session.id,
    is_anonymous: user.is_anonymous,
  });
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: accessTokenSeconds,
    expires_at: nowS + accessTokenSeconds,
    refresh_token: session.refreshToken,
    user: userAnswer(user),
  };
}

function userAnswer(user: UserRow): Record<string, unknown> {
  const at = (date: Date | null) => date?.toISOString() ?? null;
  return {
    id: user.id,
    aud: user.aud ?? 'authenticated',
    role: user.role ?? 'authenticated',
    email: user.email ?? '',
    ...(user.email_confirmed_at === null ? {} : { email_confirmed_at: at(user.email_confirmed_at) }),
    phone: user.phone ?? '',
    ...(user.phone_confirmed_at === null ? {} : { phone_confirmed_at: at(user.phone_confirmed_at) }),
    ...(user.confirmed_at === null ? {} : { confirmed_at: at(user.confirmed_at) }),
    ...(user.last_sign_in_at === null ? {} : { last_sign_in_at: at(user.last_sign_in_at) }),
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    identities: user.identities,
    created_at: at(user.created_at),
    updated_at: at(user.updated_at),
    ...(user.banned_until === null ? {} : { banned_until: at(user.banned_until) }),
    is_anonymous: user.is_anonymous,
  };
}

async function bearerClaims(options: AuthOptions, c: Context): Promise<Claims> {
  const token = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
  const keys = options.keys();
  // Keys of the new scheme are no tokens, but stand for a role.
  const checked = token.startsWith('sb_') ? { claims: claimsOfKey(keys, token) ?? {} } : await checkToken(keys.jwtSecret, token);
  if ('claims' in checked) return checked.claims;
  const why = checked.problem === 'expired' ? 'token has invalid claims: token is expired' : 'token signature is invalid: signature is invalid';
  throw new AuthError(403, 'bad_jwt', `invalid JWT: unable to parse or verify signature, ${why}`);
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

async function existing(users: UserStore, id: string): Promise<UserRow> {
  if (!isUuid(id)) throw new AuthError(404, 'validation_failed', 'user_id must be an UUID');
  const user = await users.find(id);
  if (user === undefined) throw new AuthError(404, 'user_not_found', 'User not found');
  return user;
}

function adminChange(wanted: z.infer<typeof userBody>): UserChange {
  return {
    id: wanted.id,
    email: wanted.email,
    phone: wanted.phone,
    password: wanted.password,
    passwordHash: wanted.password_hash,
    emailConfirmed: wanted.email_confirm,
    phoneConfirmed: wanted.phone_confirm,
    role: wanted.role,
    userMetadata: wanted.user_metadata ?? undefined,
    appMetadata: wanted.app_metadata ?? undefined,
    bannedUntil: wanted.ban_duration === undefined ? undefined : bannedUntil(wanted.ban_duration),
  };
}

/** Reads a Go duration (`24h`, `1h30m`, `300ms`) or `none`. */
function bannedUntil(text: string): Date | null {
  if (text === 'none') return null;
  const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.map((part) => part[0]).join('') !== text) throw new AuthError(400, 'validation_failed', `invalid format for ban duration: ${text}`);
  return new Date(Date.now() + parts.reduce((sum, part) => sum + Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0), 0));
}

function assertEmail(email: string): void {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    throw new AuthError(400, 'validation_failed', 'Unable to validate email address: invalid format');
  }
}

function assertPassword(password: string | undefined): void {
  if (password === undefined) return;
  if (Buffer.byteLength(password) > passwordMaximumBytes) {
    throw new AuthError(400, 'validation_failed', `Password cannot be longer than ${passwordMaximumBytes} characters`);
  }
  if (password.length >= passwordMinimum) return;
  throw new AuthError(422, 'weak_password', `Password should be at least ${passwordMinimum} characters.`, { weak_password: { reasons: ['length'] } });
}

async function body<Shape extends z.ZodType>(c: Context, shape: Shape): Promise<z.infer<Shape>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new AuthError(400, 'bad_json', 'Could not parse request body as JSON');
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AuthError(400, 'validation_failed', z.prettifyError(parsed.error));
}

function answerError(error: unknown, c: Context): Response {
  const known = error instanceof AuthError ? error : new AuthError(500, 'unexpected_failure', 'Unexpected failure, please check server logs for more information');
  const asked = c.req.header('x-supabase-api-version') ?? '';
  c.header('x-sb-error-code', known.code);
  if (asked >= codedErrorsVersion) {
    c.header('x-supabase-api-version', codedErrorsVersion);
    return c.json({ code: known.code, message: known.message, ...known.extra }, known.status);
  }
  return c.json({ code: known.status, error_code: known.code, msg: known.message, ...known.extra }, known.status);
}

function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : otherwise;
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}
