/** Time, waiting and ids, handed in so that core and stages stay deterministic. */
export interface Clock {
  /** Now, in milliseconds since 1970 UTC. */
  nowMs(): number;
  /** Waits; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Returns the clock's now as an ISO 8601 UTC string. */
export function isoNow(clock: Clock): string {
  return new Date(clock.nowMs()).toISOString();
}
