import { dirtyError, invalidText, retryText } from '../../../core/migrate/dirty.ts';
import type { DirtyMigration, MigrationFile } from '../../../core/ports/database.ts';
import { isConnectionLoss, sqlFailure } from '../database-error.ts';
import type { SqlStatement } from '../parse/statements.ts';
import type { Session } from '../session.ts';
import type { Transactions } from '../transactions.ts';
import { executable, forgetSettings } from './run.ts';
import { watchingBlockers } from './blockers.ts';
import { lockNotAvailable, statementError } from './failure.ts';
import { ensureLedgers, giveLock, isApplied, type Locked, record, standsApplied, takeLock } from './ledger.ts';

interface Outside {
  readonly transactions: Transactions;
  readonly reader: Session;
  readonly migration: MigrationFile;
  readonly statements: readonly SqlStatement[];
  /** Run a file again that broke half way. */
  readonly retryDirty: boolean;
}

/**
 * Runs the statements of a file one by one, each its own transaction. A row in `jv_staging.migrations_dirty` says how far it came, from
 * before the first statement until the ledger's row is written: whatever ends the run, the next one knows. Throws `MIGRATION_DIRTY`.
 */
export async function applyOutside(outside: Outside, signal: AbortSignal): Promise<void> {
  const { transactions, reader, migration, statements } = outside;
  let isDone = false;
  await transactions.alone(signal, async (session) => {
    const locked = await takeLock(session, migration, 'session');
    try {
      isDone = await runOne(session, outside, locked);
    } finally {
      // A lost connection gave it back already.
      await giveLock(session).catch(() => undefined);
    }
  });
  if (isDone) return;
  const finish = async (session: Session) => {
    await takeLock(session, migration, 'transaction');
    await record(session, migration, statements);
    await session.query((sql) => sql`delete from jv_staging.migrations_dirty where version = ${migration.version}`);
  };
  await transactions.run(signal, finish, async (error) => {
    if (isConnectionLoss(error) && (await standsApplied(reader, migration))) return;
    throw error;
  });
}

/** Runs the file; returns true when it was applied before. */
async function runOne(
  session: Session,
  { reader, migration, statements, retryDirty }: Outside,
  { pid, isReady }: Locked,
): Promise<boolean> {
  if (!isReady) await ensureLedgers(session);
  if (await isApplied(session, migration)) return true;
  const dirty = (await readDirty(session)).find(({ version }) => version === migration.version);
  if (dirty !== undefined && !retryDirty) throw dirtyError(dirty, await invalidIndexes(session));
  const steps = executable(statements);
  await session.query(
    (sql) => sql`insert into jv_staging.migrations_dirty (version, file, checksum, done, of)
      values (${migration.version}, ${migration.file}, ${migration.checksum}, 0, ${steps.length})
      on conflict (version) do update set file = excluded.file, checksum = excluded.checksum, done = 0, of = excluded.of, error = null, since = now()`,
  );
  for (const [index, statement] of steps.entries()) {
    await runStep(session, { reader, migration, statement, index, of: steps.length, pid, before: dirty?.done ?? 0 });
    await session.query((sql) => sql`update jv_staging.migrations_dirty set done = ${index + 1} where version = ${migration.version}`);
  }
  await forgetSettings(session);
  return false;
}

interface OutsideStep {
  readonly reader: Session;
  readonly migration: MigrationFile;
  readonly statement: SqlStatement;
  readonly index: number;
  readonly of: number;
  readonly pid: number;
  /** How many statements the run before left standing. */
  readonly before: number;
}

async function runStep(session: Session, { reader, migration, statement, index, of, pid, before }: OutsideStep): Promise<void> {
  await watchingBlockers(reader, pid, async (blockers) => {
    try {
      await session.query((sql) => sql.unsafe(statement.text).simple());
    } catch (cause) {
      const failure = sqlFailure(cause);
      if (failure === undefined || isConnectionLoss(cause)) throw cause;
      await session.query(
        (sql) => sql`update jv_staging.migrations_dirty set error = ${failure.message} where version = ${migration.version}`,
      );
      const invalid = await invalidIndexes(session);
      const again = before === 0 ? '' : ` of this run, beside the ${before} of the run before`;
      const standing = `${index} of its ${of} statements stand${again}`;
      throw statementError(migration, {
        statement,
        cause,
        blockers: failure.sqlState === lockNotAvailable ? blockers() : [],
        fix: `${standing}, for it runs outside of a transaction.${invalidText(invalid)} ${retryText(migration)}`,
      });
    }
  });
}

/** Returns the files that broke half way, oldest first. */
export async function readDirty(session: Session): Promise<readonly DirtyMigration[]> {
  const [there] = await session.query((sql) => sql<{ is: boolean }[]>`select to_regclass('jv_staging.migrations_dirty') is not null as is`);
  if (there?.is !== true) return [];
  const rows = await session.query(
    (sql) => sql<
      DirtyMigration[]
    >`select version, file, done, of, error, to_char(since at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
      from jv_staging.migrations_dirty order by version`,
  );
  return [...rows];
}

/** Returns the indexes that a `CREATE INDEX CONCURRENTLY` that broke has left: nobody reads them, and every write keeps them. */
export async function invalidIndexes(session: Session): Promise<readonly string[]> {
  const rows = await session.query(
    (sql) => sql<{ name: string }[]>`select format('%I.%I', n.nspname, c.relname) as name from pg_index i
      join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and c.relkind = 'i' and n.nspname not like 'pg\\_%' order by 1`,
  );
  return rows.map(({ name }) => name);
}
