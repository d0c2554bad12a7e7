import type { Row } from './database.ts';

/** Whole rows in the text format of COPY, ready to be sent. */
export interface CopyChunk {
  readonly text: string;
  /** Rows that end in this chunk. */
  readonly rows: number;
}

/** Rows for one table, too many to be held at once. */
export interface BulkTable {
  /** A table of the schema `public`. */
  readonly table: string;
  /** In the order in which each row has its values. */
  readonly columns: readonly string[];
  /** Columns that a row is found by; there is a unique constraint on exactly these. */
  readonly key: readonly string[];
  /** Makes the rows, anew at each call. */
  chunks(): Iterable<CopyChunk> | AsyncIterable<CopyChunk>;
  /** Where the rows lie, when that is known: then they are compared before any is sent. */
  readonly lies?: RowPlace | undefined;
}

/**
 * Where a table's rows lie: their key is one column, rows are made in its order, each value in the very text that Postgres writes for it, and
 * nobody else's rows have keys from the first to the last. A value in another notation costs the comparison, not its truth.
 */
export interface RowPlace {
  readonly first: string;
  readonly last: string;
  /** Rows in every chunk but the last. */
  readonly rowsInChunk: number;
}

/** What became of one table's rows, as read back before the commit. */
export interface MergedTable {
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
  /** Over the rows as stored: the same rows with the same values have the same one. Hex. */
  readonly fingerprint: string;
}

/** Rows whose foreign key leads nowhere. */
export interface Orphans {
  readonly table: string;
  readonly constraint: string;
  readonly rows: number;
}

/** Rows of a table that belong to whoever made them: by a range of their UUIDs, ends included. */
export interface OwnedRows {
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** Tables of the staging database, written in bulk over a direct connection. Throws `DATABASE_…` and `SEED_…` errors. */
export interface BulkTables {
  /**
   * Sends the rows to a temporary table by COPY and merges them into the table: all of it in one transaction, so that it is there whole or not
   * at all. Rows that are the same already are not touched; where the table says where its rows lie, and they are all there to the letter, none is
   * sent. Throws `SEED_ROW_REFUSED` (kind `red`), which names the row, and `SEED_ROWS_DIFFER` when the table has other values after the merge
   * than were sent.
   */
  merge(table: BulkTable, onSent: (rows: number) => void, signal: AbortSignal): Promise<MergedTable>;
  /** Counts the rows of these tables whose foreign keys lead nowhere, by constraint; an empty list is none. */
  orphans(tables: readonly string[], signal: AbortSignal): Promise<readonly Orphans[]>;
  /** Removes owned rows, all in one transaction; returns how many there were, in the order asked. */
  remove(owned: readonly OwnedRows[], signal: AbortSignal): Promise<readonly number[]>;
  /** Removes the rows with these keys, all in one transaction, in the order of the tables; returns how many. */
  removeKeys(
    tables: readonly { readonly table: string; readonly key: readonly string[]; readonly keys: readonly Row[] }[],
    signal: AbortSignal,
  ): Promise<number>;
  /** Removes every row of these tables, all in one transaction; returns how many. */
  empty(tables: readonly string[], signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}
