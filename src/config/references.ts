import type { EnvReference, FactReference, ResourceFact } from '../core/settings.ts';

/** Returns a reference to an environment variable (or a line of `.env.staging`); the value is read at run time only. */
export function env(name: string): EnvReference {
  return { kind: 'env', name };
}

const fact = (name: ResourceFact): FactReference => ({ kind: 'fact', fact: name });

/** References to values that the tool knows once the resources exist: `from.database.poolerUrl`. */
export const from = {
  app: { url: fact('app.url') },
  database: { poolerUrl: fact('database.poolerUrl'), directUrl: fact('database.directUrl') },
  supabase: { url: fact('supabase.url'), anonKey: fact('supabase.anonKey'), serviceRoleKey: fact('supabase.serviceRoleKey') },
  redis: { url: fact('redis.url'), restUrl: fact('redis.restUrl'), restToken: fact('redis.restToken') },
} as const;
