import { readMigrationFolder, readReverseScripts } from '../adapters/files/migration-folder.ts';
import { parseMigration } from '../adapters/postgres/parse/migration.ts';

/** Returns what reads the migrations of a folder, their reverse scripts of another, and what both say. */
export function migrationFiles(folders: { readonly migrations: string; readonly rollbacks: string }) {
  return {
    /** Another folder is a release's own, where it was checked out. */
    readMigrations: (dir = folders.migrations) => readMigrationFolder(dir),
    readReverseScripts: () => readReverseScripts(folders.rollbacks),
    parseMigration,
  };
}
