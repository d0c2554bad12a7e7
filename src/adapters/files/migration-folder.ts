import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StagingError } from '../../core/errors.ts';
import type { MigrationFolder } from '../../core/release/migrations.ts';
import type { MigrationFile } from '../../core/ports/database.ts';
import { printable } from '../../core/printable.ts';

/** Largest migration file that is read. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Reads `<14 digits>_<name>.sql` below `dir` in order of version; everything else is named as ignored, but for hidden files such as `.gitkeep`. Throws
 * `MIGRATIONS_MISSING` (kind `missing`) and `MIGRATION_UNREADABLE` (kind `red`: too large, not UTF-8).
 */
export async function readMigrationFolder(dir: string): Promise<MigrationFolder> {
  let names: readonly string[];
  try {
    names = (await readdir(dir)).toSorted();
  } catch (error) {
    throw new StagingError('missing', 'MIGRATIONS_MISSING', `The migration folder ${printable(dir)} cannot be read.`, {
      fix: 'Set `supabase.migrations` in the configuration to the folder of the SQL migrations, or pass it with `--dir`.',
      cause: error,
    });
  }
  const migrations: MigrationFile[] = [];
  const ignored: string[] = [];
  for (const file of names) {
    const match = /^(\d{14})_(.+)\.sql$/.exec(file);
    const [, version, name] = match ?? [];
    if (version === undefined || name === undefined) ignored.push(...(file.startsWith('.') ? [] : [file]));
    else migrations.push({ version, name, file, ...(await readSql(dir, file)) });
  }
  return { migrations, ignored };
}

/** Reads the reverse scripts in a folder: files of their migrations' names; none when there is no such folder. */
export async function readReverseScripts(dir: string): Promise<readonly MigrationFile[]> {
  try {
    return (await readMigrationFolder(dir)).migrations;
  } catch (error) {
    if (error instanceof StagingError && error.code === 'MIGRATIONS_MISSING') return [];
    throw error;
  }
}

async function readSql(dir: string, file: string): Promise<{ readonly sql: string; readonly checksum: string }> {
  const bytes = await readFile(join(dir, file)).catch((error: unknown) => {
    throw unreadable(file, 'it cannot be read', error);
  });
  if (bytes.length > maxBytes) throw unreadable(file, `it has ${bytes.length} bytes, expected at most ${maxBytes}`);
  if (bytes.includes(0)) throw unreadable(file, 'it holds a zero byte');
  try {
    // The byte order mark stays: positions in messages count it as the editor does.
    const sql = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { sql, checksum: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    throw unreadable(file, 'it is not UTF-8', error);
  }
}

function unreadable(file: string, reason: string, cause?: unknown): StagingError {
  return new StagingError('red', 'MIGRATION_UNREADABLE', `${printable(file)} is not a migration that can be run: ${reason}.`, {
    fix: `Correct ${printable(file)} (UTF-8 text of SQL statements).`,
    cause,
  });
}
