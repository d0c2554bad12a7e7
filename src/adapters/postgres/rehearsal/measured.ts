import type { CatalogSnapshot } from '../../../core/catalog/catalog.ts';
import type { HeldLock } from '../../../core/migrate/proof.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { statementError } from '../migrations/failure.ts';
import { executable, forgetSettings } from '../migrations/run.ts';
import { migrationStatements } from '../migrations/statements.ts';
import { readDirectives } from '../parse/directives.ts';
import type { SqlStatement } from '../parse/statements.ts';
import type { Session } from '../session.ts';
import { repeatable, type Transactions } from '../transactions.ts';

/** Locks that keep others from writing, or from reading too (https://www.postgresql.org/docs/17/explicit-locking.html, read 2026-11-26). */
const blocking = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'];

/**
 * Runs a file on a copy, as `deploy` would, and returns how long it held which locks on tables of `before`: from the statement that
 * took one to the end of the transaction. Throws `MIGRATION_FAILED`; then nothing of the file stands, unless it runs outside of a transaction.
 */
export async function runMeasured(
  transactions: Transactions,
  file: MigrationFile,
  before: CatalogSnapshot,
  signal: AbortSignal,
): Promise<readonly HeldLock[]> {
  const all = await migrationStatements(file);
  const statements = executable(all);
  const known = new Set(before.objects.filter(({ kind }) => kind === 'table' || kind === 'view').map(({ identity }) => identity));
  const since = new Map<string, { readonly table: string; readonly mode: string; readonly atMs: number }>();
  const run = async (session: Session, statement: SqlStatement) => {
    const atMs = performance.now();
    await session
      .query((sql) => sql.unsafe(statement.text).simple())
      .catch((cause: unknown) => {
        throw statementError(file, { statement, cause });
      });
    return atMs;
  };
  if ((await readDirectives(all)).noTransaction) {
    // Each statement is its own transaction and lets go at once of what it took.
    await transactions.alone(signal, async (session) => {
      for (const statement of statements) await run(session, statement);
      await forgetSettings(session);
    });
    return [];
  }
  const work = async (session: Session) => {
    for (const statement of statements) {
      const atMs = await run(session, statement);
      for (const lock of await locksOf(session)) {
        const key = `${lock.table} ${lock.mode}`;
        if (known.has(lock.table) && !since.has(key)) since.set(key, { ...lock, atMs });
      }
    }
    await forgetSettings(session);
  };
  await transactions.run(signal, work, repeatable);
  const endMs = performance.now();
  return [...since.values()].map(({ table, mode, atMs }) => ({ table, mode, heldMs: Math.round((endMs - atMs) * 10) / 10 }));
}

async function locksOf(session: Session): Promise<readonly { readonly table: string; readonly mode: string }[]> {
  const rows = await session.query(
    (sql) => sql<{ table: string; mode: string }[]>`select format('%I.%I', n.nspname, c.relname) as table, l.mode
      from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.mode in ${sql(blocking)}`,
  );
  return [...rows];
}
