import postgres from 'postgres';
import type { AppliedMigration, Database, TableProtection } from '../../core/ports/database.ts';
import { applyMigration, settle } from './migrations/apply.ts';
import { dropOwned, ownTables } from './migrations/drop.ts';
import { invalidIndexes, readDirty } from './migrations/outside.ts';
import { keepProofs, readProofs } from './migrations/proofs.ts';
import { reverseMigration } from './migrations/reverse.ts';
import { rowsAtStake } from './migrations/stakes.ts';
import { databaseError, serverOf } from './database-error.ts';
import { databaseIdentity } from './database-identity.ts';
import { appendRelease, readReleases, resealReleases } from './releases.ts';
import { keepNoticeState, readNoticeState } from './notices.ts';
import { ipv6Host } from './server-address.ts';
import { type Session, sessionOn } from './session.ts';
import { rowsWrittenSince, writeMark } from './written-rows.ts';
import { openTransactions } from './transactions.ts';

/** Seconds until a server that does not answer counts as unreachable. */
const connectTimeoutSeconds = 10;

/**
 * Returns the port over a direct connection; `url` is secret and never stands in a message. Connects at the first call, with two
 * connections at most (one reads, one has the transactions): the app needs the rest.
 */
export function postgresDatabase(url: string): Database {
  const server = serverOf(url);
  const options = {
    connect_timeout: connectTimeoutSeconds,
    prepare: false,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'jv-staging' },
  };
  const pool = postgres(url, { ...ipv6Host(url), ...options, max: 1, idle_timeout: 20 });
  const transactions = openTransactions(url, options);
  const known = { ledgers: false };
  const on = async <Value>(signal: AbortSignal, call: (reader: Session) => Promise<Value>): Promise<Value> => {
    try {
      return await call(sessionOn(pool, signal));
    } catch (error) {
      signal.throwIfAborted();
      throw databaseError(error, server);
    }
  };
  return {
    ping: (signal) => on(signal, serverVersion),
    appliedMigrations: (signal) => on(signal, appliedMigrations),
    applyMigration: (migration, signal, choice) =>
      on(signal, (reader) => applyMigration({ transactions, reader, known }, migration, signal, choice?.retryDirty)),
    reverseMigration: (down, signal) => on(signal, (reader) => reverseMigration(transactions, reader, down, signal)),
    settle: (signal) => on(signal, () => settle(transactions, signal)),
    ownTables: (signal) => on(signal, ownTables),
    dropOwned: (signal) => on(signal, (reader) => dropOwned(transactions, reader, signal)),
    dirtyMigrations: (signal) => on(signal, readDirty),
    invalidIndexes: (signal) => on(signal, invalidIndexes),
    rowsAtStake: (losses, signal) => on(signal, (reader) => rowsAtStake(reader, losses)),
    proofs: (signal) => on(signal, readProofs),
    keepProofs: (proofs, signal) => on(signal, () => keepProofs(transactions, proofs, signal)),
    tableProtection: (signal) => on(signal, tableProtection),
    identity: (signal) => on(signal, databaseIdentity),
    releases: (environment, signal) => on(signal, (reader) => readReleases(reader, environment)),
    appendRelease: (record, signal) => on(signal, (reader) => appendRelease(transactions, reader, record, signal)),
    resealReleases: (records, signal) => on(signal, () => resealReleases(transactions, records, signal)),
    noticeState: (environment, signal) => on(signal, (reader) => readNoticeState(reader, environment)),
    keepNoticeState: (environment, state, signal) => on(signal, () => keepNoticeState(transactions, { environment, state }, signal)),
    writeMark: (signal) => on(signal, writeMark),
    rowsWrittenSince: (mark, signal) => on(signal, (reader) => rowsWrittenSince(reader, mark)),
    close: async () => {
      await Promise.all([pool.end({ timeout: 2 }), transactions.close()]);
    },
  };
}

async function serverVersion(session: Session): Promise<string> {
  const [row] = await session.query((sql) => sql<{ version: string }[]>`select version()`);
  return row?.version ?? '';
}

async function appliedMigrations(session: Session): Promise<readonly AppliedMigration[]> {
  const [tables] = await session.query(
    (sql) => sql<{ ledger: boolean; named: boolean; checksums: boolean }[]>`select
      to_regclass('supabase_migrations.schema_migrations') is not null as ledger,
      exists (select from pg_attribute where attrelid = to_regclass('supabase_migrations.schema_migrations') and attname = 'name') as named,
      to_regclass('jv_staging.migration_checksums') is not null as checksums`,
  );
  if (tables?.ledger !== true) return [];
  const rows = await session.query((sql) => {
    // Older versions of the Supabase CLI kept the version alone.
    const name = tables.named ? sql`m.name` : sql`null`;
    const checksum = tables.checksums
      ? sql`(select c.checksum from jv_staging.migration_checksums c where c.version = m.version)`
      : sql`null`;
    return sql<AppliedMigration[]>`select m.version, ${name} as name, ${checksum} as checksum
      from supabase_migrations.schema_migrations m order by m.version`;
  });
  return [...rows];
}

async function tableProtection(session: Session): Promise<readonly TableProtection[]> {
  const rows = await session.query(
    (sql) => sql<TableProtection[]>`select n.nspname as schema, c.relname as table, c.relrowsecurity as "rowSecurity",
        (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p')
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by n.nspname, c.relname`,
  );
  return [...rows];
}
