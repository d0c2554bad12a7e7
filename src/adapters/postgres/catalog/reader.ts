import postgres from 'postgres';
import { ipv6Host } from '../server-address.ts';
import { type CatalogObject, catalogKinds, catalogSnapshot } from '../../../core/catalog/catalog.ts';
import type { CatalogReader, CatalogSelection } from '../../../core/ports/catalog.ts';
import { databaseError, serverOf } from '../database-error.ts';
import { type Session, sessionOn } from '../session.ts';
import { otherParts } from './other-parts.ts';
import { platformPublications, platformRoles, platformSchemas } from './platform.ts';
import { relationParts } from './relation-parts.ts';

/**
 * Returns the reader of a database's catalog (Postgres 15 and later); `url` is secret. One connection, opened when first needed, in
 * which the server takes no write.
 *
 * Left out: what extensions brought, the platform's schemas, roles and publications (`platform.ts`); what Postgres makes for itself
 * (indexes of constraints, sequences of identity columns, types of tables); the order of columns, comments, statistics and passwords.
 */
export function postgresCatalog(url: string): CatalogReader {
  const sql = postgres(url, {
    ...ipv6Host(url),
    max: 1,
    idle_timeout: 20,
    connect_timeout: 10,
    prepare: false,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'jv-staging catalog', default_transaction_read_only: true },
  });
  return {
    read: async (selection, signal) => {
      try {
        return catalogSnapshot(await readCatalog(sessionOn(sql, signal), selection));
      } catch (error) {
        signal.throwIfAborted();
        throw databaseError(error, serverOf(url));
      }
    },
    close: () => sql.end({ timeout: 2 }),
  };
}

/**
 * Reads everything with one statement, so that it is of one moment; the search path is empty for it, so that every name is written with
 * its schema.
 */
async function readCatalog(session: Session, { schemas }: CatalogSelection): Promise<readonly CatalogObject[]> {
  // Several statements sent at once are one transaction: what is set is set for it alone.
  const answers: unknown = await session.query((sql) => sql.unsafe(`set local search_path to ''; ${statement()}`).simple());
  const rows: unknown = Array.isArray(answers) ? answers.at(-1) : [];
  const objects = Array.isArray(rows) ? rows.map(asObject) : [];
  return schemas === undefined ? objects : objects.filter(({ schema }) => schema === null || schemas.includes(schema));
}

function asObject(row: Readonly<Record<string, unknown>>): CatalogObject {
  const kind = catalogKinds.find((known) => known === row['kind']);
  if (kind === undefined) throw new Error(`The catalog has an object of the unknown kind ${String(row['kind'])}.`);
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : null);
  return { kind, identity: text('identity') ?? '', definition: text('definition') ?? '', schema: text('schema'), table: text('table') };
}

function statement(): string {
  const isOurs = (classOf: string, id: string) =>
    `not exists (select from pg_depend d where d.classid = '${classOf}'::regclass and d.objid = ${id} and d.deptype = 'e')`;
  return `with
    spaces as (select n.* from pg_namespace n
      where n.nspname not like 'pg\\_%' and n.nspname <> all (${texts(platformSchemas)}) and ${isOurs('pg_namespace', 'n.oid')}),
    rels as (select c.*, s.nspname, format('%I.%I', s.nspname, c.relname) as name from pg_class c join spaces s on s.oid = c.relnamespace
      where ${isOurs('pg_class', 'c.oid')}),
    functions as (select p.*, s.nspname, format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name
      from pg_proc p join spaces s on s.oid = p.pronamespace where ${isOurs('pg_proc', 'p.oid')}),
    kinds as (select y.* from pg_type y where y.typnamespace in (select oid from spaces) and ${isOurs('pg_type', 'y.oid')}
      and (y.typtype in ('e', 'd', 'r') or exists (select from pg_class c where c.oid = y.typrelid and c.relkind = 'c'))),
    roles as (select r.* from pg_roles r where r.oid <> 10 and not r.rolname like any (${texts(platformRoles)})),
    publications as (select p.* from pg_publication p where not p.pubname like any (${texts(platformPublications)}))
    select * from (${[...relationParts, ...otherParts].join('\n union all ')}) as found (kind, identity, definition, schema, "table")`;
}

/** Returns an array of texts as SQL; they are constants of ours. */
function texts(values: readonly string[]): string {
  return `array[${values.map((value) => `'${value}'`).join(', ')}]::text[]`;
}
