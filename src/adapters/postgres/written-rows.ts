import { ownedSchemas } from '../../core/restore/schemas.ts';
import type { Session } from './session.ts';

/** Returns a mark of now: the next transaction's number, as text. */
export async function writeMark(session: Session): Promise<string> {
  const [row] = await session.query((sql) => sql<{ mark: string }[]>`select pg_snapshot_xmax(pg_current_snapshot())::text as mark`);
  return row?.mark ?? '';
}

/**
 * Returns how many rows of the environment's own tables were inserted or changed since a mark, as far as they are still there: each row
 * knows the transaction that wrote it (`xmin`). Numbers wrap after 2 billion transactions; `age` knows how to compare them.
 */
export async function rowsWrittenSince(session: Session, mark: string): Promise<number> {
  const schemas = await session.query((sql) => sql<{ name: string }[]>`select nspname as name from pg_namespace`);
  const owned = ownedSchemas(schemas.map(({ name }) => name)).filter((name) => name !== 'supabase_migrations');
  if (owned.length === 0) return 0;
  const tables = await session.query(
    (sql) => sql<{ schema: string; name: string }[]>`select n.nspname as schema, c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname in ${sql(owned)}`,
  );
  let rows = 0;
  for (const { schema, name } of tables) {
    const [counted] = await session.query(
      (sql) => sql<{ rows: string }[]>`select count(*) as rows from ${sql(schema)}.${sql(name)}
        where age(xmin) <= age((${mark}::numeric % 4294967296)::text::xid)`,
    );
    rows += Number(counted?.rows ?? 0);
  }
  return rows;
}
