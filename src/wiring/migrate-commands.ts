import { resolve } from 'node:path';
import { readMigrationFolder } from '../adapters/files/migration-folder.ts';
import { postgresDatabase } from '../adapters/postgres/postgres-database.ts';
import { openSecrets } from '../config/secrets.ts';
import { StagingError } from '../core/errors.ts';
import { migrationsStatus, type MigrationsStatus } from '../core/migrate/status.ts';
import type { Database } from '../core/ports/database.ts';
import { findLocated } from '../stages/locate.ts';
import type { Resources } from '../stages/resources.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** Folder that the Supabase CLI keeps migrations in, from where it is called. */
const usualFolder = 'supabase/migrations';

/** Which database and which folder a command on migrations is about. */
export interface MigrateChoice {
  /** Environment variable that holds the address; undefined is the environment's database. */
  readonly dbUrlEnv: string | undefined;
  /** Folder of the migrations; undefined is the usual one. */
  readonly dir: string | undefined;
}

/** What `migrate` does. */
export interface MigrateCommands {
  /** Returns how the migrations stand. Throws `DB_URL_MISSING` (exit 2), `MIGRATIONS_MISSING` (exit 3), `DATABASE_…` (exit 4). */
  status(choice: MigrateChoice): Promise<MigrationsStatus>;
}

/** Returns what `migrate` does in a context; `hide` is told each secret that is read. */
export function migrateCommands(context: Context, deps: Deps, resources: Resources, hide: (secret: string) => void): MigrateCommands {
  const { cwd, signal } = context.request;
  return {
    status: async ({ dbUrlEnv, dir }) => {
      const fallback = dbUrlEnv === undefined ? context.settings().supabase.migrations : usualFolder;
      const folder = await readMigrationFolder(resolve(cwd, dir ?? fallback));
      if (dbUrlEnv !== undefined) return onAddress(addressIn(dbUrlEnv, hide), (database) => statusOf(database, signal, folder));
      await findLocated(deps.locating(), resources, signal);
      return statusOf(deps.openDatabase(), signal, folder);
    },
  };
}

async function statusOf(
  database: Database,
  signal: AbortSignal,
  folder: Parameters<typeof migrationsStatus>[0],
): Promise<MigrationsStatus> {
  return migrationsStatus(folder, await database.appliedMigrations(signal), await database.dirtyMigrations(signal));
}

async function onAddress<Value>(url: string, use: (database: Database) => Promise<Value>): Promise<Value> {
  const database = postgresDatabase(url);
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}

function addressIn(name: string, hide: (secret: string) => void): string {
  const url = openSecrets(undefined).read({ kind: 'env', name });
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  if (url !== undefined) hide(url);
  if (parsed !== undefined && /^postgres(ql)?:$/.test(parsed.protocol)) {
    if (parsed.password !== '') for (const form of [parsed.password, decodeURIComponent(parsed.password)]) hide(form);
    return parsed.href;
  }
  const seen = url === undefined ? 'is not set' : 'is no address of a Postgres';
  throw new StagingError(
    'usage',
    'DB_URL_MISSING',
    `The variable ${name} of --db-url-env ${seen}, expected postgres://user:password@host:port/database.`,
    {
      fix: `Set ${name} in the environment to the address of the database.`,
    },
  );
}
