import type postgres from 'postgres';

/** A connection of its own, with nothing of what earlier work set left on it. */
export type Session = postgres.ReservedSql;

/** Waits for a query; an aborted signal cancels it on the server and ends the wait at once with the signal's reason. */
export async function cancellable<Result extends readonly postgres.MaybeRow[]>(
  query: postgres.PendingQuery<Result>,
  signal: AbortSignal,
): Promise<postgres.RowList<Result>> {
  signal.throwIfAborted();
  return abortable(query.execute(), signal, () => query.cancel());
}

/** Waits for something; an aborted signal calls `onAbort` and ends the wait at once with the signal's reason. */
export async function abortable<Value>(
  waited: PromiseLike<Value>,
  signal: AbortSignal,
  onAbort: () => void = () => undefined,
): Promise<Value> {
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
    signal.throwIfAborted();
    return await Promise.race([waited, aborted]);
  } finally {
    signal.removeEventListener('abort', listener);
  }
}

/**
 * Runs `work` in one transaction on a connection of its own and commits; rolls back when it throws. Settings that the work leaves
 * behind (`SET search_path`, `SET ROLE`) are discarded. `onCommitUnknown` decides when the connection is lost while committing.
 */
export async function inTransaction<Value>(
  sql: postgres.Sql,
  signal: AbortSignal,
  work: (session: Session) => Promise<Value>,
  onCommitFailed: (error: unknown, value: Value) => Promise<Value>,
): Promise<Value> {
  const session = await abortable(sql.reserve(), signal);
  let lost = false;
  try {
    await session.unsafe('begin').simple();
    const value = await work(session);
    try {
      await session.unsafe('commit').simple();
    } catch (error) {
      lost = true;
      return await onCommitFailed(error, value);
    }
    return value;
  } catch (error) {
    // After a lost connection there is nothing to roll back: the server has done so.
    if (!lost)
      await session
        .unsafe('rollback')
        .simple()
        .catch(() => undefined);
    throw error;
  } finally {
    if (!lost)
      await session
        .unsafe('discard all')
        .simple()
        .catch(() => undefined);
    session.release();
  }
}
