import type postgres from 'postgres';

/** What sends queries: a pool, or one connection within a transaction. */
export interface Session {
  /** Sends the query that `build` makes and waits for its rows; ends at once, and cancels it on the server, when interrupted. */
  query<Rows extends readonly postgres.MaybeRow[]>(
    build: (sql: postgres.Sql) => postgres.PendingQuery<Rows>,
  ): Promise<postgres.RowList<Rows>>;
}

/** Returns a session on a pool. `refusal` is asked before each query and may say why none may be sent any more. */
export function sessionOn(sql: postgres.Sql, signal: AbortSignal, refusal: () => Error | undefined = () => undefined): Session {
  return {
    query: async (build) => {
      signal.throwIfAborted();
      const refused = refusal();
      if (refused !== undefined) throw refused;
      const query = build(sql);
      return await abortable(query.execute(), signal, () => query.cancel());
    },
  };
}

/** Waits for something; an aborted signal calls `onAbort` and ends the wait at once with the signal's reason. */
async function abortable<Value>(waited: PromiseLike<Value>, signal: AbortSignal, onAbort: () => void): Promise<Value> {
  let listener = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    listener = () => {
      onAbort();
      reject(signal.reason);
    };
  });
  signal.addEventListener('abort', listener, { once: true });
  // Whichever of the two loses the race is nobody's to handle any more.
  aborted.catch(() => undefined);
  Promise.resolve(waited).catch(() => undefined);
  try {
    return await Promise.race([waited, aborted]);
  } finally {
    signal.removeEventListener('abort', listener);
  }
}
