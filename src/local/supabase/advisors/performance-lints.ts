import { isNotOfExtension, isOwnSchema, ownTables, relationMetadata } from './catalog.ts';
import type { LintRule } from './find-lints.ts';

/** A call of auth.uid() and its kin that is made for each row, since no sub-select holds it. */
const perRowCall = String.raw`(?<!select )\m(auth\.(uid|jwt|role|email)\(\)|current_setting\()`;

/** Text of a policy's conditions, in small letters and with single spaces. */
const conditions = `regexp_replace(lower(coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' ' ||
  coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')), '\\s+', ' ', 'g')`;

/** The rules about performance. Names, levels and numbers are those of the platform's linter (OpenAPI file of 2026-06-01); the queries are ours. */
export const performanceLints: readonly LintRule[] = [
  {
    name: 'unindexed_foreign_keys',
    title: 'Unindexed foreign keys',
    level: 'INFO',
    documentation: '0001',
    description: 'A foreign key has no index that begins with its columns: changes of the referenced rows read the whole table.',
    sql: `select format('Table \`%s.%s\` has a foreign key \`%s\` without a covering index. This can lead to suboptimal query performance.',
          n.nspname, c.relname, k.conname) as detail,
        ${relationMetadata('table', `, 'fkey_name', k.conname, 'fkey_columns', k.conkey`)} as metadata,
        format('%s_%s_%s', n.nspname, c.relname, k.conname) as key
      from pg_constraint k, ${ownTables} and k.contype = 'f' and k.conrelid = c.oid and not exists (
        select from pg_index i where i.indrelid = k.conrelid and i.indpred is null
          and (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)] @> k.conkey) order by 3`,
  },
  {
    name: 'auth_rls_initplan',
    title: 'Auth RLS Initialization Plan',
    level: 'WARN',
    documentation: '0003',
    description: 'A policy calls auth.uid() or current_setting() for each row, where a sub-select would call it once.',
    sql: `select format('Table \`%s.%s\` has a row level security policy \`%s\` that re-evaluates current_setting() or auth.<function>() for each row. ' ||
          'Replace \`auth.<function>()\` with \`(select auth.<function>())\`.', n.nspname, c.relname, p.polname) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s_%s', n.nspname, c.relname, p.polname) as key
      from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
      where ${isOwnSchema} and c.relrowsecurity and ${conditions} ~ '${perRowCall}' order by 3`,
  },
  {
    name: 'no_primary_key',
    title: 'No Primary Key',
    level: 'INFO',
    documentation: '0004',
    description: 'A table has no primary key: its rows cannot be told apart, by Realtime neither.',
    sql: `select format('Table \`%s.%s\` does not have a primary key', n.nspname, c.relname) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s', n.nspname, c.relname) as key
      from ${ownTables} and not exists (select from pg_index where indrelid = c.oid and indisprimary) order by 3`,
  },
  {
    name: 'unused_index',
    title: 'Unused Index',
    level: 'INFO',
    documentation: '0005',
    description: 'An index was never read since the statistics began: it costs time at each write.',
    sql: `select format('Index \`%s\` on table \`%s.%s\` has not been used', x.relname, n.nspname, c.relname) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s_%s', n.nspname, c.relname, x.relname) as key
      from pg_index i join pg_class x on x.oid = i.indexrelid join pg_stat_user_indexes s on s.indexrelid = i.indexrelid, ${ownTables}
        and c.oid = i.indrelid and s.idx_scan = 0 and not i.indisunique and not i.indisprimary order by 3`,
  },
  {
    name: 'multiple_permissive_policies',
    title: 'Multiple Permissive Policies',
    level: 'WARN',
    documentation: '0006',
    description: 'Several permissive policies hold for the same role and command: each of them is asked for each row.',
    sql: `select format('Table \`%s.%s\` has multiple permissive policies for role \`%s\` for action \`%s\`. Policies include \`%s\`',
          n.nspname, c.relname, r.rolname, a.action, array_agg(p.polname order by p.polname)) as detail,
        ${relationMetadata('table')} as metadata, format('%s_%s_%s_%s', n.nspname, c.relname, r.rolname, a.action) as key
      from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
        join pg_roles r on r.oid = any (p.polroles) or (p.polroles = array[0::oid] and r.rolname in ('anon', 'authenticated'))
        join (values ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')) as a (code, action)
          on p.polcmd::text = a.code or p.polcmd = '*'
      where ${isOwnSchema} and c.relrowsecurity and p.polpermissive and not r.rolbypassrls
      group by n.nspname, c.relname, r.rolname, a.action having count(*) > 1 order by 3`,
  },
  {
    name: 'duplicate_index',
    title: 'Duplicate Index',
    level: 'WARN',
    documentation: '0009',
    description: 'Two indexes of a table are the same but for their names.',
    sql: `select format('Table \`%s.%s\` has identical indexes \`%s\`. Drop all except one of them', n.nspname, c.relname,
          array_agg(x.relname order by x.relname)) as detail,
        ${relationMetadata('table', `, 'indexes', array_agg(x.relname order by x.relname)`)} as metadata,
        format('%s_%s_%s', n.nspname, c.relname, array_agg(x.relname order by x.relname)) as key
      from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
      where ${isOwnSchema} and ${isNotOfExtension('pg_class', 'c.oid')}
      group by n.nspname, c.relname, i.indrelid, i.indisunique, replace(pg_get_indexdef(i.indexrelid), ' ' || quote_ident(x.relname) || ' ON ', ' ON ')
      having count(*) > 1 order by 3`,
  },
];
