/** Schemas that belong to the platform or to Postgres: their objects are not the project's to mend. */
const platformSchemas = [
  'auth',
  'cron',
  'extensions',
  'graphql',
  'graphql_public',
  'information_schema',
  'jv_staging',
  'net',
  'pg_catalog',
  'pg_toast',
  'pgbouncer',
  'pgsodium',
  'realtime',
  'storage',
  'supabase_functions',
  'supabase_migrations',
  'vault',
];

/** Condition on a schema `n` of the catalog: the project's own. */
export const isOwnSchema = `n.nspname <> all (array[${platformSchemas.map((name) => `'${name}'`).join(', ')}])
  and n.nspname not like 'pg\\_temp\\_%' and n.nspname not like 'pg\\_toast\\_temp\\_%'`;

/** Schemas that the project's REST API shows. */
export const exposedSchemas = `('public', 'graphql_public')`;

/** Condition on an object of the class `catalog` with this `oid`: it was not made by an extension. */
export function isNotOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend dep where dep.classid = '${catalog}'::regclass and dep.objid = ${oid} and dep.deptype = 'e')`;
}

/** Tables `c` of the project's own schemas `n`, as a `from` clause with its conditions. */
export const ownTables = `pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and ${isOwnSchema} and ${isNotOfExtension('pg_class', 'c.oid')}`;

/** Returns the metadata of a finding about a relation `c` in schema `n`. */
export function relationMetadata(type: 'table' | 'view', more = ''): string {
  return `json_build_object('schema', n.nspname, 'name', c.relname, 'type', '${type}'${more})`;
}
