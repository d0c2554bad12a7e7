import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { sameSecret } from '../same-secret.ts';

/** Claims of a JSON web token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A publishable or secret key in the new scheme. */
export interface ApiKey {
  readonly id: string;
  readonly type: 'publishable' | 'secret';
  readonly name: string;
  readonly description: string | null;
  readonly key: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** ISO 8601 UTC. */
  readonly updatedAt: string;
  /** Of a secret key: the claims that its requests have. */
  readonly jwtTemplate?: Claims | undefined;
}

/** Everything that opens a project. All of it is secret but the anon and publishable keys. */
export interface ProjectKeys {
  readonly jwtSecret: string;
  /** Legacy keys: tokens of ten years for the roles anon and service_role. */
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  /** True while both legacy keys open nothing. */
  readonly legacyDisabled?: boolean | undefined;
  readonly apiKeys: readonly ApiKey[];
}

/** Returns fresh keys for a project. */
export async function createProjectKeys(ref: string): Promise<ProjectKeys> {
  const jwtSecret = randomBytes(40).toString('base64');
  const nowS = Math.floor(Date.now() / 1000);
  const legacy = (role: string) =>
    new SignJWT({ iss: 'supabase', ref, role, iat: nowS, exp: nowS + 10 * 365 * 86_400 })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(secretBytes(jwtSecret));
  return {
    jwtSecret,
    anonKey: await legacy('anon'),
    serviceRoleKey: await legacy('service_role'),
    apiKeys: [createApiKey('publishable', 'default'), createApiKey('secret', 'default')],
  };
}

/** Returns a fresh key of the new scheme. */
export function createApiKey(type: ApiKey['type'], name: string, more: Pick<Partial<ApiKey>, 'description' | 'jwtTemplate'> = {}): ApiKey {
  const body = randomBytes(17).toString('base64url').slice(0, 22);
  const checksum = createHash('sha256').update(body).digest('base64url').slice(0, 8);
  const createdAt = new Date().toISOString();
  const { description = null, jwtTemplate } = more;
  return {
    id: randomUUID(),
    type,
    name,
    description,
    key: `sb_${type}_${body}_${checksum}`,
    createdAt,
    updatedAt: createdAt,
    ...(type === 'secret' ? { jwtTemplate: jwtTemplate ?? { role: 'service_role' } } : {}),
  };
}

/** Returns the claims that a project's key stands for, or undefined when it is none of its keys or opens nothing now. */
export function claimsOfKey(keys: ProjectKeys, key: string): Claims | undefined {
  if (keys.legacyDisabled !== true) {
    if (sameSecret(key, keys.anonKey)) return { role: 'anon' };
    if (sameSecret(key, keys.serviceRoleKey)) return { role: 'service_role' };
  }
  const known = keys.apiKeys.find((candidate) => sameSecret(key, candidate.key));
  if (known === undefined) return undefined;
  return known.type === 'secret' ? (known.jwtTemplate ?? { role: 'service_role' }) : { role: 'anon' };
}

/** Returns true for a legacy key of a project that has switched them off. */
export function isDisabledLegacyKey(keys: ProjectKeys, key: string): boolean {
  return keys.legacyDisabled === true && (sameSecret(key, keys.anonKey) || sameSecret(key, keys.serviceRoleKey));
}

/** What became of a token: its claims, or why it does not count. */
export type TokenCheck = { readonly claims: Claims } | { readonly problem: 'expired' | 'invalid' };

/** Verifies a token that was signed with the project's secret. */
export async function checkToken(jwtSecret: string, token: string): Promise<TokenCheck> {
  try {
    const { payload } = await jwtVerify(token, secretBytes(jwtSecret), { algorithms: ['HS256'] });
    return { claims: payload };
  } catch (error) {
    return { problem: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
  }
}

/** Returns a token with these claims, signed with the project's secret. */
export function signToken(jwtSecret: string, claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(secretBytes(jwtSecret));
}

function secretBytes(jwtSecret: string): Uint8Array {
  return new TextEncoder().encode(jwtSecret);
}
