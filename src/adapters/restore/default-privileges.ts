import type { Session } from '../postgres/session.ts';

/** Default privileges of our role that would be added to what a restore makes, and how to be without them meanwhile. */
export interface DefaultPrivileges {
  /** Statements after which what our role makes has the rights that Postgres itself gives, and no other. */
  readonly off: readonly string[];
  /** Statements that bring those back which hold for all schemas; those of a schema are part of the dump. */
  readonly on: readonly string[];
}

/**
 * Reads the default privileges of the role that we act as. A dump states rights as they differ from Postgres's own: made again while
 * others hold (hosted projects give the API's roles everything in `public`), a table that was closed would be open.
 */
export async function defaultPrivileges(session: Session, schemas: readonly string[]): Promise<DefaultPrivileges> {
  const rows = await session.query(
    (sql) => sql<{ whole: boolean; granted: boolean; statement: string }[]>`
      with kept as (
        select d.defaclnamespace as space, n.nspname, d.defaclobjtype as kind, x.grantee, x.privilege_type, x.is_grantable
        from pg_catalog.pg_default_acl d left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
          cross join lateral pg_catalog.aclexplode(d.defaclacl) x
        where d.defaclrole = current_user::pg_catalog.regrole and (d.defaclnamespace = 0 or n.nspname in ${sql([...schemas])})
      ), own as (
        select d.defaclnamespace as space, null::name as nspname, d.defaclobjtype as kind, x.grantee, x.privilege_type, x.is_grantable
        from pg_catalog.pg_default_acl d
          cross join lateral pg_catalog.aclexplode(pg_catalog.acldefault(
            (case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end)::"char", d.defaclrole)) x
        where d.defaclrole = current_user::pg_catalog.regrole and d.defaclnamespace = 0
      ), differing as (
        select true as granted, * from (select * from kept except select * from own) more
        union all select false, * from (select * from own except select * from kept) less
      )
      select space = 0 as whole, granted,
        format('alter default privileges%s %%s %s on %s %%s %s', case when space = 0 then '' else format(' in schema %I', nspname) end,
          privilege_type,
          case kind when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas' end,
          case when grantee = 0 then 'public' else grantee::pg_catalog.regrole::text end
            || case when is_grantable and granted then '%s' else '' end) as statement
      from differing order by 3, 2`,
  );
  const give = (statement: string) => statement.replace('%s', 'grant').replace('%s', 'to').replace('%s', ' with grant option');
  const take = (statement: string) => statement.replace('%s', 'revoke').replace('%s', 'from').replace('%s', '');
  return {
    off: rows.map(({ granted, statement }) => (granted ? take(statement) : give(statement))),
    on: rows.flatMap(({ whole, granted, statement }) => (!whole ? [] : [granted ? give(statement) : take(statement)])),
  };
}
