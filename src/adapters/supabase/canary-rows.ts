import type { SupabaseClient } from '@supabase/supabase-js';
import type { CanaryRows, RowActor, RowOutcome } from '../../core/ports/probes.ts';

/** What a Supabase project's gateway wants; the service role's key is secret and goes to that gateway alone. */
export interface CanaryRowsOptions {
  readonly url: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
}

/** Returns the port over supabase-js, as the app's own pages and functions use it. */
export function canaryRows({ url, anonKey, serviceRoleKey }: CanaryRowsOptions): CanaryRows {
  const clients = new Map<string, Promise<SupabaseClient>>();
  const clientOf = (actor: RowActor): Promise<SupabaseClient> => {
    const key = actor.role === 'service' ? serviceRoleKey : anonKey;
    const name = actor.role === 'user' ? actor.accessToken : actor.role;
    const known = clients.get(name) ?? connect(url, key, actor.role === 'user' ? actor.accessToken : undefined);
    clients.set(name, known);
    return known;
  };
  return {
    insert: async (actor, table, row, signal) => {
      // Without `select` an insert needs no right to read: what anon may write must show even where anon may not read.
      if (actor.role === 'anon') {
        const written = await (await clientOf(actor)).from(table).insert(row).abortSignal(signal);
        return written.error === null ? { kind: 'rows', rows: [row] } : outcomeOf(written, signal);
      }
      return outcomeOf(await (await clientOf(actor)).from(table).insert(row).select().abortSignal(signal), signal);
    },
    read: async (actor, table, key, signal) =>
      outcomeOf(await (await clientOf(actor)).from(table).select().match(key).abortSignal(signal), signal),
    remove: async (actor, table, key, signal) =>
      outcomeOf(await (await clientOf(actor)).from(table).delete().match(key).select().abortSignal(signal), signal),
  };
}

async function connect(url: string, key: string, accessToken: string | undefined): Promise<SupabaseClient> {
  const { createClient } = await import('@supabase/supabase-js');
  return createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Sent again by itself, an insert would leave two rows.
    db: { retry: false },
    ...(accessToken === undefined ? {} : { accessToken: async () => accessToken }),
  });
}

/** What PostgREST answered, as supabase-js hands it on. */
interface Answered {
  readonly data: readonly Readonly<Record<string, unknown>>[] | null;
  readonly error: { readonly message: string; readonly code: string } | null;
  readonly status: number;
}

/** 42501 is Postgres's "insufficient privilege", of grants and of row level security alike; PostgREST answers it with 401 or 403. */
function outcomeOf({ data, error, status }: Answered, signal: AbortSignal): RowOutcome {
  signal.throwIfAborted();
  if (error === null) return { kind: 'rows', rows: data ?? [] };
  const message = error.code === '' ? error.message : `${error.message} (${error.code})`;
  return { kind: error.code === '42501' || status === 401 || status === 403 ? 'refused' : 'failed', message };
}
