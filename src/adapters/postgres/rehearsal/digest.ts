import type { CatalogSnapshot } from '../../../core/catalog/catalog.ts';
import type { Session } from '../session.ts';

/** What a column holds: how many values, and a sum over all of them that does not depend on their order. */
export type ColumnDigests = ReadonlyMap<string, { readonly values: string; readonly sum: string }>;

/** Reads every row once and returns what each column of the tables in a catalog holds, by `public.users.name` as SQL writes it. */
export async function digestColumns(session: Session, { objects }: CatalogSnapshot): Promise<ColumnDigests> {
  const foreign = new Set(
    objects.filter(({ kind, definition }) => kind === 'table' && definition.startsWith('foreign')).map(({ identity }) => identity),
  );
  const columns = objects.filter(({ kind, table }) => kind === 'column' && table !== null && !foreign.has(table));
  const digests = new Map<string, { values: string; sum: string }>();
  for (const table of new Set(columns.map((column) => column.table ?? ''))) {
    const own = columns.filter((column) => column.table === table);
    const parts = own.map(({ identity }, index) => {
      const name = identity.slice(table.length + 1);
      return `count(${name})::text as v${index}, coalesce(sum(hashtextextended(${name}::text, 0)::numeric), 0)::text as s${index}`;
    });
    // Names come from the catalog as SQL writes them.
    const [row] = await session.query((sql) => sql.unsafe<Record<string, string>[]>(`select ${parts.join(', ')} from ${table}`));
    own.forEach(({ identity }, index) => {
      digests.set(identity, { values: row?.[`v${index}`] ?? '', sum: row?.[`s${index}`] ?? '' });
    });
  }
  return digests;
}

/** Returns the columns whose values are not those of before; columns that are in one of the two alone are left to the catalog. */
export function changedColumns(before: ColumnDigests, after: ColumnDigests): readonly string[] {
  return [...before].flatMap(([column, digest]) => {
    const now = after.get(column);
    return now === undefined || (now.values === digest.values && now.sum === digest.sum) ? [] : [column];
  });
}
