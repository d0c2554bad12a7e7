import type { Loss } from '../../../core/migrate/classify.ts';
import type { RowsAtStake } from '../../../core/ports/database.ts';
import type { Session } from '../session.ts';

/** Returns how many rows each loss is about; null for what is not there, or no table with rows. */
export async function rowsAtStake(session: Session, losses: readonly Loss[]): Promise<readonly RowsAtStake[]> {
  const counted: RowsAtStake[] = [];
  for (const loss of losses) counted.push({ ...loss, rows: await count(session, loss) });
  return counted;
}

async function count(session: Session, { table, column }: Loss): Promise<number | null> {
  const [schema = '', ...rest] = table.split('.');
  const name = rest.join('.');
  const [found] = await session.query(
    (sql) => sql<{ is: boolean }[]>`select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${schema} and c.relname = ${name} and c.relkind in ('r', 'p', 'm', 'f')
        and (${column}::text is null or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = ${column} and not a.attisdropped))) as is`,
  );
  if (found?.is !== true) return null;
  const [row] = await session.query((sql) =>
    column === null
      ? sql<{ rows: string }[]>`select count(*) as rows from ${sql(schema)}.${sql(name)}`
      : sql<{ rows: string }[]>`select count(${sql(column)}) as rows from ${sql(schema)}.${sql(name)}`,
  );
  return row === undefined ? null : Number(row.rows);
}
