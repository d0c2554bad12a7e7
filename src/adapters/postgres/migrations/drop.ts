import { dropStatements, identifier, literal, ownSchemas } from '../owned-objects.ts';
import { isConnectionLoss } from '../database-error.ts';
import type { Session } from '../session.ts';
import type { Transactions } from '../transactions.ts';
import { ensureLedgers, takeLock } from './ledger.ts';

/** Schema of the Supabase CLI's ledger: emptied, not dropped. */
const ledgerSchema = 'supabase_migrations';

/** How long a lock is waited for: longer, and the app would wait behind us. */
const lockTimeout = '30s';

/** Returns the tables of the environment's own schemas, as `public.users`, in order of name; the ledger is not among them. */
export async function ownTables(session: Session): Promise<readonly string[]> {
  const schemas = (await ownSchemas(session)).filter((name) => name !== ledgerSchema);
  const rows = await session.query(
    (sql) => sql<
      { name: string }[]
    >`select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ${sql(['', ...schemas])} and c.relkind in ('r', 'p')
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by 1`,
  );
  return rows.map(({ name }) => name);
}

/**
 * Drops everything in the environment's own schemas and empties the ledger, in one transaction. Of what lies elsewhere goes what depends
 * on it (triggers, foreign keys), policies on the tables of Storage and Realtime, and publications of our own; the Supabase CLI's
 * `db reset` does so too (supabase/cli, pkg/migration/queries/drop.sql, read 2026-11-27), and empties Auth, which this does not. The
 * release history stays. Throws `MIGRATION_LOCKED` (kind `locked`).
 */
export async function dropOwned(transactions: Transactions, reader: Session, signal: AbortSignal): Promise<void> {
  const work = async (session: Session) => {
    const { isReady } = await takeLock(session, { file: 'The reset' }, 'transaction');
    if (!isReady) await ensureLedgers(session);
    const script = dropScript(await ownSchemas(session));
    await session.query((sql) => sql.unsafe(script).simple());
  };
  await transactions.run(signal, work, async (error) => {
    // The answer was lost, not the commit.
    if (isConnectionLoss(error) && (await ownTables(reader)).length === 0) return;
    throw error;
  });
}

function dropScript(schemas: readonly string[]): string {
  const gone = schemas.filter((name) => name !== 'public' && name !== ledgerSchema);
  return `set local lock_timeout = '${lockTimeout}';
    set local statement_timeout = 0;
    set local client_min_messages = error;
    ${gone.map((name) => `drop schema ${identifier(name)} cascade;`).join('\n')}
    do $drop$
    declare statement text;
    begin
      foreach statement in array (${dropStatements(['public'])}) loop
        execute statement;
      end loop;
      for statement in ${elsewhere} loop
        begin
          execute statement;
        exception when insufficient_privilege then
          null; -- another role made it, so no migration of ours did
        end;
      end loop;
      for statement in select format('truncate %I.%I', schemaname, tablename) from pg_tables where schemaname = ${literal(ledgerSchema)} loop
        execute statement;
      end loop;
    end
    $drop$;
    truncate jv_staging.migration_checksums, jv_staging.migrations_dirty;
    notify pgrst, 'reload schema'`;
}

/** Extensions that lie in `public`, policies on the platform's tables that users write policies for, publications that are not the platform's. */
const elsewhere = `
  select format('drop extension %I cascade', e.extname) from pg_extension e where e.extnamespace = 'public'::regnamespace
  union all select format('drop policy %I on %I.%I', policyname, schemaname, tablename) from pg_policies where schemaname in ('storage', 'realtime')
  union all select format('drop publication %I', pubname) from pg_publication
    where pubname not like 'supabase\\_realtime%' and pubname not like 'realtime\\_messages%'`;
