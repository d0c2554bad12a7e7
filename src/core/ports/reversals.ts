import type { MigrationBetween } from '../rollback/plan.ts';

/** What is known of migrations, and the way back from them. Throws `DATABASE_…` (kind `vendor`) and `MIGRATION_…` (kind `red`) errors. */
export interface Reversals {
  /** Returns what is known of applied versions, in the order given. */
  between(versions: readonly string[], signal: AbortSignal): Promise<readonly MigrationBetween[]>;
  /**
   * Tries the reverse scripts that nothing has proven yet on a copy of the database that holds its rows, and keeps what it shows; empty
   * when all are known. Throws `SCRATCH_…` where no copy can be made.
   */
  rehearse(signal: AbortSignal): Promise<readonly Pick<MigrationBetween, 'version' | 'isProven' | 'doubt'>[]>;
  /** Runs the reverse script of an applied migration and takes it off the ledger, in one transaction. */
  reverse(version: string, signal: AbortSignal): Promise<void>;
}
