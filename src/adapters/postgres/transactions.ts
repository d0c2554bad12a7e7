import postgres from 'postgres';
import { isConnectionLoss } from './database-error.ts';
import { ipv6Host } from './server-address.ts';
import { type Session, sessionOn } from './session.ts';

/** Runs transactions one after another on a connection of their own. */
export interface Transactions {
  /**
   * Runs `work` in a transaction and commits; rolls back when it throws. When the commit itself fails, its outcome may be unknown (a
   * lost connection): `onCommitFailed` decides by looking.
   */
  run(signal: AbortSignal, work: (session: Session) => Promise<void>, onCommitFailed: (error: unknown) => Promise<void>): Promise<void>;
  /** Runs `work` on the same connection without a transaction: each statement is its own. */
  alone(signal: AbortSignal, work: (session: Session) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Decides nothing about a commit of unknown outcome: for work that a second run does again without harm. */
export async function repeatable(error: unknown): Promise<never> {
  throw error;
}

/**
 * Returns transactions over one connection, opened when first needed.
 *
 * Neither `sql.begin` nor `sql.reserve` of postgres 3.4.9 survives a lost connection: the first writes its rollback into the closed socket,
 * which ends the process with an uncaught TypeError, the second waits for ever as the first call on a pool without `fetch_types`. And a pool
 * of its own accord sends what comes next over a new connection, outside of the transaction. So a connection that was lost is
 * noted, nothing more is sent for its transaction, and the next one gets a new connection.
 */
export function openTransactions(url: string, options: postgres.Options<Record<string, never>>): Transactions {
  let connection = connect(url, options);
  let last: Promise<unknown> = Promise.resolve();

  const open = () => {
    if (connection.refusal() !== undefined) connection = connect(url, options);
    return connection;
  };
  const inTurn = async (work: () => Promise<void>) => {
    const turn = last.catch(() => undefined).then(work);
    last = turn;
    await turn;
  };
  const runOne = async (
    signal: AbortSignal,
    work: (session: Session) => Promise<void>,
    onCommitFailed: (error: unknown) => Promise<void>,
  ) => {
    signal.throwIfAborted();
    const { sql, refusal } = open();
    const outcome = await transaction(sessionOn(sql, signal, refusal), sessionOn(sql, new AbortController().signal, refusal), work);
    if (outcome.phase === 'committed') return;
    if (isConnectionLoss(outcome.error)) connection.abandon();
    if (outcome.phase === 'working') throw outcome.error;
    await onCommitFailed(outcome.error);
  };

  return {
    run: (signal, work, onCommitFailed) => inTurn(() => runOne(signal, work, onCommitFailed)),
    alone: (signal, work) =>
      inTurn(async () => {
        signal.throwIfAborted();
        const { sql, refusal, abandon } = open();
        await work(sessionOn(sql, signal, refusal)).catch((error: unknown) => {
          // What was cancelled or cut off may still hold what it set for its session.
          if (signal.aborted || isConnectionLoss(error)) abandon();
          throw error;
        });
      }),
    close: () => connection.sql.end({ timeout: 2 }),
  };
}

interface Connection {
  readonly sql: postgres.Sql;
  /** Why nothing may be sent any more, or undefined. */
  refusal(): Error | undefined;
  abandon(): void;
}

function connect(url: string, options: postgres.Options<Record<string, never>>): Connection {
  let lost = false;
  const sql = postgres(url, { ...ipv6Host(url), ...options, max: 1, idle_timeout: 0, onclose: () => (lost = true) });
  return {
    sql,
    refusal: () => (lost ? Object.assign(new Error('The connection was lost'), { code: 'CONNECTION_CLOSED' }) : undefined),
    abandon: () => {
      lost = true;
      // Its socket may still be open: a server that ends a session says so before it closes.
      void sql.end({ timeout: 0 }).catch(() => undefined);
    },
  };
}

type Outcome = { readonly phase: 'committed' } | { readonly phase: 'working' | 'committing'; readonly error: unknown };

/** Runs one transaction; `uninterrupted` sends its beginning and its end, which an interruption must not cut off. */
async function transaction(session: Session, uninterrupted: Session, work: (session: Session) => Promise<void>): Promise<Outcome> {
  try {
    await session.query((sql) => sql.unsafe('begin').simple());
    await work(session);
  } catch (error) {
    // The server rolls back by itself when the connection is gone.
    if (!isConnectionLoss(error)) await uninterrupted.query((sql) => sql.unsafe('rollback').simple()).catch(() => undefined);
    return { phase: 'working', error };
  }
  try {
    await uninterrupted.query((sql) => sql.unsafe('commit').simple());
    return { phase: 'committed' };
  } catch (error) {
    return { phase: 'committing', error };
  }
}
