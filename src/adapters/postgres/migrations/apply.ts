import type { MigrationFile } from '../../../core/ports/database.ts';
import { isConnectionLoss } from '../database-error.ts';
import { readDirectives } from '../parse/directives.ts';
import type { Session } from '../session.ts';
import type { SendEnd, Transactions } from '../transactions.ts';
import { watchingBlockers } from './blockers.ts';
import { beginApplying, recording, standsApplied } from './ledger.ts';
import { applyOutside } from './outside.ts';
import { executable, retrying, runToTheEnd } from './run.ts';
import { sentStatements } from './statements.ts';

/** Where files are applied. */
export interface ApplyingPlace {
  readonly transactions: Transactions;
  /** Looks when the connection is lost at the commit, and who is in the way. */
  readonly reader: Session;
  /** Whether both ledgers were seen; set by `applyMigration`. */
  readonly known: { ledgers: boolean };
}

/**
 * Applies one file and its ledger row in one transaction, under an advisory lock; a file with `-- jv:no-transaction` statement by statement.
 * A version that is in the ledger already (another run was faster, or this one lost its connection at the commit) is left as it is when the
 * file is the same. Two round trips a file. Throws `MIGRATION_…` (kind `red`) and `MIGRATION_LOCKED` (kind `locked`); others as Postgres
 * threw them.
 */
export async function applyMigration(
  { transactions, reader, known }: ApplyingPlace,
  migration: MigrationFile,
  signal: AbortSignal,
  retryDirty = false,
): Promise<void> {
  const statements = await sentStatements(migration);
  if ((await readDirectives(statements)).noTransaction) {
    await applyOutside({ transactions, reader, migration, statements, retryDirty }, signal);
    return;
  }
  const work = async (session: Session, end: SendEnd) => {
    const { pid, isApplied } = await beginApplying(session, migration, known);
    if (isApplied) return;
    const last = `${onlyInSession(pid)}; ${recording(migration, statements)}`;
    await watchingBlockers(reader, pid, (blockers) =>
      runToTheEnd(session, migration, executable(statements), { end, pid, last }, blockers),
    );
  };
  await retrying(signal, () =>
    transactions.runFramed(signal, work, async (error) => {
      if (isConnectionLoss(error) && (await standsApplied(reader, migration))) return;
      throw error;
    }),
  );
}

/** Returns SQL that fails in any other session: a ledger's row must never come to stand without its file. */
function onlyInSession(pid: number): string {
  return `select 1 operator(pg_catalog./) (pg_catalog.pg_backend_pid() operator(pg_catalog.=) ${pid})::pg_catalog.int4`;
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
