import type { Context } from 'hono';
import type { Sql } from '../connections.ts';
import type { AuthSettings } from '../auth-settings.ts';
import { checkToken, claimsOfKey, signToken, type Claims, type ProjectKeys } from '../keys.ts';
import { AuthError } from './auth-error.ts';
import type { Session, UserRow } from './users.ts';

/** What the Auth API of one project works with. */
export interface AuthOptions {
  /** A pool logged in as supabase_auth_admin. */
  readonly sql: Sql;
  /** Read on each request. */
  readonly keys: () => ProjectKeys;
  /** Read on each request, as the keys. */
  readonly settings: () => AuthSettings;
  /** The project's own address, for the tokens' issuer. */
  readonly url: string;
}

/** Returns GoTrue's answer to a sign-in: tokens and the user. */
export async function tokenAnswer(options: AuthOptions, user: UserRow, session: Session): Promise<Record<string, unknown>> {
  const nowS = Math.floor(Date.now() / 1000);
  const { accessTokenSeconds } = options.settings();
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

/** Returns a user as GoTrue shows it; what is not set is left out. */
export function userAnswer(user: UserRow): Record<string, unknown> {
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

/** Returns the claims of the request's bearer token; throws an `AuthError` when there is none or it does not count. */
export async function bearerClaims(options: AuthOptions, c: Context): Promise<Claims> {
  const token = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
  const keys = options.keys();
  // Keys of the new scheme are no tokens, but stand for a role.
  const checked = token.startsWith('sb_') ? { claims: claimsOfKey(keys, token) ?? {} } : await checkToken(keys.jwtSecret, token);
  if ('claims' in checked) return checked.claims;
  const why =
    checked.problem === 'expired' ? 'token has invalid claims: token is expired' : 'token signature is invalid: signature is invalid';
  throw new AuthError(403, 'bad_jwt', `invalid JWT: unable to parse or verify signature, ${why}`);
}
