import { z } from 'zod';
import { AuthError } from './auth-error.ts';
import type { UserChange, UserRow, UserStore } from './users.ts';

const passwordMaximumBytes = 72;

/** Metadata of a user. */
export const metadata = z.record(z.string(), z.unknown());

/** What a user is created with or changed to, as clients send it. */
export const userBody = z.object({
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

/** Returns the change that an administrator asks for. */
export function adminChange(wanted: z.infer<typeof userBody>): UserChange {
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
  if (parts.map((part) => part[0]).join('') !== text)
    throw new AuthError(400, 'validation_failed', `invalid format for ban duration: ${text}`);
  return new Date(Date.now() + parts.reduce((sum, part) => sum + Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0), 0));
}

/** Throws an `AuthError` when the text is no e-mail address. */
export function assertEmail(email: string): void {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    throw new AuthError(400, 'validation_failed', 'Unable to validate email address: invalid format');
  }
}

/** Throws an `AuthError` when the password is too short or too long. */
export function assertPassword(password: string | undefined, passwordMinimum: number): void {
  if (password === undefined) return;
  if (Buffer.byteLength(password) > passwordMaximumBytes) {
    throw new AuthError(400, 'validation_failed', `Password cannot be longer than ${passwordMaximumBytes} characters`);
  }
  if (password.length >= passwordMinimum) return;
  throw new AuthError(422, 'weak_password', `Password should be at least ${passwordMinimum} characters.`, {
    weak_password: { reasons: ['length'] },
  });
}

/** Creates a user; throws an `AuthError` when the address is taken. */
export async function createUser(users: UserStore, change: UserChange): Promise<UserRow> {
  if (change.email !== undefined) assertEmail(change.email);
  return users.create(change).catch((error: unknown) => {
    throw taken(error);
  });
}

/** Changes a user; throws an `AuthError` when the address is taken or the user gone. */
export async function updateUser(users: UserStore, id: string, change: UserChange): Promise<UserRow> {
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

/** Returns the user of this id; throws an `AuthError` when there is none. */
export async function existing(users: UserStore, id: string): Promise<UserRow> {
  if (!isUuid(id)) throw new AuthError(404, 'validation_failed', 'user_id must be an UUID');
  const user = await users.find(id);
  if (user === undefined) throw new AuthError(404, 'user_not_found', 'User not found');
  return user;
}

/** Returns true when the text is a UUID. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}
