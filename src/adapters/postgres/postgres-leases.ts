import postgres from 'postgres';
import type { Leases } from '../../core/ports/leases.ts';
import { holderSchema } from '../lock/holder-schema.ts';
import { databaseError, serverOf } from './database-error.ts';
import { ipv6Host } from './server-address.ts';
import { type Session, sessionOn } from './session.ts';
import { ensureStateSchema } from './state-schema.ts';

/**
 * Returns the leases kept in the staging database itself (`jv_staging.leases`), by the server's clock. `url` is secret. One connection,
 * opened when first needed.
 */
export function postgresLeases(url: string): Leases {
  const sql = postgres(url, {
    ...ipv6Host(url),
    max: 1,
    idle_timeout: 20,
    connect_timeout: 10,
    prepare: false,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'jv-staging lease' },
  });
  const on = async <Value>(signal: AbortSignal, call: (session: Session) => Promise<Value>): Promise<Value> => {
    try {
      return await call(sessionOn(sql, signal));
    } catch (error) {
      signal.throwIfAborted();
      throw databaseError(error, serverOf(url));
    }
  };
  return {
    read: (environment, signal) => on(signal, (session) => readLease(session, environment)),
    take: (environment, { holder, lastsMs, over }, signal) =>
      on(signal, async (session) => {
        await ensureStateSchema(session);
        const taken = await session.query(
          (query) => query`insert into jv_staging.leases as held (environment, id, holder, expires_at)
            values (${environment}, ${holder.id}, ${JSON.stringify(holder)}::text::jsonb, now() + ${lastsMs} * interval '1 ms')
            on conflict (environment) do update set id = excluded.id, holder = excluded.holder, expires_at = excluded.expires_at
            where held.expires_at <= now() or held.id in (excluded.id, ${over ?? holder.id})
            returning id`,
        );
        return taken.length > 0;
      }),
    renew: (environment, id, lastsMs, signal) =>
      on(signal, async (session) => {
        const renewed = await session.query(
          (query) => query`update jv_staging.leases set expires_at = now() + ${lastsMs} * interval '1 ms'
            where environment = ${environment} and id = ${id} returning id`,
        );
        return renewed.length > 0;
      }),
    release: (environment, id, signal) =>
      on(signal, async (session) => {
        const released = await session.query(
          (query) => query`delete from jv_staging.leases where environment = ${environment} and id = ${id} returning id`,
        );
        return released.length > 0;
      }),
    close: () => sql.end({ timeout: 2 }),
  };
}

async function readLease(session: Session, environment: string) {
  const [there] = await session.query((sql) => sql<{ is: boolean }[]>`select to_regclass('jv_staging.leases') is not null as is`);
  if (there?.is !== true) return undefined;
  const [row] = await session.query(
    (sql) => sql<{ holder: unknown; leftMs: number }[]>`select holder, extract(epoch from expires_at - now())::float8 * 1000 as "leftMs"
      from jv_staging.leases where environment = ${environment}`,
  );
  return row === undefined ? undefined : { holder: holderSchema.parse(row.holder), leftMs: row.leftMs };
}
