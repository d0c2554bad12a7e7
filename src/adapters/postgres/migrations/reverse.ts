import { StagingError } from '../../../core/errors.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { printable } from '../../../core/printable.ts';
import { isConnectionLoss } from '../database-error.ts';
import type { Session } from '../session.ts';
import type { Transactions } from '../transactions.ts';
import { executable, forgetSettings, retrying, runStatements } from './run.ts';
import { watchingBlockers } from './blockers.ts';
import { ensureLedgers, isInLedger, takeLock, unrecord } from './ledger.ts';
import { sentStatements } from './statements.ts';

/**
 * Runs the reverse script of an applied migration and takes the version off the ledger, in one transaction; a version that is not in the
 * ledger is left as it is. Only the newest applied one can be reversed: throws `MIGRATION_NOT_NEWEST` for others.
 */
export async function reverseMigration(
  transactions: Transactions,
  reader: Session,
  down: MigrationFile,
  signal: AbortSignal,
): Promise<void> {
  const statements = await sentStatements(down);
  const work = async (session: Session) => {
    const { pid, isReady } = await takeLock(session, down, 'transaction');
    if (!isReady) await ensureLedgers(session);
    if (!(await isInLedger(session, down.version))) return;
    await refuseOlder(session, down);
    await watchingBlockers(reader, pid, (blockers) => runStatements(session, down, executable(statements), blockers));
    await forgetSettings(session);
    await unrecord(session, down.version);
  };
  await retrying(signal, () =>
    transactions.run(signal, work, async (error) => {
      if (isConnectionLoss(error) && !(await isInLedger(reader, down.version))) return;
      throw error;
    }),
  );
}

async function refuseOlder(session: Session, { version, file }: MigrationFile): Promise<void> {
  const [newest] = await session.query(
    (sql) => sql<{ version: string }[]>`select version from supabase_migrations.schema_migrations order by version desc limit 1`,
  );
  if (newest === undefined || newest.version === version) return;
  throw new StagingError(
    'refused',
    'MIGRATION_NOT_NEWEST',
    `${printable(file)} is not the newest applied migration (${newest.version} is); expected the newest, for later ones build on it.`,
    { fix: 'Reverse the newer ones first: `jv-staging migrate down` does so in order.' },
  );
}
