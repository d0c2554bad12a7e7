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
  /**
   * Like `run`, in two round trips where `run` takes one for each of its parts: `work` sends the beginning itself, in one message with what it
   * asks first, and may send the end right behind its last statements.
   */
  runFramed(signal: AbortSignal, work: FramedWork, onCommitFailed: (error: unknown) => Promise<void>): Promise<void>;
  /** Runs `work` on the same connection without a transaction: each statement is its own. */
  alone(signal: AbortSignal, work: (session: Session) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Work that begins its transaction itself: its first message begins with `begin;`. Without `end` it is committed when it resolves. */
export type FramedWork = (session: Session, end: SendEnd) => Promise<void>;

/**
 * Sends statements, each a message, and behind them in one message `last` and the commit, without waiting in between; returns how each
 * ended. After the first failure the server refuses the rest, the commit too.
 */
export type SendEnd = (ending: Ending) => Promise<Ended>;

/** What is sent at the end of a transaction. */
export interface Ending {
  readonly statements: readonly string[];
  readonly last: string;
  /** Process id of the transaction's session: an interruption asks the server to cancel what runs there. */
  readonly pid: number;
}

/** How the end of a transaction went. */
export interface Ended {
  readonly statements: readonly PromiseSettledResult<unknown>[];
  readonly commit: PromiseSettledResult<unknown>;
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
    perform: (on: { readonly session: Session; readonly uninterrupted: Session }) => Promise<Outcome>,
    onCommitFailed: (error: unknown) => Promise<void>,
  ) => {
    signal.throwIfAborted();
    const { sql, refusal } = open();
    const uninterrupted = sessionOn(sql, new AbortController().signal, refusal);
    const outcome = await perform({ session: sessionOn(sql, signal, refusal), uninterrupted });
    if (outcome.phase === 'committed') return;
    if (isConnectionLoss(outcome.error)) connection.abandon();
    if (outcome.phase === 'working') throw outcome.error;
    await onCommitFailed(outcome.error);
  };

  return {
    run: (signal, work, onCommitFailed) =>
      inTurn(() => runOne(signal, ({ session, uninterrupted }) => transaction(session, uninterrupted, work), onCommitFailed)),
    runFramed: (signal, work, onCommitFailed) =>
      inTurn(() =>
        runOne(
          signal,
          ({ session, uninterrupted }) => {
            const cancel = (pid: number) => cancelBackend(url, options, pid);
            return framedTransaction(session, uninterrupted, work, (ending) => sendEnding(uninterrupted, ending, signal, cancel));
          },
          onCommitFailed,
        ),
      ),
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

/** Runs one transaction whose work begins it, and may end it. */
async function framedTransaction(session: Session, uninterrupted: Session, work: FramedWork, send: SendEnd): Promise<Outcome> {
  let ended: Ended | undefined;
  let isSent = false;
  try {
    await work(session, async (ending) => {
      isSent = true;
      ended = await send(ending);
      return ended;
    });
    if (ended?.commit.status === 'rejected') throw ended.commit.reason;
    if (ended === undefined) {
      isSent = true;
      await uninterrupted.query((sql) => sql.unsafe('commit').simple());
    }
    return { phase: 'committed' };
  } catch (error) {
    // What was sent behind a commit's answer that never came may have been done.
    if (isConnectionLoss(error)) return { phase: isSent ? 'committing' : 'working', error };
    await uninterrupted.query((sql) => sql.unsafe('rollback').simple()).catch(() => undefined);
    return { phase: 'working', error };
  }
}

/** How often the server is asked again to cancel what an interruption wants ended: it may have come between two statements. */
const cancelAgainMs = 1000;

/**
 * Nothing here is cancelled by the client itself: it would take a statement that it has not sent yet out of the queue, and the commit behind it
 * would be without it.
 */
async function sendEnding(
  session: Session,
  { statements, last, pid }: Ending,
  signal: AbortSignal,
  cancel: (pid: number) => Promise<void>,
): Promise<Ended> {
  signal.throwIfAborted();
  let again: NodeJS.Timeout | undefined;
  const onAbort = () => {
    void cancel(pid);
    again = setInterval(() => void cancel(pid), cancelAgainMs);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const sent = [...statements, `${last}; commit`].map((text) => session.query((sql) => sql.unsafe(text).simple()));
    const results = await Promise.allSettled(sent);
    const commit = results.pop();
    if (commit === undefined) throw new Error('No commit was sent.');
    return { statements: results, commit };
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearInterval(again);
  }
}

/** Asks the server, over a connection of its own, to cancel what a session runs; one that cannot be asked is not. */
async function cancelBackend(url: string, options: postgres.Options<Record<string, never>>, pid: number): Promise<void> {
  const sql = postgres(url, { ...options, max: 1 });
  await sql
    .unsafe(`select pg_cancel_backend(${pid})`)
    .simple()
    .catch(() => undefined);
  await sql.end({ timeout: 1 }).catch(() => undefined);
}
