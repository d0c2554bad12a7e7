/** The lease of a run as its stages see it. */
export interface RunLease {
  /** Returns why no lease is needed, or undefined. */
  skipReason(): string | undefined;
  isHeld(): boolean;
  /** Takes the lease and returns its id; throws `RUN_LOCKED` (exit 7) when another run holds it. */
  take(signal: AbortSignal): Promise<string>;
  /**
   * Runs work that takes the database, and the lease in it, back in time: the lease is held elsewhere meanwhile, and afterwards taken anew.
   * Throws `RUN_LOCKED` (exit 7) when another run has it by then.
   */
  through<Value>(work: () => Promise<Value>, signal: AbortSignal): Promise<Value>;
}
