/**
 * Schemas that the platform fills, not migrations: Postgres's own, Supabase's (supabase/postgres and supabase.com/docs, read 2026-11-22),
 * the migration ledger, ours.
 */
export const platformSchemas: readonly string[] = [
  'information_schema',
  'auth',
  'storage',
  'realtime',
  '_realtime',
  '_analytics',
  'extensions',
  'graphql',
  'graphql_public',
  'vault',
  'pgsodium',
  'pgsodium_masks',
  'pgbouncer',
  'net',
  'cron',
  'pgtle',
  'supabase_functions',
  'supabase_migrations',
  'jv_staging',
];

/** Roles that the platform makes and changes by itself; `like` patterns. */
export const platformRoles: readonly string[] = [
  'pg\\_%',
  'postgres',
  // Logins of one project, where a server holds several, and those that a client borrows for a while.
  'postgres.%',
  'cli\\_login\\_%',
  'anon',
  'authenticated',
  'authenticator',
  'service\\_role',
  'dashboard\\_user',
  'pgbouncer',
  'pgsodium\\_%',
  'pgtle\\_admin',
  'supabase\\_%',
];

/** Publications of the platform's own services; `supabase_realtime` is not among them: migrations add tables to it. */
export const platformPublications: readonly string[] = ['supabase\\_realtime\\_messages\\_publication%'];
