import type { MigrationProof, ReversibleMigration } from '../migrate/proof.ts';

/** Tries migrations and their reverse scripts on a copy of the database that nobody uses. Throws `DATABASE_…`, `SCRATCH_…` errors. */
export interface Rehearsal {
  /**
   * Rehearses up → down → up of each, in order of version, on a copy that holds the database's rows; those that are applied there already
   * are taken down, newest first, and up again. The copy is removed afterwards, whatever happens.
   */
  rehearse(migrations: readonly ReversibleMigration[], signal: AbortSignal): Promise<readonly MigrationProof[]>;
}

/** A database of its own for a while. */
export interface ScratchDatabase {
  /** Connection string; secret. */
  readonly url: string;
  /** What it is, for messages: `copy jv_rehearsal_1 of app`. */
  readonly name: string;
  remove(): Promise<void>;
}

/** Where copies of a database come from. */
export interface ScratchDatabases {
  /** Makes a copy that holds the rows. Throws `SCRATCH_…` (kind `missing`) where none can be made. */
  copy(signal: AbortSignal): Promise<ScratchDatabase>;
}
