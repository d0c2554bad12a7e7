import { userPasswordName } from '../stages/seed/users.ts';
import type { Context } from './context.ts';
import { missingValue } from './missing-value.ts';

/** Returns the password of the seeded users. Throws `SEED_PASSWORD_MISSING` (kind `missing`). */
export function userPassword(context: Context): string {
  const password = context.secrets.read({ kind: 'env', name: userPasswordName });
  if (password !== undefined) return password;
  const fix = 'Run `jv-staging provision`, which generates it, or set the one that the users were seeded with.';
  throw missingValue(context, userPasswordName, 'SEED_PASSWORD_MISSING', fix);
}
