import type { CatalogSnapshot } from '../../../core/catalog/catalog.ts';
import type { HeldLock } from '../../../core/migrate/proof.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { postgresCatalog } from '../catalog/reader.ts';
import { databaseError, serverOf } from '../database-error.ts';
import { hasLedger } from '../migrations/ledger.ts';
import type { Session } from '../session.ts';
import { openTransactions } from '../transactions.ts';
import { type ColumnDigests, digestColumns } from './digest.ts';
import { runMeasured } from './measured.ts';

/** A copy at one moment: what there is, and what its columns hold. */
export interface CopyState {
  readonly catalog: CatalogSnapshot;
  readonly digests: ColumnDigests;
}

/** A copy of the database that migrations are tried on. */
export interface Copy {
  /** Returns the versions in its ledger. */
  applied(signal: AbortSignal): Promise<readonly string[]>;
  state(signal: AbortSignal): Promise<CopyState>;
  /** Runs a file; returns the locks that it held on tables of `before`. */
  run(file: MigrationFile, before: CatalogSnapshot, signal: AbortSignal): Promise<readonly HeldLock[]>;
  close(): Promise<void>;
}

/** Opens a copy by its connection string (secret), with two connections. */
export function openCopy(url: string): Copy {
  const catalog = postgresCatalog(url);
  const transactions = openTransactions(url, {
    connect_timeout: 10,
    prepare: false,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'jv-staging rehearsal' },
  });
  const on = async <Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw databaseError(error, serverOf(url));
    }
  };
  const reading = async <Value>(signal: AbortSignal, read: (session: Session) => Promise<Value>): Promise<Value> => {
    const found: Value[] = [];
    await on(signal, () => transactions.alone(signal, async (session) => void found.push(await read(session))));
    const [value] = found;
    if (value === undefined) throw new Error('The copy was not read.');
    return value;
  };
  return {
    applied: (signal) => reading(signal, appliedVersions),
    state: async (signal) => {
      const snapshot = await catalog.read({}, signal);
      return { catalog: snapshot, digests: await reading(signal, (session) => digestColumns(session, snapshot)) };
    },
    run: (file, before, signal) => on(signal, () => runMeasured(transactions, file, before, signal)),
    close: async () => {
      await Promise.all([catalog.close(), transactions.close()]);
    },
  };
}

async function appliedVersions(session: Session): Promise<readonly string[]> {
  if (!(await hasLedger(session))) return [];
  const rows = await session.query((sql) => sql<{ version: string }[]>`select version from supabase_migrations.schema_migrations`);
  return rows.map(({ version }) => version);
}
