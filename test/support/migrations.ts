import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from 'postgres';

const supabaseDir = join(import.meta.dirname, '../../supabase');

/** A migration of the app and its reverse script. */
export interface AppMigration {
  readonly file: string;
  readonly up: string;
  readonly down: string;
}

/** Returns the app's migrations with their reverse scripts, oldest first. */
export async function appMigrations(): Promise<readonly AppMigration[]> {
  const files = (await readdir(join(supabaseDir, 'migrations'))).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      file,
      up: await readFile(join(supabaseDir, 'migrations', file), 'utf8'),
      down: await readFile(join(supabaseDir, 'rollbacks', file), 'utf8'),
    })),
  );
}

/** Applies all migrations, each in a transaction of its own. */
export async function migrateUp(sql: Sql): Promise<void> {
  for (const { up } of await appMigrations()) await sql.begin((transaction) => transaction.unsafe(up));
}

/** Takes all migrations back, newest first, each in a transaction of its own. */
export async function migrateDown(sql: Sql): Promise<void> {
  for (const { down } of (await appMigrations()).toReversed()) await sql.begin((transaction) => transaction.unsafe(down));
}
