import { randomHex } from '../issued.ts';
import { openCollection, type Collection } from '../store.ts';
import { ClerkError, notFound } from './error.ts';
import type { SigningKey } from './signing-key.ts';
import type { ClerkUser } from './users.ts';

/** Which kind of instance: a live one refuses what is only for tests. */
export type ClerkMode = 'test' | 'live';

/** What an instance issued for itself. */
export interface ClerkIssued {
  readonly instanceId: string;
  readonly secretKey: string;
  readonly publishableKey: string;
  /** Host of the Frontend API, which the tokens name as their issuer. */
  readonly frontendHost: string;
}

/** A session of a user. Times are milliseconds since 1970. */
export interface ClerkSession {
  readonly id: string;
  readonly userId: string;
  readonly status: 'active' | 'revoked';
  readonly createdAt: number;
}

/** A ticket that signs a user in. */
export interface SignInToken {
  readonly id: string;
  readonly userId: string;
  readonly token: string;
  readonly status: 'pending' | 'accepted' | 'revoked';
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** An instance with everything in it. */
export interface ClerkInstance {
  readonly mode: ClerkMode;
  readonly issued: ClerkIssued;
  readonly key: SigningKey;
  readonly users: Collection<ClerkUser>;
  readonly sessions: Collection<ClerkSession>;
  readonly signInTokens: Collection<SignInToken>;
}

/** A session token lives a minute (clerk.com/docs/guides/sessions/session-tokens, read 2026-11-22). */
const sessionTokenS = 60;

/** Opens the collections of an instance. */
export async function openInstance(
  stateDir: string,
  facts: { readonly mode: ClerkMode; readonly issued: ClerkIssued; readonly key: SigningKey },
): Promise<ClerkInstance> {
  return {
    ...facts,
    users: await openCollection<ClerkUser>(stateDir, 'users'),
    sessions: await openCollection<ClerkSession>(stateDir, 'sessions'),
    signInTokens: await openCollection<SignInToken>(stateDir, 'sign-in-tokens'),
  };
}

/** Makes a session of a user, and returns it. */
export async function startSession(instance: ClerkInstance, userId: string): Promise<ClerkSession> {
  const session: ClerkSession = { id: `sess_${randomHex(14)}`, userId, status: 'active', createdAt: Date.now() };
  await instance.sessions.put(session.id, session);
  return session;
}

/** Returns a session token: what the browser sends as the cookie `__session`, and any other client as a bearer token. */
export async function sessionToken(instance: ClerkInstance, sessionId: string, expiresInS = sessionTokenS): Promise<string> {
  const session = instance.sessions.get(sessionId);
  if (session === undefined || !instance.users.get(session.userId)) throw notFound('session', sessionId);
  if (session.status !== 'active') throw new ClerkError(400, 'session_not_active', 'Session is not active');
  const claims = {
    iss: `https://${instance.issued.frontendHost}`,
    sid: session.id,
    sub: session.userId,
    sts: 'active',
    v: 2,
    fva: [0, -1],
  };
  return await instance.key.sign(claims, { atS: Math.floor(Date.now() / 1000), expiresInS });
}

/** Returns a session as the Backend API shows it. */
export function sessionAnswer(session: ClerkSession) {
  const weekMs = 7 * 24 * 60 * 60 * 1000;
  return {
    object: 'session',
    id: session.id,
    client_id: `client_${session.id.slice('sess_'.length)}`,
    user_id: session.userId,
    status: session.status,
    actor: null,
    last_active_organization_id: null,
    last_active_at: session.createdAt,
    expire_at: session.createdAt + weekMs,
    abandon_at: session.createdAt + 4 * weekMs,
    created_at: session.createdAt,
    updated_at: session.createdAt,
  };
}
