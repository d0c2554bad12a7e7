import type { BulkTables, CopyChunk, OwnedRows } from '../../src/core/ports/bulk.ts';

/** Bulk tables in memory: what was merged, and what was asked to be removed. */
export interface FakeBulk extends BulkTables {
  /** Lines of each table as they were sent last. */
  readonly lines: Map<string, readonly string[]>;
  readonly removed: OwnedRows[];
  /** What `orphans` finds. */
  orphaned: number;
}

/** Returns bulk tables in memory: a line that is there already counts as the same. */
export function fakeBulk(): FakeBulk {
  const lines: FakeBulk['lines'] = new Map();
  const fake: FakeBulk = {
    lines,
    removed: [],
    orphaned: 0,
    merge: async ({ table, chunks }, onSent) => {
      const before = new Set(lines.get(table));
      const sent: string[] = [];
      for await (const chunk of all(chunks())) {
        sent.push(...chunk.text.split('\n').slice(0, -1));
        onSent(chunk.rows);
      }
      lines.set(table, sent);
      return { rows: sent.length, inserted: sent.filter((line) => !before.has(line)).length, updated: 0, fingerprint: `${sent.length}` };
    },
    orphans: async () => (fake.orphaned === 0 ? [] : [{ table: 'quotes', constraint: 'quotes_request', rows: fake.orphaned }]),
    remove: async (owned) => {
      fake.removed.push(...owned);
      return owned.map(({ table }) => {
        const rows = lines.get(table)?.length ?? 0;
        lines.delete(table);
        return rows;
      });
    },
    removeKeys: async (tables) => tables.reduce((sum, { keys }) => sum + keys.length, 0),
    empty: async () => 0,
    close: async () => undefined,
  };
  return fake;
}

async function* all(chunks: Iterable<CopyChunk> | AsyncIterable<CopyChunk>): AsyncGenerator<CopyChunk> {
  yield* chunks;
}
