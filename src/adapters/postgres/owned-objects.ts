import { ownedSchemas } from '../../core/restore/schemas.ts';
import type { Session } from './session.ts';

/**
 * Returns the schemas of a database that are the environment's own, by name: `public` belongs to whoever owns the database, which need
 * not be the role that we act as; what an extension made is not ours.
 */
export async function ownSchemas(session: Session): Promise<readonly string[]> {
  const schemas = await session.query(
    (sql) => sql<{ name: string }[]>`select n.nspname as name from pg_catalog.pg_namespace n
      where (n.nspname = 'public' or pg_catalog.pg_has_role(n.nspowner, 'usage'))
        and not exists (select from pg_catalog.pg_depend d
          where d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objid = n.oid and d.deptype = 'e')`,
  );
  return ownedSchemas(schemas.map(({ name }) => name));
}

/**
 * Returns a query that gives an array of statements which drop everything that lies directly in the schemas and is of no extension;
 * tables first: a column's own sequence goes with its table.
 */
export function dropStatements(schemas: readonly string[]): string {
  return `select coalesce(array_agg(
      format('drop %s if exists %s cascade', case i.type when 'statistics object' then 'statistics' else i.type end, i.identity)
      order by case c.relkind when 'r' then 0 when 'p' then 0 when 'f' then 0 when 'v' then 1 when 'm' then 1 when 'S' then 3 else 2 end,
        i.identity), '{}')
    from pg_depend d join pg_namespace n on d.refclassid = 'pg_namespace'::regclass and n.oid = d.refobjid
      left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
      left join pg_type t on d.classid = 'pg_type'::regclass and t.oid = d.objid
      cross join lateral pg_identify_object(d.classid, d.objid, 0) i
    where n.nspname in (${['', ...schemas].map(literal).join(', ')}) and d.deptype = 'n'
      and d.classid not in ('pg_default_acl'::regclass, 'pg_publication_namespace'::regclass, 'pg_extension'::regclass)
      and t.typtype is distinct from 'm'
      and not exists (select from pg_depend e where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')`;
}

/** Returns a text as SQL's literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Returns a name as SQL's quoted identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
