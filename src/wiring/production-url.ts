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
