import type { Loss } from './classify.ts';
import type { MigrationFile } from '../ports/database.ts';

/** A migration with the script that takes it back. */
export interface ReversibleMigration {
  readonly up: MigrationFile;
  /** Undefined when there is none. */
  readonly down: MigrationFile | undefined;
}

/** A lock on a table that was there before, and how long others waited for it at the most. */
export interface HeldLock {
  readonly table: string;
  /** As Postgres names it: `AccessExclusiveLock`. */
  readonly mode: string;
  readonly heldMs: number;
}

/** What rehearsing a migration on a copy has shown. It holds for exactly these two files. */
export interface MigrationProof {
  readonly version: string;
  readonly upChecksum: string;
  /** Null when there is no reverse script. */
  readonly downChecksum: string | null;
  /** True when down led back to the catalog of before, up again to the same one, and the rows of before kept their values. */
  readonly reversible: boolean;
  /** True when a file failed or led elsewhere; false also for what has no reverse script, or took rows that no script brings back. */
  readonly isBroken: boolean;
  /** Why it is not reversible, or null. */
  readonly reason: string | null;
  /** Locks on the way up that keep others from reading or writing. */
  readonly locks: readonly HeldLock[];
  /** The longest of them; 0 when there was none. */
  readonly lockMs: number;
  /** Rows that its reverse script takes with it, those written since included. */
  readonly losses: readonly Loss[];
}

/** Returns the proof for a migration as its files are now, or undefined: one of other files says nothing. */
export function proofFor(proofs: readonly MigrationProof[], { up, down }: ReversibleMigration): MigrationProof | undefined {
  return proofs.find((proof) => proof.upChecksum === up.checksum && proof.downChecksum === (down?.checksum ?? null));
}

/** Returns what a loss is in words: `column public.users.name`. */
export function lossText({ table, column }: Loss): string {
  return column === null ? `table ${table}` : `column ${table}.${column}`;
}
