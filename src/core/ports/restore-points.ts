/** A moment that the staging database can be taken back to. */
export interface RestorePoint {
  /** `rp_…` when the platform keeps it, `dump_…` when it is a file of ours; at most 20 characters when the platform keeps it. */
  readonly id: string;
  readonly kind: 'platform' | 'dump';
  /** Where it lies: the platform's project, or the absolute path of the file. */
  readonly place: string;
  /** Why it was taken, or null when its keeper does not say. */
  readonly reason: string | null;
  /** Null when its keeper does not say. */
  readonly sizeBytes: number | null;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** ISO 8601 UTC, or null when it does not go by time. */
  readonly expiresAt: string | null;
}

/** Takes, lists and brings back restore points of one database. */
export interface RestorePoints {
  /**
   * Takes one, and returns it once it is whole. Throws `RESTORE_POINT_UNSUPPORTED` (kind `missing`: this keeper keeps none),
   * `RESTORE_POINT_NO_PLACE` (kind `refused`) and `RESTORE_POINT_FAILED` (kind `vendor`).
   */
  take(reason: string, signal: AbortSignal): Promise<RestorePoint>;
  /** Returns those that are there, newest first; `named` are ids that release records name: some keepers tell of a point only by its id. */
  list(named: readonly string[], signal: AbortSignal): Promise<readonly RestorePoint[]>;
  /**
   * Takes the database back to one, wholly or not at all, and returns once it answers again. Throws `RESTORE_POINT_NOT_FOUND` (kind
   * `missing`), `RESTORE_POINT_OF_ANOTHER` (kind `refused`) and `RESTORE_FAILED` (kind `vendor`).
   */
  restore(id: string, signal: AbortSignal): Promise<void>;
  /** Removes those beyond the configured number, oldest first; returns their ids. Keepers with a retention of their own remove none. */
  prune(signal: AbortSignal): Promise<readonly string[]>;
  /** Seals those anew that a former state key sealed, one after another; keepers that seal nothing of ours do nothing. */
  reseal(signal: AbortSignal): Promise<ResealedPoints>;
}

/** What sealing restore points anew came to. */
export interface ResealedPoints {
  /** How many are under the newest key now. */
  readonly sealed: number;
  /** Ids of those that no key at hand opens: they were left as they are. */
  readonly unopened: readonly string[];
}

/** Keeps release records outside of the database while that goes back in time. */
export interface KeptRecords<Item> {
  read(): Promise<readonly Item[]>;
  /** Returns once they are safe on disk. */
  write(records: readonly Item[]): Promise<void>;
  clear(): Promise<void>;
}
