import postgres from 'postgres';
import { StagingError } from '../../core/errors.ts';
import { databaseError, serverOf } from '../postgres/database-error.ts';
import { databaseIdentity } from '../postgres/database-identity.ts';
import { ownSchemas } from '../postgres/owned-objects.ts';
import { ipv6Host } from '../postgres/server-address.ts';
import { type Session, sessionOn } from '../postgres/session.ts';
import { type DefaultPrivileges, defaultPrivileges } from './default-privileges.ts';
import type { DumpHeader } from './dump-file.ts';

/** What a database says of itself before it is dumped or restored. */
export interface DatabaseFacts {
  readonly schemas: readonly string[];
  readonly serverVersion: string;
  /** The role that we act as. */
  readonly role: string;
  /** Environments that the database says it is of. */
  readonly environments: readonly string[];
  readonly defaults: DefaultPrivileges;
}

/** A transaction that sees one moment of the database, which other connections may share. */
export interface Snapshot {
  /** Its name, for `pg_dump --snapshot`. */
  readonly name: string;
  readonly facts: DatabaseFacts;
  readonly outside: DumpHeader['outside'];
}

/** Reads what a restore needs to know of the database at `url` (secret). Throws `DATABASE_…` errors. */
export function readFacts(url: string, signal: AbortSignal): Promise<DatabaseFacts> {
  return connected(url, signal, factsOf);
}

/**
 * Runs `work` while a snapshot of the database at `url` (secret) is open. Throws `RESTORE_POINT_OUTSIDE` (kind `refused`) when something
 * lies outside of our schemas that a restore would drop and could not make again.
 */
export function withSnapshot<Value>(url: string, signal: AbortSignal, work: (snapshot: Snapshot) => Promise<Value>): Promise<Value> {
  return connected(url, signal, async (session) => {
    // Without a search path every definition names its schema.
    await session.query((sql) => sql.unsafe(`begin isolation level repeatable read read only; set local search_path = ''`).simple());
    const [row] = await session.query((sql) => sql<{ name: string }[]>`select pg_catalog.pg_export_snapshot() as name`);
    const facts = await factsOf(session);
    await refuseOutside(session, facts.schemas);
    return work({ name: row?.name ?? '', facts, outside: await outsideDefinitions(session, facts.schemas) });
  });
}

async function connected<Value>(url: string, signal: AbortSignal, call: (session: Session) => Promise<Value>): Promise<Value> {
  const connection = { application_name: 'jv-staging restore point' };
  const options = { max: 1, connect_timeout: 10, prepare: false, fetch_types: false, onnotice: () => undefined, connection };
  const sql = postgres(url, { ...ipv6Host(url), ...options });
  try {
    return await call(sessionOn(sql, signal));
  } catch (error) {
    signal.throwIfAborted();
    throw databaseError(error, serverOf(url));
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function factsOf(session: Session): Promise<DatabaseFacts> {
  const [server] = await session.query(
    (sql) => sql<{ version: string; role: string }[]>`select current_setting('server_version') as version, current_user as role`,
  );
  const { environments } = await databaseIdentity(session);
  const owned = await ownSchemas(session);
  return {
    schemas: owned,
    defaults: await defaultPrivileges(session, owned),
    serverVersion: server?.version ?? '',
    role: server?.role ?? '',
    environments,
  };
}

/** What goes with our schemas although it lies outside, with the statements that make it again. */
async function outsideDefinitions(session: Session, schemas: readonly string[]): Promise<DumpHeader['outside']> {
  const list = [...schemas];
  const rows = await session.query(
    (sql) => sql<{ what: string; statement: string }[]>`
      select 'publication ' || p.pubname as what,
        format('alter publication %I add table %s%s%s', p.pubname, r.prrelid::regclass,
          ' (' || (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
            where a.attrelid = r.prrelid and a.attnum = any (r.prattrs)) || ')',
          ' where (' || pg_get_expr(r.prqual, r.prrelid) || ')') as statement
      from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
        join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname in ${sql(list)}
      union all
      select format('trigger %s on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid)
      from pg_trigger t join pg_proc f on f.oid = t.tgfoid join pg_namespace fn on fn.oid = f.pronamespace
        join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and fn.nspname in ${sql(list)} and n.nspname not in ${sql(list)}
      union all
      select format('constraint %s on %s', k.conname, k.conrelid::regclass),
        format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
        join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
      where k.contype = 'f' and fn.nspname in ${sql(list)} and n.nspname not in ${sql(list)}
      union all
      select format('policy %s on %I.%I', p.policyname, p.schemaname, p.tablename),
        format('create policy %I on %I.%I as %s for %s to %s%s%s', p.policyname, p.schemaname, p.tablename, p.permissive, p.cmd,
          (select string_agg(case when role = 'public' then role::text else quote_ident(role) end, ', ') from unnest(p.roles) role),
          ' using (' || p.qual || ')', ' with check (' || p.with_check || ')')
      from pg_policies p where p.schemaname not in ${sql(list)} and exists (
        select from pg_depend d join pg_policy o on o.oid = d.objid
        where d.classid = 'pg_policy'::regclass and o.polname = p.policyname
          and o.polrelid = format('%I.%I', p.schemaname, p.tablename)::regclass and exists (
            select from pg_identify_object(d.refclassid, d.refobjid, 0) i where i.schema in ${sql(list)}))
      order by 1, 2`,
  );
  return rows.map(({ what, statement }) => ({ what, sql: statement }));
}

/** Views, functions, defaults and event triggers elsewhere that use what is ours: nobody could make them again. */
async function refuseOutside(session: Session, schemas: readonly string[]): Promise<void> {
  const list = [...schemas];
  const rows = await session.query(
    (sql) => sql<{ what: string }[]>`
      select distinct coalesce(i.type || ' ' || i.identity, d.classid::regclass::text) as what
      from pg_depend d
        cross join lateral pg_identify_object(d.refclassid, d.refobjid, 0) r
        cross join lateral pg_identify_object(d.classid, d.objid, 0) i
        left join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
        left join pg_attrdef a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
        left join pg_proc f on d.classid = 'pg_proc'::regclass and f.oid = d.objid
        left join pg_class c on c.oid = coalesce(w.ev_class, a.adrelid)
        left join pg_namespace n on n.oid = coalesce(c.relnamespace, f.pronamespace)
      where d.refobjid >= 16384 and r.schema in ${sql(list)} and d.deptype in ('n', 'a')
        and (d.classid = 'pg_event_trigger'::regclass
          or (d.classid in ('pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_proc'::regclass) and n.nspname not in ${sql(list)}))
      order by 1`,
  );
  if (rows.length === 0) return;
  const named = rows.map(({ what }) => what).join(', ');
  throw new StagingError(
    'refused',
    'RESTORE_POINT_OUTSIDE',
    `Outside of the schemas ${schemas.join(', ')} there is what depends on them and could not be made again by a restore: ${named}.`,
    { fix: 'Move it into one of those schemas by a migration, or set `restorePoints: { kind: "platform" }`.' },
  );
}
