import { connect } from 'node:net';
import type { LocalServiceStatus } from '../core/local/endpoints.ts';
import type { Credentials } from './credentials.ts';
import type { Engines } from './engines.ts';
import type { ServiceContext } from './service.ts';
import type { SupabaseService } from './supabase/service.ts';
import { startSupabase } from './supabase/service.ts';
import type { UpstashService } from './upstash/service.ts';
import { startUpstash } from './upstash/service.ts';

/** The emulated vendors that hold data. */
export interface DataServices {
  readonly supabase: SupabaseService;
  readonly upstash: UpstashService;
}

/** Starts both at once; when one cannot start, the other is ended and the error thrown. */
export async function startDataServices(
  contextOf: (name: string) => Promise<ServiceContext>,
  credentials: Credentials,
  engines: Engines,
): Promise<DataServices> {
  const { postgresBinDir, pgbouncer, redisServer, searchPath = '' } = engines;
  const [supabase, upstash] = await Promise.allSettled([
    contextOf('supabase').then((context) => startSupabase(context, { accessToken: credentials.supabaseToken, postgresBinDir, pgbouncer })),
    contextOf('upstash').then((context) =>
      startUpstash(context, { email: credentials.upstashEmail, apiKey: credentials.upstashKey, redisServer, searchPath }),
    ),
  ]);
  if (supabase.status === 'fulfilled' && upstash.status === 'fulfilled') return { supabase: supabase.value, upstash: upstash.value };
  for (const part of [supabase, upstash]) if (part.status === 'fulfilled') await part.value.stop();
  throw supabase.status === 'rejected' ? supabase.reason : upstash.status === 'rejected' ? upstash.reason : new Error('unreachable');
}

/** Says what of the data services answers now, by asking the servers' ports. */
export async function dataStatus({ supabase, upstash }: DataServices): Promise<LocalServiceStatus[]> {
  const postgres = await portStatus('postgres', supabase.postgres.port);
  const redis = await Promise.all(
    upstash.databases().map(async (database) => await portStatus(`redis ${database.name}`, (await upstash.addresses(database.id)).port)),
  );
  return [under('supabase', [postgres]), postgres, ...(await poolers(supabase)), under('upstash', redis), ...redis];
}

async function poolers(supabase: SupabaseService): Promise<LocalServiceStatus[]> {
  if (supabase.poolerProblem) return [{ name: 'pooler', state: 'absent', detail: supabase.poolerProblem.message }];
  const active = supabase.projects().filter((project) => project.status === 'ACTIVE_HEALTHY');
  const found = await Promise.all(
    active.map(async (project) => {
      const { addresses } = await supabase.credentials(project.ref);
      return addresses.pooler ? [await portStatus(`pooler ${project.name}`, addresses.pooler.port)] : [];
    }),
  );
  return found.flat();
}

/** A vendor's API answers even when a server below it is gone: it is down as far as that server is. */
function under(name: string, servers: readonly LocalServiceStatus[]): LocalServiceStatus {
  const down = servers.filter((server) => server.state === 'down').map((server) => server.name);
  return down.length === 0 ? { name, state: 'running' } : { name, state: 'down', detail: `${down.join(', ')} is not running.` };
}

function portStatus(name: string, port: number): Promise<LocalServiceStatus> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    const end = (status: LocalServiceStatus) => {
      socket.destroy();
      resolve(status);
    };
    socket.once('connect', () => end({ name, state: 'running' }));
    socket.once('timeout', () => end({ name, state: 'down', detail: `Port ${port} does not answer.` }));
    socket.once('error', () => end({ name, state: 'down', detail: `Nothing listens on port ${port}.` }));
  });
}
