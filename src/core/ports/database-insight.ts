/** What the server remembers of one statement. */
export interface StatementTotals {
  readonly id: string;
  /** Normalised: constants are `$1`. */
  readonly text: string;
  readonly calls: number;
  readonly totalMs: number;
}

/** A foreign key whose columns no index begins with. */
export interface UnindexedKey {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** Rows of the referencing table, as the planner estimates them. */
  readonly rows: number;
}

/** Live and dead rows of a table, as the server counts them. */
export interface TableRows {
  readonly table: string;
  readonly live: number;
  readonly dead: number;
  /** ISO 8601 UTC, or null when never. */
  readonly vacuumedAt: string | null;
}

/** Looks into a database without changing it. Rejects with what keeps it from looking. */
export interface DatabaseInsight {
  /** Returns how many sessions were opened since the statistics were reset. */
  sessions(signal: AbortSignal): Promise<number>;
  /** Returns the statements of this database; undefined where `pg_stat_statements` is not installed. */
  statements(signal: AbortSignal): Promise<readonly StatementTotals[] | undefined>;
  /** Of the schemas that are not the platform's. */
  unindexedKeys(signal: AbortSignal): Promise<readonly UnindexedKey[]>;
  /** Of the schemas that are not the platform's. */
  tableRows(signal: AbortSignal): Promise<readonly TableRows[]>;
  close(): Promise<void>;
}
