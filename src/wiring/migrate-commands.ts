import { dirname, join, resolve } from 'node:path';
import { readMigrationFolder } from '../adapters/files/migration-folder.ts';
import { postgresDatabase } from '../adapters/postgres/postgres-database.ts';
import { postgresRehearsal } from '../adapters/postgres/rehearsal/rehearsal.ts';
import { templateCopies } from '../adapters/postgres/rehearsal/template-copies.ts';
import { openSecrets } from '../config/secrets.ts';
import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import { migrationsStatus, type MigrationsStatus } from '../core/migrate/status.ts';
import type { Database } from '../core/ports/database.ts';
import type { StageRun } from '../core/run/stage.ts';
import { leaseStep } from '../stages/lease.ts';
import { findLocated, locateStep } from '../stages/locate.ts';
import { type MigrateCheckDetails, migrateCheckStage } from '../stages/migrate/check.ts';
import type { MigrateDeps } from '../stages/migrate/deps.ts';
import { type MigrateDownDetails, type MigrateDownOptions, migrateDownStage } from '../stages/migrate/down.ts';
import { migrateResetStage, type ResetDetails, type ResetOptions } from '../stages/migrate/reset.ts';
import { type MigrateUpDetails, type MigrateUpOptions, migrateUpStage } from '../stages/migrate/up.ts';
import { protectionStep } from '../stages/provision/schema.ts';
import type { Resources } from '../stages/resources.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { migrationFiles } from './migration-files.ts';

/** Folder that the Supabase CLI keeps migrations in, from where it is called. */
const usualFolder = 'supabase/migrations';

/** Which database and which folder a command on migrations is about. */
export interface MigrateChoice {
  /** Environment variable that holds the address; undefined is the environment's database. */
  readonly dbUrlEnv: string | undefined;
  /** Folder of the migrations, with the reverse scripts in `rollbacks` beside it; undefined is the usual one. */
  readonly dir: string | undefined;
}

/** What `migrate` does. Throws `DB_URL_MISSING` (exit 2), `MIGRATIONS_MISSING` (exit 3), `DATABASE_…` (exit 4). */
export interface MigrateCommands {
  /** Returns how the migrations stand. */
  status(choice: MigrateChoice): Promise<MigrationsStatus>;
  check(choice: MigrateChoice & { readonly rehearse: boolean }): StageRun<MigrateCheckDetails>;
  up(choice: MigrateChoice & MigrateUpOptions): StageRun<MigrateUpDetails>;
  down(choice: MigrateChoice & MigrateDownOptions): StageRun<MigrateDownDetails>;
  /** A database that is named by its address has neither restore point nor seed. */
  reset(choice: MigrateChoice & ResetOptions): StageRun<ResetDetails>;
  /** Closes the connection to a database that was named by its address. */
  close(): Promise<void>;
}

/** Returns what `migrate` does in a context; `hide` is told each secret that is read. */
export function migrateCommands(context: Context, deps: Deps, resources: Resources, hide: (secret: string) => void): MigrateCommands {
  const { signal } = context.request;
  let named: Database | undefined;
  const close = async () => {
    await named?.close();
    named = undefined;
  };
  const onNamed = (variable: string, dir: string | undefined): MigrateDeps => {
    const url = addressIn(variable, hide);
    refuseProduction(url, context);
    return {
      clock: context.clock,
      openDatabase: () => (named ??= postgresDatabase(url)),
      ...filesIn(context, dir ?? usualFolder),
      // A copy can be made only while nobody is connected.
      rehearsal: () => postgresRehearsal(templateCopies(url, close)),
      before: [],
      after: [],
    };
  };
  const onEnvironment = (dir: string | undefined, changes: boolean): MigrateDeps => {
    const own = deps.provision();
    return {
      clock: context.clock,
      openDatabase: own.openDatabase,
      ...(dir === undefined ? migrationFiles(own.settings.supabase) : filesIn(context, dir)),
      rehearsal: deps.migrationRehearsal,
      before: [locateStep(own, resources), ...(changes ? [leaseStep(own)] : [])],
      after: [protectionStep(own, own.settings.supabase.tableWaivers)],
    };
  };
  const on = ({ dbUrlEnv, dir }: MigrateChoice, changes = true) =>
    dbUrlEnv === undefined ? onEnvironment(dir, changes) : onNamed(dbUrlEnv, dir);
  const resetting = ({ dbUrlEnv }: MigrateChoice) => {
    if (dbUrlEnv !== undefined) {
      const url = addressIn(dbUrlEnv, hide);
      return { ...namedReset, name: databaseName(url), guard: () => refuseProduction(url, context) };
    }
    const { name, environment, production } = deps.provision().settings;
    const guard = () => {
      const found = resources.database.get();
      guardProduction({ what: 'Supabase project', identities: [found.ref, found.name] }, production);
    };
    return { ...deps.resetting(), name, environment, guard };
  };
  return {
    status: async ({ dbUrlEnv, dir }) => {
      const fallback = dbUrlEnv === undefined ? context.settings().supabase.migrations : usualFolder;
      const folder = await readMigrationFolder(resolve(context.request.cwd, dir ?? fallback));
      if (dbUrlEnv === undefined) await findLocated(deps.locating(), resources, signal);
      else named = postgresDatabase(addressIn(dbUrlEnv, hide));
      const database = named ?? deps.openDatabase();
      return migrationsStatus(folder, await database.appliedMigrations(signal), await database.dirtyMigrations(signal));
    },
    check: (choice) => migrateCheckStage(on(choice, choice.rehearse), choice),
    up: (choice) => migrateUpStage(on(choice), choice),
    down: (choice) => migrateDownStage(on(choice), choice),
    reset: (choice) => migrateResetStage({ ...on(choice), ...resetting(choice) }, choice),
    close,
  };
}

/** As libpq names it: without a path it is the user's (https://www.postgresql.org/docs/15/libpq-connect.html, read 2026-11-27). */
function databaseName(url: string): string {
  const { pathname, username } = new URL(url);
  return decodeURIComponent(pathname.slice(1) || username);
}

/** What resetting a database lacks that is named by its address. */
const namedReset = {
  environment: undefined,
  seed: undefined,
  restorePoints: () => ({
    take: () =>
      Promise.reject(
        new StagingError(
          'refused',
          'RESTORE_POINT_NO_PLACE',
          'Nothing keeps a restore point of a database that is named by its address: what is dropped cannot be brought back.',
          { fix: 'Make a dump with `pg_dump -Fc` first, then add `--accept-no-restore-point`.' },
        ),
      ),
  }),
} as const;

function filesIn({ request }: Context, dir: string): Pick<MigrateDeps, 'readMigrations' | 'readReverseScripts' | 'parseMigration'> {
  const migrations = resolve(request.cwd, dir);
  return migrationFiles({ migrations, rollbacks: join(dirname(migrations), 'rollbacks') });
}

/** Refuses an address that leads to a project which the configuration, if one was named, calls production's (exit 6). */
function refuseProduction(url: string, { loaded }: Context): void {
  if (loaded === undefined) return;
  const { hostname, username } = new URL(url);
  const identities = [hostname, ...hostname.split('.'), ...decodeURIComponent(username).split('.')];
  guardProduction({ what: 'Supabase project', identities }, loaded.settings.production);
}

function isEncoded({ username, password, pathname }: URL): boolean {
  try {
    return [username, password, pathname].map(decodeURIComponent).length > 0;
  } catch {
    return false;
  }
}

function addressIn(name: string, hide: (secret: string) => void): string {
  const url = openSecrets(undefined).read({ kind: 'env', name });
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  if (url !== undefined) hide(url);
  if (parsed !== undefined && /^postgres(ql)?:$/.test(parsed.protocol)) {
    if (parsed.password !== '') hide(parsed.password);
    if (isEncoded(parsed)) {
      if (parsed.password !== '') hide(decodeURIComponent(parsed.password));
      return parsed.href;
    }
  }
  const malformed =
    parsed !== undefined && !isEncoded(parsed) ? 'has a % in user, password or database that begins no code (write %25)' : undefined;
  const seen = url === undefined ? 'is not set' : (malformed ?? 'is no address of a Postgres');
  throw new StagingError(
    'usage',
    'DB_URL_MISSING',
    `The variable ${name} of --db-url-env ${seen}, expected postgres://user:password@host:port/database.`,
    {
      fix: `Set ${name} in the environment to the address of the database.`,
    },
  );
}
