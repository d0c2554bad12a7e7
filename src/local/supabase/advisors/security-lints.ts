import { exposedSchemas, isNotOfExtension, isOwnSchema, ownTables, relationMetadata } from './catalog.ts';
import type { LintRule } from './find-lints.ts';

/** Condition on a relation `c`: the API's roles may read it. */
const isReadableByApi = `(has_table_privilege('anon', c.oid, 'SELECT') or has_table_privilege('authenticated', c.oid, 'SELECT'))`;

/** The rules about security. Names, levels and numbers are those of the platform's linter (OpenAPI file of 2026-06-01); the queries are ours. */
export const securityLints: readonly LintRule[] = [
  {
    name: 'rls_disabled_in_public',
    title: 'RLS Disabled in Public',
    level: 'ERROR',
    documentation: '0013',
    description: 'A table in a schema that the API shows has no row-level security: whoever may reach it may reach every row.',
    sql: `select format('Table \`%s.%s\` is public, but RLS has not been enabled.', n.nspname, c.relname) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s', n.nspname, c.relname) as key
      from ${ownTables} and n.nspname in ${exposedSchemas} and not c.relrowsecurity and ${isReadableByApi} order by 3`,
  },
  {
    name: 'policy_exists_rls_disabled',
    title: 'Policy Exists RLS Disabled',
    level: 'ERROR',
    documentation: '0007',
    description: 'A table has policies that nobody asks, for its row-level security is off.',
    sql: `select format('Table \`%s.%s\` has RLS policies but RLS is not enabled on the table. Policies include %s.', n.nspname, c.relname,
          (select string_agg(quote_ident(polname), ', ' order by polname) from pg_policy where polrelid = c.oid)) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s', n.nspname, c.relname) as key
      from ${ownTables} and not c.relrowsecurity and exists (select from pg_policy where polrelid = c.oid) order by 3`,
  },
  {
    name: 'rls_enabled_no_policy',
    title: 'RLS Enabled No Policy',
    level: 'INFO',
    documentation: '0008',
    description: 'A table has row-level security and no policy: none but its owner and the service role sees a row.',
    sql: `select format('Table \`%s.%s\` has RLS enabled, but no policies exist', n.nspname, c.relname) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s', n.nspname, c.relname) as key
      from ${ownTables} and c.relrowsecurity and not exists (select from pg_policy where polrelid = c.oid) order by 3`,
  },
  {
    name: 'auth_users_exposed',
    title: 'Exposed Auth Users',
    level: 'ERROR',
    documentation: '0002',
    description: 'A view that the API shows reads auth.users with its owner’s rights.',
    sql: `select distinct format('View/Materialized View "%s" in the public schema may expose \`auth.users\` data to anon or authenticated roles.',
          c.relname) as detail, ${relationMetadata('view')}::jsonb as metadata, format('%s_%s', n.nspname, c.relname) as key
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_rewrite r on r.ev_class = c.oid
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refobjid = to_regclass('auth.users')
      where c.relkind in ('v', 'm') and n.nspname in ${exposedSchemas} and ${isReadableByApi}
        and not coalesce(array_to_string(c.reloptions, ','), '') ~* 'security_invoker=(true|on|1|yes)' order by 3`,
  },
  {
    name: 'security_definer_view',
    title: 'Security Definer View',
    level: 'ERROR',
    documentation: '0010',
    description: 'A view reads with its owner’s rights: the row-level security of its tables does not hold for who asks.',
    sql: `select format('View \`%s.%s\` is defined with the SECURITY DEFINER property', n.nspname, c.relname) as detail,
        ${relationMetadata('view')} as metadata, format('%s_%s', n.nspname, c.relname) as key
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'v' and n.nspname in ${exposedSchemas} and ${isNotOfExtension('pg_class', 'c.oid')} and ${isReadableByApi}
        and not coalesce(array_to_string(c.reloptions, ','), '') ~* 'security_invoker=(true|on|1|yes)' order by 3`,
  },
  {
    name: 'function_search_path_mutable',
    title: 'Function Search Path Mutable',
    level: 'WARN',
    documentation: '0011',
    description: 'A function does not say where it looks names up: who calls it decides.',
    sql: `select format('Function \`%s.%s\` has a role mutable search_path', n.nspname, p.proname) as detail,
        json_build_object('schema', n.nspname, 'name', p.proname, 'type', 'function') as metadata,
        format('%s_%s_%s', n.nspname, p.proname, md5(p.prosrc || pg_get_function_identity_arguments(p.oid))) as key
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.prokind in ('f', 'p') and ${isOwnSchema} and ${isNotOfExtension('pg_proc', 'p.oid')}
        and not exists (select from unnest(coalesce(p.proconfig, '{}')) setting where setting like 'search_path=%') order by 3`,
  },
  {
    name: 'extension_in_public',
    title: 'Extension in Public',
    level: 'WARN',
    documentation: '0014',
    description: 'An extension is installed in the schema public, where its objects lie among those that the API shows.',
    sql: `select format('Extension \`%s\` is installed in the public schema. Move it to another schema.', e.extname) as detail,
        json_build_object('schema', n.nspname, 'name', e.extname, 'type', 'extension') as metadata, e.extname as key
      from pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname = 'public' order by 3`,
  },
  {
    name: 'rls_references_user_metadata',
    title: 'RLS references user metadata',
    level: 'ERROR',
    documentation: '0015',
    description: 'A policy trusts user_metadata, which users write themselves.',
    sql: `select format('Table \`%s.%s\` has a row level security policy \`%s\` that references Supabase Auth \`user_metadata\`. ' ||
          '\`user_metadata\` is editable by end users and should never be used in a security context.', n.nspname, c.relname, p.polname) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s_%s', n.nspname, c.relname, p.polname) as key
      from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
      where ${isOwnSchema} and (pg_get_expr(p.polqual, p.polrelid) ~ 'user_metadata' or pg_get_expr(p.polwithcheck, p.polrelid) ~ 'user_metadata')
      order by 3`,
  },
];
