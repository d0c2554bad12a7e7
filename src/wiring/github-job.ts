import { join, relative } from 'node:path';
import { secretNames } from '../core/ci/secrets.ts';
import { StagingError } from '../core/errors.ts';
import { generatedSecrets } from '../stages/provision/generated-secrets.ts';
import type { Context } from './context.ts';

/** In GitHub Actions reads every secret that the configuration refers to, so that all are hidden before anything is printed. */
export function readAllSecrets(context: Context): void {
  if (context.process.github === undefined || context.loaded === undefined) return;
  for (const name of secretNames(context.loaded.settings, generatedSecrets)) context.secrets.read({ kind: 'env', name });
}

/** Returns where in the repository a migration failed (`MIGRATION_FAILED` knows file, line and column); undefined for other errors, and elsewhere. */
export function migrationPlace({ loaded, process }: Context, error: unknown) {
  const workspace = process.github?.workspace;
  if (workspace === undefined || loaded === undefined || !(error instanceof StagingError)) return undefined;
  const { data } = error;
  if (typeof data !== 'object' || data === null || !('file' in data) || !('line' in data) || !('column' in data)) return undefined;
  const { file, line, column } = data;
  if (typeof file !== 'string' || typeof line !== 'number' || typeof column !== 'number') return undefined;
  return { file: relative(workspace, join(loaded.settings.supabase.migrations, file)), line, column };
}
