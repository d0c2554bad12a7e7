import type { MigrationFile } from '../../../core/ports/database.ts';
import { isConnectionLoss } from '../database-error.ts';
import { readDirectives } from '../parse/directives.ts';
import type { Session } from '../session.ts';
import type { Transactions } from '../transactions.ts';
import { watchingBlockers } from './blockers.ts';
import { ensureLedgers, isApplied, record, standsApplied, takeLock } from './ledger.ts';
import { applyOutside } from './outside.ts';
import { executable, retrying, runStatements } from './run.ts';
import { sentStatements } from './statements.ts';

/**
 * Applies one file and its ledger row in one transaction, under an advisory lock; a file with `-- jv:no-transaction` statement by statement.
 * A version that is in the ledger already (another run was faster, or this one lost its connection at the commit) is left as it is when the
 * file is the same. Throws `MIGRATION_…` (kind `red`) and `MIGRATION_LOCKED` (kind `locked`); others as Postgres threw them. `reader` looks
 * when the connection is lost at the commit, and who is in the way.
 */
export async function applyMigration(
  transactions: Transactions,
  reader: Session,
  migration: MigrationFile,
  signal: AbortSignal,
  retryDirty = false,
): Promise<void> {
  const statements = await sentStatements(migration);
  if ((await readDirectives(statements)).noTransaction) {
    await applyOutside({ transactions, reader, migration, statements, retryDirty }, signal);
    return;
  }
  const work = async (session: Session) => {
    const { pid, isReady } = await takeLock(session, migration, 'transaction');
    if (!isReady) await ensureLedgers(session);
    if (await isApplied(session, migration)) return;
    await watchingBlockers(reader, pid, (blockers) => runStatements(session, migration, executable(statements), blockers));
    await record(session, migration, statements);
  };
  await retrying(signal, () =>
    transactions.run(signal, work, async (error) => {
      if (isConnectionLoss(error) && (await standsApplied(reader, migration))) return;
      throw error;
    }),
  );
}

/**
 * Returns once every earlier commit is on the server's disk: a commit that is waited for takes all before it along
 * (https://www.postgresql.org/docs/15/wal-async-commit.html, read 2026-11-27).
 */
export async function settle(transactions: Transactions, signal: AbortSignal): Promise<void> {
  // A commit that wrote nothing would not be waited for.
  const written = "set synchronous_commit = on; select pg_logical_emit_message(true, 'jv_staging', 'settled'); reset synchronous_commit";
  await transactions.alone(signal, async (session) => {
    await session.query((sql) => sql.unsafe(written).simple());
  });
}
