import { StagingError } from '../core/errors.ts';
import { slot } from '../core/run/slot.ts';
import type { Context } from './context.ts';
import type { LocalCloud } from './local-cloud.ts';

/** Returns what finds the connection to production's database: as the configuration says, or that of the production beside staging. */
export function productionUrlOf(context: Context, local: Pick<LocalCloud, 'productionDatabase'>) {
  const url = slot<string>('connection to production’s database');
  return {
    known: url.peek,
    find: async (signal: AbortSignal): Promise<string | undefined> => {
      const { database, supabaseProjects } = context.settings().production;
      const given = database === undefined ? undefined : context.secrets.read(database);
      const found = given ?? (await local.productionDatabase(supabaseProjects, signal));
      if (found !== undefined) url.set(found);
      return found;
    },
  };
}

/** Returns the connection that production's rows are read by; throws `PRODUCTION_DATABASE_UNKNOWN` (exit 3) when nobody says which. */
export function readerUrl(context: Pick<Context, 'settings' | 'secrets' | 'target' | 'envFile'>): string {
  const reference = context.settings().production.database;
  const url = reference === undefined ? undefined : context.secrets.read(reference);
  if (url !== undefined) return url;
  const places =
    context.target === 'local' ? `in ${context.envFile}, all that \`--target local\` reads` : `in the environment or ${context.envFile}`;
  const where = reference === undefined ? 'the configuration has no `production.database`' : `${reference.name} has no value ${places}`;
  throw new StagingError('missing', 'PRODUCTION_DATABASE_UNKNOWN', `Production's rows cannot be read: ${where}.`, {
    fix: `Set ${reference?.name ?? 'it'} to the connection string of a role that may only read.`,
  });
}
