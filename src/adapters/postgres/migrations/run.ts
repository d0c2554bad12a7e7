import type { MigrationFile } from '../../../core/ports/database.ts';
import { sqlFailure } from '../database-error.ts';
import type { SqlStatement } from '../parse/statements.ts';
import type { Session } from '../session.ts';
import type { Blocker } from './blockers.ts';
import { lockNotAvailable, statementError } from './failure.ts';

/** Statements that are sent before the first of them is answered. */
const pipelined = 50;

/** How often a file is tried when somebody else's lock is in its way: each time it gives way to those who wait behind it. */
const attempts = 2;

/** Returns the statements that are sent; comments are kept in the ledger alone. */
export function executable(statements: readonly SqlStatement[]): readonly SqlStatement[] {
  return statements.filter(({ node }) => node !== 'comment');
}

/** Runs `work` again, a few times, when a lock was not to be had. */
export async function retrying(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt >= attempts || !waitedForLock(error)) throw error;
      signal.throwIfAborted();
    }
  }
}

function waitedForLock(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return error instanceof Error && 'code' in error && error.code === 'MIGRATION_FAILED' && sqlFailure(cause)?.sqlState === lockNotAvailable;
}

/** Sends the statements without waiting in between, some at a time: after the first failure the transaction refuses the rest. */
export async function runStatements(
  session: Session,
  migration: MigrationFile,
  statements: readonly SqlStatement[],
  blockers: () => readonly Blocker[] = () => [],
): Promise<void> {
  for (let from = 0; from < statements.length; from += pipelined) {
    const batch = statements.slice(from, from + pipelined);
    const results = await Promise.allSettled(batch.map((statement) => session.query((sql) => sql.unsafe(statement.text).simple())));
    const index = results.findIndex((result) => result.status === 'rejected');
    const [failed, statement] = [results[index], batch[index]];
    if (failed?.status !== 'rejected' || statement === undefined) continue;
    const waited = sqlFailure(failed.reason)?.sqlState === lockNotAvailable;
    throw statementError(migration, { statement, cause: failed.reason, blockers: waited ? blockers() : [] });
  }
}

/** What a file sets for its session (`SET ROLE`, `SET search_path`, temporary tables) must not reach the ledger or the next file. */
export const forgetting = 'reset session authorization; reset all; discard temp';

/** Forgets what a file set for its session. */
export async function forgetSettings(session: Session): Promise<void> {
  await session.query((sql) => sql.unsafe(forgetting).simple());
}
