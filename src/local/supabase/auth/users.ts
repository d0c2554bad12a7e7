import { randomBytes, randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import type { Sql } from '../connections.ts';

/** A row of auth.users with its identities, as our queries return it. */
export interface UserRow {
  readonly id: string;
  readonly aud: string | null;
  readonly role: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly email_confirmed_at: Date | null;
  readonly phone_confirmed_at: Date | null;
  readonly confirmed_at: Date | null;
  readonly last_sign_in_at: Date | null;
  readonly raw_app_meta_data: Record<string, unknown> | null;
  readonly raw_user_meta_data: Record<string, unknown> | null;
  readonly banned_until: Date | null;
  readonly is_anonymous: boolean;
  readonly created_at: Date | null;
  readonly updated_at: Date | null;
  readonly identities: readonly Record<string, unknown>[];
}

/** What a user is created with or changed to; what is undefined stays as it is. */
export interface UserChange {
  readonly id?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly password?: string | undefined;
  /** An existing bcrypt hash, instead of a password. */
  readonly passwordHash?: string | undefined;
  readonly emailConfirmed?: boolean | undefined;
  readonly phoneConfirmed?: boolean | undefined;
  readonly role?: string | undefined;
  readonly userMetadata?: Readonly<Record<string, unknown>> | undefined;
  readonly appMetadata?: Readonly<Record<string, unknown>> | undefined;
  /** Until when sign-in is refused; null lifts it. */
  readonly bannedUntil?: Date | null | undefined;
}

/** A signed-in session: its id and the refresh token that renews it. */
export interface Session {
  readonly id: string;
  readonly refreshToken: string;
}

/** The users of one project, in its `auth` schema. Passwords are bcrypt hashes made by Postgres itself, off our event loop. */
export interface UserStore {
  find(id: string): Promise<UserRow | undefined>;
  findByEmail(email: string): Promise<UserRow | undefined>;
  /** Returns the user when address and password match. */
  findByPassword(identifier: { readonly email: string } | { readonly phone: string }, password: string): Promise<UserRow | undefined>;
  list(page: number, perPage: number): Promise<{ readonly users: readonly UserRow[]; readonly total: number }>;
  create(user: UserChange): Promise<UserRow>;
  update(id: string, change: UserChange): Promise<UserRow | undefined>;
  /** Returns false when there is no such user. A soft deletion keeps the row without its personal data. */
  remove(id: string, soft: boolean): Promise<boolean>;
  startSession(userId: string, userAgent: string): Promise<Session>;
  /** Exchanges a refresh token for the next one; undefined when it is unknown, used or revoked. */
  renewSession(refreshToken: string): Promise<(Session & { readonly userId: string }) | undefined>;
  hasSession(sessionId: string): Promise<boolean>;
  endSessions(userId: string, sessionId: string | undefined, scope: 'global' | 'local' | 'others'): Promise<void>;
}

type Transaction = postgres.TransactionSql;

/** Seconds in which a refresh token that was just used still yields the same successor (GoTrue's reuse interval). */
const reuseSeconds = 10;

/** Returns the users of a project over a pool that is logged in as supabase_auth_admin. */
export function userStore(sql: Sql): UserStore {
  const identities = sql`coalesce((select jsonb_agg(jsonb_build_object('identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id,
    'identity_data', i.identity_data, 'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
    'updated_at', i.updated_at, 'email', i.email) order by i.created_at) from auth.identities i where i.user_id = u.id), '[]'::jsonb)
    as identities`;
  const find = async (id: string) => {
    const [row] = await sql<UserRow[]>`select u.*, ${identities} from auth.users u where u.id = ${id} and u.deleted_at is null`;
    return row;
  };
  const must = async (id: string): Promise<UserRow> => {
    const row = await find(id);
    if (row === undefined) throw new Error(`auth.users has no row ${id} right after writing it.`);
    return row;
  };
  return {
    find,
    findByEmail: async (email) => {
      const [row] = await sql<UserRow[]>`select u.*, ${identities} from auth.users u
        where u.email = ${email.toLowerCase()} and not u.is_sso_user and u.deleted_at is null`;
      return row;
    },
    findByPassword: async (identifier, password) => {
      const who = 'email' in identifier ? sql`u.email = ${identifier.email.toLowerCase()}` : sql`u.phone = ${identifier.phone}`;
      const [row] = await sql<UserRow[]>`select u.*, ${identities} from auth.users u
        where ${who} and not u.is_sso_user and u.deleted_at is null and coalesce(u.encrypted_password, '') <> ''
          and u.encrypted_password = extensions.crypt(${password}, u.encrypted_password)`;
      return row;
    },
    list: async (page, perPage) => {
      const users = await sql<UserRow[]>`select u.*, ${identities} from auth.users u where u.deleted_at is null
        order by u.created_at desc, u.id limit ${perPage} offset ${(page - 1) * perPage}`;
      const [count] = await sql<{ total: number }[]>`select count(*)::int as total from auth.users where deleted_at is null`;
      return { users: [...users], total: count?.total ?? 0 };
    },
    create: async (user) => {
      const id = user.id ?? randomUUID();
      await sql.begin((transaction) => insertUser(transaction, id, user));
      return must(id);
    },
    update: async (id, change) => {
      const changed = await sql.begin((transaction) => updateUser(transaction, id, change));
      return changed ? must(id) : undefined;
    },
    remove: (id, soft) => removeUser(sql, id, soft),
    startSession: (userId, userAgent) => sql.begin((transaction) => insertSession(transaction, userId, userAgent)),
    renewSession: (refreshToken) => sql.begin((transaction) => rotateToken(transaction, refreshToken)),
    hasSession: async (sessionId) => {
      const [row] = await sql`select 1 from auth.sessions where id = ${sessionId}`;
      return row !== undefined;
    },
    endSessions: async (userId, sessionId, scope) => {
      if (scope === 'global') await sql`delete from auth.sessions where user_id = ${userId}`;
      else if (sessionId !== undefined && scope === 'local') await sql`delete from auth.sessions where id = ${sessionId}`;
      else if (sessionId !== undefined) await sql`delete from auth.sessions where user_id = ${userId} and id <> ${sessionId}`;
    },
  };
}

/** Bcrypt with cost 10, as GoTrue makes them. */
function hashed(sql: Sql | Transaction, change: UserChange) {
  if (change.passwordHash !== undefined) return sql`${change.passwordHash}`;
  return change.password === undefined ? sql`''` : sql`extensions.crypt(${change.password}, extensions.gen_salt('bf', 10))`;
}

async function insertUser(sql: Transaction, id: string, user: UserChange): Promise<void> {
  const email = user.email?.toLowerCase() ?? null;
  const provider = email === null ? 'phone' : 'email';
  const appMetadata = { provider, providers: [provider], ...user.appMetadata };
  const userMetadata = { ...user.userMetadata, ...(email === null ? {} : { email_verified: user.emailConfirmed === true }) };
  await sql`insert into auth.users (instance_id, id, aud, role, email, phone, encrypted_password, email_confirmed_at, phone_confirmed_at,
      confirmation_token, recovery_token, email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, banned_until,
      created_at, updated_at)
    values ('00000000-0000-0000-0000-000000000000', ${id}, 'authenticated', ${user.role ?? 'authenticated'}, ${email}, ${user.phone ?? null},
      ${hashed(sql, user)}, ${user.emailConfirmed === true ? sql`now()` : null}, ${user.phoneConfirmed === true ? sql`now()` : null},
      '', '', '', '', ${sql.json(json(appMetadata))}, ${sql.json(json(userMetadata))}, ${user.bannedUntil ?? null}, now(), now())`;
  const identity = { sub: id, email, email_verified: user.emailConfirmed === true, phone_verified: user.phoneConfirmed === true };
  await sql`insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    values (${id}, ${id}, ${sql.json(json(identity))}, ${provider}, now(), now(), now())`;
}

async function updateUser(sql: Transaction, id: string, change: UserChange): Promise<boolean> {
  const [row] = await sql`select 1 from auth.users where id = ${id} and deleted_at is null for update`;
  if (row === undefined) return false;
  const email = change.email?.toLowerCase();
  await sql`update auth.users set updated_at = now()
    ${email === undefined ? sql`` : sql`, email = ${email}`}
    ${change.phone === undefined ? sql`` : sql`, phone = ${change.phone}`}
    ${change.password === undefined && change.passwordHash === undefined ? sql`` : sql`, encrypted_password = ${hashed(sql, change)}`}
    ${change.emailConfirmed === true ? sql`, email_confirmed_at = coalesce(email_confirmed_at, now())` : sql``}
    ${change.phoneConfirmed === true ? sql`, phone_confirmed_at = coalesce(phone_confirmed_at, now())` : sql``}
    ${change.role === undefined ? sql`` : sql`, role = ${change.role}`}
    ${change.bannedUntil === undefined ? sql`` : sql`, banned_until = ${change.bannedUntil}`}
    ${change.userMetadata === undefined ? sql`` : sql`, raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || ${sql.json(json(change.userMetadata))}`}
    ${change.appMetadata === undefined ? sql`` : sql`, raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || ${sql.json(json(change.appMetadata))}`}
    where id = ${id}`;
  if (email !== undefined) {
    await sql`update auth.identities set identity_data = identity_data || jsonb_build_object('email', ${email}::text), updated_at = now()
      where user_id = ${id} and provider = 'email'`;
  }
  return true;
}

async function removeUser(sql: Sql, id: string, soft: boolean): Promise<boolean> {
  if (!soft) {
    const rows = await sql`delete from auth.users where id = ${id} returning id`;
    return rows.length > 0;
  }
  const rows = await sql`update auth.users set deleted_at = now(), email = encode(sha256(coalesce(email, '')::bytea), 'hex'), phone = null,
    encrypted_password = '', raw_user_meta_data = '{}', updated_at = now() where id = ${id} and deleted_at is null returning id`;
  await sql`delete from auth.sessions where user_id = ${id}`;
  await sql`delete from auth.identities where user_id = ${id}`;
  return rows.length > 0;
}

async function insertSession(sql: Transaction, userId: string, userAgent: string): Promise<Session> {
  const session = { id: randomUUID(), refreshToken: randomBytes(9).toString('base64url') };
  await sql`insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent)
    values (${session.id}, ${userId}, now(), now(), 'aal1', ${userAgent})`;
  await sql`insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, session_id)
    values ('00000000-0000-0000-0000-000000000000', ${session.refreshToken}, ${userId}, false, now(), now(), ${session.id})`;
  await sql`update auth.users set last_sign_in_at = now(), updated_at = now() where id = ${userId}`;
  return session;
}

async function rotateToken(sql: Transaction, refreshToken: string): Promise<(Session & { readonly userId: string }) | undefined> {
  const [known] = await sql<{ user_id: string; session_id: string; revoked: boolean; recent: boolean }[]>`
    select user_id, session_id, revoked, updated_at > now() - make_interval(secs => ${reuseSeconds}) as recent
    from auth.refresh_tokens where token = ${refreshToken} and session_id is not null for update`;
  if (known === undefined) return undefined;
  const session = { id: known.session_id, userId: known.user_id };
  if (known.revoked) {
    if (!known.recent) return undefined;
    const [successor] = await sql<
      { token: string }[]
    >`select token from auth.refresh_tokens where parent = ${refreshToken} and not revoked`;
    return successor === undefined ? undefined : { ...session, refreshToken: successor.token };
  }
  const next = randomBytes(9).toString('base64url');
  await sql`update auth.refresh_tokens set revoked = true, updated_at = now() where token = ${refreshToken}`;
  await sql`insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
    values ('00000000-0000-0000-0000-000000000000', ${next}, ${known.user_id}, false, now(), now(), ${refreshToken}, ${known.session_id})`;
  await sql`update auth.sessions set refreshed_at = now(), updated_at = now() where id = ${known.session_id}`;
  return { ...session, refreshToken: next };
}

/** Returns the value as JSON has it (what JSON cannot say is left out), in the type that the client wants. */
function json(value: Readonly<Record<string, unknown>>): postgres.JSONValue {
  const copy: postgres.JSONValue = JSON.parse(JSON.stringify(value));
  return copy;
}
