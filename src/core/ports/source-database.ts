/** A column of a source table. */
export interface SourceColumn {
  readonly name: string;
  /** The type beneath domains, as `format_type` writes it: `text`, `jsonb`, `uuid`, `text[]` … */
  readonly type: string;
  /** True for types that hold numbers, times, identifiers and closed sets, and so no free text. */
  readonly isPlain: boolean;
}

/** A table of the source's schema `public`. */
export interface SourceTable {
  readonly table: string;
  readonly columns: readonly SourceColumn[];
  /** Columns of the primary key; empty without one. */
  readonly key: readonly string[];
  /** Tables that its foreign keys lead to, itself not among them. */
  readonly references: readonly string[];
}

/** What a source says of itself. */
export interface SourceFacts {
  /** The same for two connections to one database. */
  readonly identity: string;
  /** What its role may change, in words; empty when it can write nowhere. */
  readonly writable: readonly string[];
  readonly tables: readonly SourceTable[];
}

/** Values of a row as text, as COPY writes them, in the order of the columns asked for. */
export type TextRow = readonly (string | null)[];

/** A database that is only read, in one snapshot. Throws `DATABASE_…` errors. */
export interface SourceDatabase {
  inspect(signal: AbortSignal): Promise<SourceFacts>;
  /** Runs `work` in one read-only snapshot: rows of all tables belong together. */
  snapshot<Value>(work: () => Promise<Value>, signal: AbortSignal): Promise<Value>;
  /** Yields the rows of a table, a batch at a time. */
  rows(table: string, columns: readonly string[], signal: AbortSignal): AsyncIterable<readonly TextRow[]>;
  close(): Promise<void>;
}
