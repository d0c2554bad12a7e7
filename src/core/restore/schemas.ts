/**
 * Schemas that the platform or an extension manages, as the Supabase CLI leaves them out of a dump (supabase/cli,
 * pkg/migration/dump.go, `InternalSchemas`, read 2026-11-26), but for the ledger `supabase_migrations`: it is part of what a
 * restore takes back.
 */
const platformSchemas = [
  '_analytics',
  '_realtime',
  '_supavisor',
  'auth',
  'cron',
  'dbdev',
  'etl',
  'extensions',
  'graphql',
  'graphql_public',
  'information_schema',
  'net',
  'pgbouncer',
  'pgmq',
  'pgsodium',
  'pgsodium_masks',
  'pgtle',
  'realtime',
  'repack',
  'storage',
  'supabase_functions',
  'tiger',
  'tiger_data',
  'topology',
  'vault',
];

/**
 * Returns those schemas that belong to the environment's own migrations: what a dump holds and a restore replaces. Ours (`jv_staging`) is
 * not among them: the release history must not go back in time.
 */
export function ownedSchemas(schemas: readonly string[]): readonly string[] {
  return schemas
    .filter((schema) => schema !== 'jv_staging' && !platformSchemas.includes(schema) && !/^(?:pg_|_?timescaledb_)/.test(schema))
    .toSorted();
}
