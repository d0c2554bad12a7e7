import { StagingError } from '../core/errors.ts';
import { userPasswordName } from '../stages/seed/users.ts';
import type { Context } from './context.ts';

/** Returns the password of the seeded users. Throws `SEED_PASSWORD_MISSING` (kind `missing`). */
export function userPassword(context: Context): string {
  const password = context.secrets.read({ kind: 'env', name: userPasswordName });
  if (password !== undefined) return password;
  throw new StagingError(
    'missing',
    'SEED_PASSWORD_MISSING',
    `${userPasswordName} stands neither in the environment nor in ${context.envFile}.`,
    {
      fix: 'Run `jv-staging provision`, which generates it, or set the one that the users were seeded with.',
    },
  );
}
