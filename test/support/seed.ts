import type { Sql } from 'postgres';
import { parseSeed } from '../../src/config/seed-schema.ts';
import type { Row } from '../../src/core/ports/database.ts';
import { changedRows, resolveRows } from '../../src/core/seed/plan.ts';
import demo from '../../fixtures/seed/demo.json' with { type: 'json' };

/** Auth user ids that tests give the seeded users. */
export const seedUsers = {
  'agent1@staging.test': '11111111-1111-4111-8111-111111111111',
  'agent2@staging.test': '22222222-2222-4222-8222-222222222222',
  'admin@staging.test': '33333333-3333-4333-8333-333333333333',
};

/** Writes the demo seed by plain SQL; returns how many rows were written, by table. Rows are read back as PostgREST shows them. */
export async function seedDatabase(
  sql: Sql,
  options: { readonly nowMs?: number; readonly authUserIds?: Record<string, string> } = {},
): Promise<Record<string, number>> {
  const stored: Record<string, readonly Row[]> = {};
  const written: Record<string, number> = {};
  for (const table of parseSeed(demo, 'demo.json').tables) {
    const wanted = resolveRows(table, { nowMs: options.nowMs ?? Date.now(), authUserIds: options.authUserIds ?? seedUsers, stored });
    const changed = changedRows(table.key, await rowsOf(sql, table.table), wanted);
    for (const row of changed) {
      const columns = Object.keys(row);
      const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ');
      await sql.unsafe(
        `insert into ${table.table} (${columns.join(', ')}) select ${columns.join(', ')} from jsonb_populate_record(null::${table.table}, $1::text::jsonb)
         on conflict (${table.key.join(', ')}) do update set ${updates}`,
        [JSON.stringify(row)],
      );
    }
    written[table.table] = changed.length;
    stored[table.table] = await rowsOf(sql, table.table);
  }
  return written;
}

async function rowsOf(sql: Sql, table: string): Promise<readonly Row[]> {
  const rows = await sql<{ row: Row }[]>`select to_jsonb(wanted) as row from ${sql(table)} as wanted`;
  return rows.map(({ row }) => row);
}
