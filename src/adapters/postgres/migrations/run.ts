import type { MigrationFile } from '../../../core/ports/database.ts';
import { sqlFailure } from '../database-error.ts';
import type { SqlStatement } from '../parse/statements.ts';
import type { Session } from '../session.ts';
import type { SendEnd } from '../transactions.ts';
import type { Blocker } from './blockers.ts';
import { lockNotAvailable, statementError } from './failure.ts';

/** Statements that are sent before the first of them is answered. */
const pipelined = 50;

/**
 * Bytes that are sent so: half of what a socket of Node takes before it asks to wait (`stream.getDefaultHighWaterMark()`, 24.21). What the
 * client kept back for longer, it would send over a new connection when this one is lost: outside of the transaction.
 */
const pipelinedBytes = 32 * 1024;

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
  for (const batch of batchesOf(statements)) await runBatch(session, migration, batch, blockers);
}

/** How the last statements of a file are sent, and what is sent with the commit behind them. */
export interface LastStatements {
  readonly end: SendEnd;
  readonly pid: number;
  /** SQL that is sent in one message with the commit. */
  readonly last: string;
}

/** Like `runStatements`, and commits: the last of them and the commit are sent without waiting in between. */
export async function runToTheEnd(
  session: Session,
  migration: MigrationFile,
  statements: readonly SqlStatement[],
  { end, pid, last }: LastStatements,
  blockers: () => readonly Blocker[],
): Promise<void> {
  const batches = batchesOf(statements);
  const ending = batches.at(-1) ?? [];
  for (const batch of batches.slice(0, -1)) await runBatch(session, migration, batch, blockers);
  const ended = await end({ statements: ending.map(({ text }) => text), last, pid });
  throwFirst(migration, ending, ended.statements, blockers);
}

function batchesOf(statements: readonly SqlStatement[]): readonly (readonly SqlStatement[])[] {
  const batches: SqlStatement[][] = [];
  let sizeBytes = 0;
  for (const statement of statements) {
    const bytes = Buffer.byteLength(statement.text);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= pipelined || sizeBytes + bytes > pipelinedBytes) {
      batches.push([statement]);
      sizeBytes = bytes;
    } else {
      batch.push(statement);
      sizeBytes += bytes;
    }
  }
  return batches;
}

async function runBatch(
  session: Session,
  migration: MigrationFile,
  batch: readonly SqlStatement[],
  blockers: () => readonly Blocker[],
): Promise<void> {
  const results = await Promise.allSettled(batch.map((statement) => session.query((sql) => sql.unsafe(statement.text).simple())));
  throwFirst(migration, batch, results, blockers);
}

/** Throws the error of the first statement that failed, if one did. */
function throwFirst(
  migration: MigrationFile,
  batch: readonly SqlStatement[],
  results: readonly PromiseSettledResult<unknown>[],
  blockers: () => readonly Blocker[],
): void {
  const index = results.findIndex((result) => result.status === 'rejected');
  const [failed, statement] = [results[index], batch[index]];
  if (failed?.status !== 'rejected' || statement === undefined) return;
  const waited = sqlFailure(failed.reason)?.sqlState === lockNotAvailable;
  throw statementError(migration, { statement, cause: failed.reason, blockers: waited ? blockers() : [] });
}

/** What a file sets for its session (`SET ROLE`, `SET search_path`, temporary tables) must not reach the ledger or the next file. */
export const forgetting = 'reset session authorization; reset all; discard temp';

/** Forgets what a file set for its session. */
export async function forgetSettings(session: Session): Promise<void> {
  await session.query((sql) => sql.unsafe(forgetting).simple());
}
