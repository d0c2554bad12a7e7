import type { DatabaseReading, Gauge } from '../../core/ports/gauges.ts';
import { lazyClient } from '../postgres/lazy-client.ts';

/** Bound on one reading: a pooler that has not given a connection by then is as full as it gets. */
const readTimeoutMs = 5000;

/** How the gauges name themselves to the server. */
const clientName = 'jv-staging gauge';

/** Returns the gauge of the server's connections; `directUrl` is secret. It takes one connection itself, and leaves it out. */
export function databaseGauge(directUrl: string): Gauge {
  const client = lazyClient(directUrl, clientName, readTimeoutMs);
  return {
    name: 'database',
    read: async (signal) => {
      const sql = await client.open();
      const [row] = await bounded(
        signal,
        // `numbackends` counts the sessions of every role; `pg_stat_activity` hides the state of those that are not ours.
        sql<DatabaseReading[]>`
          select
            (select sum(numbackends)::int - 1 from pg_stat_database) as connections,
            (select count(*)::int from pg_stat_activity where pid <> pg_backend_pid() and state = 'active') as active,
            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as "limit"`,
      );
      if (row === undefined) throw new Error('The server said nothing of its connections.');
      return { database: { connections: row.connections, active: row.active, limit: row.limit } };
    },
    close: client.close,
  };
}

/** Returns the gauge of the pooler: how long one trivial statement takes through it, `readTimeoutMs` at most; `poolerUrl` is secret. */
export function poolerGauge(poolerUrl: string): Gauge {
  const client = lazyClient(poolerUrl, clientName, readTimeoutMs);
  return {
    name: 'pooler',
    read: async (signal) => {
      const sql = await client.open();
      const startedMs = performance.now();
      const waited = await bounded(
        signal,
        sql`select 1`.then(() => 'answered' as const),
      ).catch((error: unknown) => {
        if (error instanceof LateError) return 'late' as const;
        throw error;
      });
      return { pooler: { waitMs: waited === 'late' ? readTimeoutMs : performance.now() - startedMs } };
    },
    close: client.close,
  };
}

class LateError extends Error {
  override readonly name = 'LateError';
}

async function bounded<Value>(signal: AbortSignal, work: PromiseLike<Value>): Promise<Value> {
  const timeout = AbortSignal.timeout(readTimeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  return await new Promise<Value>((resolve, reject) => {
    const stop = () => reject(signal.aborted ? signal.reason : new LateError(`No answer within ${readTimeoutMs} ms.`));
    either.addEventListener('abort', stop, { once: true });
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => either.removeEventListener('abort', stop));
  });
}
