import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import type { Client, QueryResultRow } from 'pg';
import type { CopyChunk } from '../../core/ports/bulk.ts';
import { databaseError, serverOf } from '../postgres/database-error.ts';
import { hostAndPort } from '../postgres/server-address.ts';

/** Bounds on connecting. */
const connectTimeoutMs = 10_000;

/**
 * One connection that can COPY in both directions. It is `pg` with pg-copy-streams, since postgres 3.4.9 tells nobody of an error that the
 * server finds after the last row of a COPY: its stream then waits for ever (`final` in its connection.js).
 */
export interface CopyConnection {
  query<Row extends QueryResultRow>(text: string, values: readonly unknown[], signal: AbortSignal): Promise<readonly Row[]>;
  /** Runs a statement; returns how many rows it touched. */
  run(text: string, signal: AbortSignal): Promise<number>;
  /** Sends chunks to a `COPY … FROM STDIN`; `onSent` hears of rows as they leave. */
  copyIn(
    text: string,
    chunks: Iterable<CopyChunk> | AsyncIterable<CopyChunk>,
    onSent: (rows: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Yields the bytes of a `COPY … TO STDOUT`. */
  copyOut(text: string, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Runs `work` in a transaction that begins with `begin`; commits, or rolls back when it throws. */
  transaction<Value>(begin: string, work: () => Promise<Value>, signal: AbortSignal): Promise<Value>;
  close(): Promise<void>;
}

/** Opens a connection when it is first used; `url` is secret and never stands in a message. */
export function copyConnection(url: string, applicationName: string, settings: readonly string[] = []): CopyConnection {
  const server = serverOf(url);
  let opened: Promise<Opened> | undefined;
  const connect = () => (opened ??= open(url, applicationName, settings));

  const guarded = async <Value>(signal: AbortSignal, work: (connection: Opened) => Promise<Value>): Promise<Value> => {
    signal.throwIfAborted();
    let lost = () => false;
    try {
      const connection = await connect();
      lost = connection.lost;
      if (lost()) throw connectionClosed();
      return await work(connection);
    } catch (error) {
      signal.throwIfAborted();
      throw databaseError(lost() ? connectionClosed(error) : error, server);
    }
  };
  const query = async (text: string, values: readonly unknown[], signal: AbortSignal) =>
    guarded(signal, (connection) => cancellable(connection, signal, () => connection.client.query(text, [...values])));

  return {
    query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[], signal: AbortSignal) => {
      const { rows }: { rows: Row[] } = await guarded(signal, (connection) =>
        cancellable(connection, signal, () => connection.client.query<Row>(text, [...values])),
      );
      return rows;
    },
    run: async (text, signal) => (await query(text, [], signal)).rowCount ?? 0,
    copyIn: (text, chunks, onSent, signal) =>
      guarded(signal, async ({ client }) => {
        const { from } = await import('pg-copy-streams');
        await send(client.query(from(text)), chunks, onSent, signal);
      }),
    copyOut: (text, signal) => received(guarded, text, signal),
    transaction: async (begin, work, signal) => {
      await query(begin, [], signal);
      try {
        const value = await work();
        await query('commit', [], new AbortController().signal);
        return value;
      } catch (error) {
        await query('rollback', [], new AbortController().signal).catch(() => undefined);
        throw error;
      }
    },
    close: async () => {
      await opened?.then(({ client }) => client.end()).catch(() => undefined);
    },
  };
}

interface Opened {
  readonly client: Client;
  /** Cancels what the server is doing for this connection. */
  cancel(): Promise<void>;
  /** True once the connection is gone. */
  lost(): boolean;
}

async function open(url: string, applicationName: string, settings: readonly string[]): Promise<Opened> {
  const { Client: PgClient } = await import('pg');
  const options = [...settings, 'timezone=UTC', 'datestyle=ISO'].map((setting) => `-c ${setting}`).join(' ');
  const config = { ...addressOf(url), application_name: applicationName, connectionTimeoutMillis: connectTimeoutMs, options };
  const client = new PgClient(config);
  let isLost = false;
  client.on('error', () => (isLost = true));
  client.on('end', () => (isLost = true));
  try {
    await client.connect();
  } catch (error) {
    throw error instanceof Error && 'code' in error ? error : connectionClosed(error, 'CONNECT_TIMEOUT');
  }
  const { rows }: { rows: { pid: number }[] } = await client.query('select pg_backend_pid() as pid');
  const [self] = rows;
  return {
    client,
    lost: () => isLost,
    cancel: async () => {
      const other = new PgClient({ ...config, application_name: `${applicationName} cancel` });
      other.on('error', () => undefined);
      await other.connect();
      await other.query('select pg_cancel_backend($1)', [self?.pid]);
      await other.end();
    },
  };
}

/** Supabase's certificates are signed by its own authority: `sslmode=require` encrypts without asking who signed, as libpq does. */
function addressOf(url: string) {
  const { username, password, pathname, searchParams } = new URL(url);
  const secure = ['require', 'prefer'].includes(searchParams.get('sslmode') ?? '');
  return {
    ...hostAndPort(url),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    ssl: secure ? { rejectUnauthorized: false } : false,
  };
}

function connectionClosed(cause?: unknown, code = 'CONNECTION_CLOSED'): Error {
  const said = cause instanceof Error ? cause.message : 'The connection was lost';
  return Object.assign(new Error(said, { cause }), { code });
}

/** Waits for a query; an aborted signal cancels it on the server, and the wait ends when the server has let go of it. */
async function cancellable<Value>(connection: Opened, signal: AbortSignal, ask: () => Promise<Value>): Promise<Value> {
  const cancel = () => {
    // Without a free connection nothing can be cancelled: the socket is closed, and the server rolls back when it notices.
    void connection.cancel().catch(() => connection.client.end());
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await ask();
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function send(
  stream: Writable,
  chunks: Iterable<CopyChunk> | AsyncIterable<CopyChunk>,
  onSent: (rows: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const ended = finished(stream);
  // Once it has failed nothing may be written any more: it has let go of its connection.
  ended.catch((error: unknown) => failed.abort(error));
  const stopped = AbortSignal.any([signal, failed.signal]);
  try {
    for await (const { text, rows } of chunks) {
      signal.throwIfAborted();
      failed.signal.throwIfAborted();
      // One chunk at a time: what the socket has not taken is all that is held.
      if (!stream.write(text)) await once(stream, 'drain', { signal: stopped });
      onSent(rows);
    }
    signal.throwIfAborted();
    failed.signal.throwIfAborted();
    stream.end();
    await ended;
  } catch (error) {
    if (failed.signal.aborted) throw failed.signal.reason;
    // The server is told that no more comes, and takes nothing.
    stream.destroy(error instanceof Error ? error : undefined);
    await ended.catch(() => undefined);
    throw error;
  }
}

async function* received(
  guarded: <Value>(signal: AbortSignal, work: (connection: Opened) => Promise<Value>) => Promise<Value>,
  text: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stream = await guarded(signal, async ({ client }): Promise<Readable> => {
    const { to } = await import('pg-copy-streams');
    return client.query(to(text));
  });
  const stop = () => void stream.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const bytes: AsyncIterable<Buffer> = stream;
  const source = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await guarded(signal, () => source.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}
