import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import type { MigrationFolder } from '../../core/release/migrations.ts';
import { type ProtectionFaults, protectionFaults, type TableWaiver } from '../../core/release/protection.ts';
import type { Database } from '../../core/ports/database.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { applyMigrations, besidePending, pendingIn } from '../migrate/apply.ts';

/** What bringing the schema up to date needs. */
export interface SchemaDeps {
  /** Reads the configured folder of migrations, or another one. */
  readonly readMigrations: (dir?: string) => Promise<MigrationFolder>;
  /** Connects to the staging database straight; the same connection each time. */
  readonly openDatabase: () => Database;
}

/** Applies every pending migration, each file in its own transaction; returns a line that says what came out. */
export async function migrate(deps: SchemaDeps, io: StepIo): Promise<string> {
  const database = deps.openDatabase();
  const folder = await deps.readMigrations();
  const pending = await pendingIn(database, folder, io.signal);
  await applyMigrations(database, pending, io);
  return `${pending.length} of ${countOf(folder.migrations.length, 'migration')} applied now${await besidePending(deps.openDatabase(), folder, io.signal)}`;
}

/** Returns a line that says that every migration is applied, or undefined when one is pending. */
export async function nothingPending(deps: SchemaDeps, io: StepIo): Promise<string | undefined> {
  const folder = await deps.readMigrations();
  const pending = await pendingIn(deps.openDatabase(), folder, io.signal);
  return pending.length === 0
    ? `all ${folder.migrations.length} migrations were applied before${await besidePending(deps.openDatabase(), folder, io.signal)}`
    : undefined;
}

/**
 * Returns the step that refuses a table that anybody could read, or that no policy lets anybody into, unless the configuration waives it.
 * Throws `DATABASE_TABLE_UNPROTECTED` (exit 5).
 */
export function protectionStep({ openDatabase }: Pick<SchemaDeps, 'openDatabase'>, waivers: readonly TableWaiver[] = []): Step {
  return {
    id: 'row-security',
    title: 'Check that every table has row-level security and policies',
    run: async (io) => {
      const tables = await openDatabase().tableProtection(io.signal);
      const { withoutRowSecurity, withoutPolicy, unusedWaivers } = protectionFaults(tables, waivers);
      if (withoutRowSecurity.length + withoutPolicy.length > 0) throw unprotected({ withoutRowSecurity, withoutPolicy }, tables.length);
      const waived = waivers.length - unusedWaivers.length;
      const unused = unusedWaivers.map(({ table, without }) => `${table} without ${without}`).join(', ');
      const notes = [...(waived === 0 ? [] : [`${waived} waived`]), ...(unused === '' ? [] : [`waivers that cover nothing: ${unused}`])];
      return [`${countOf(tables.length, 'table')}, all protected`, ...notes].join('; ');
    },
  };
}

function unprotected(
  { withoutRowSecurity, withoutPolicy }: Pick<ProtectionFaults, 'withoutRowSecurity' | 'withoutPolicy'>,
  tables: number,
): StagingError {
  const open = withoutRowSecurity.length === 0 ? [] : [`Row-level security is off on ${withoutRowSecurity.join(', ')}`];
  const closed = withoutPolicy.length === 0 ? [] : [`no policy is on ${withoutPolicy.join(', ')}`];
  const seen = [...open, ...closed].join(', and ');
  const expected = closed.length === 0 ? 'on for' : 'row-level security with a policy on';
  return new StagingError(
    'red',
    'DATABASE_TABLE_UNPROTECTED',
    `${seen.charAt(0).toUpperCase()}${seen.slice(1)}, expected ${expected} all ${tables} tables.`,
    {
      fix: [
        ...(open.length === 0 ? [] : ['Add a migration with `alter table … enable row level security`.']),
        ...(closed.length === 0
          ? []
          : ['Add a migration with `create policy …`, or waive it in `supabase.tableWaivers`, if the service role alone uses it.']),
      ].join(' '),
      data: { withoutRowSecurity, withoutPolicy },
    },
  );
}
