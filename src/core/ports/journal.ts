/** An entry of the local journal: which mutating call was about to be made, how it ended, and that the run came to its end. */
export interface JournalEntry {
  readonly runId: string;
  /** Empty for the end of the run. */
  readonly path: string;
  readonly phase: 'intent' | 'done' | 'failed' | 'ended';
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Of an intent: the step's marker; of a failure: the error's code. */
  readonly detail?: string | undefined;
}

/**
 * The local journal, append-only and synced to disk before `append` returns. It only tells which mutating calls may be
 * unfinished; the truth is read from the vendor.
 */
export interface Journal {
  append(entry: JournalEntry): Promise<void>;
  /** Returns the intents of earlier runs that were cut off, oldest first (`unfinishedIntents`). Throws `JOURNAL_DAMAGED` for a damaged file. */
  unfinished(): Promise<readonly JournalEntry[]>;
}
