/** An entry of the local journal: which mutating call was about to be made, and how it ended. */
export interface JournalEntry {
  readonly runId: string;
  readonly path: string;
  readonly phase: 'intent' | 'done' | 'failed';
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly detail?: string | undefined;
}

/**
 * The local journal, append-only and synced to disk before `append` returns. It only tells which mutating calls may be
 * unfinished; the truth is read from the vendor.
 */
export interface Journal {
  append(entry: JournalEntry): Promise<void>;
  /** Returns the intents of earlier runs that have neither `done` nor `failed`, oldest first. Throws `JOURNAL_DAMAGED` for a damaged file. */
  unfinished(): Promise<readonly JournalEntry[]>;
}
