import type { Resources } from '../stages/resources.ts';
import type { Context } from './context.ts';
import { formerStateKeys } from './state-keys.ts';

/** Returns every value that must not be printed: what was read from the environment, and what the resources' access holds. */
export function knownSecrets(context: Context, resources: Resources, productionUrl: string | undefined): readonly string[] {
  const database = resources.databaseAccess.peek();
  const cache = resources.cacheAccess.peek();
  return [
    ...context.secrets.seen,
    ...context.secrets.inFile(),
    ...formerStateKeys(context),
    ...(productionUrl === undefined ? [] : [productionUrl]),
    ...(database === undefined ? [] : [database.anonKey, database.serviceRoleKey, database.directUrl, database.poolerUrl]),
    ...(cache === undefined ? [] : [cache.url, cache.restToken]),
  ];
}
