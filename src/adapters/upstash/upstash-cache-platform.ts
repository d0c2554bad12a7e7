import { z } from 'zod';
import type { Clock } from '../../core/ports/clock.ts';
import type { CacheAccess, CacheDatabase, CachePlatform, NewCacheDatabase } from '../../core/ports/cache.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { createOnce } from '../http/create-once.ts';

// Shape: contracts.md §3.1 (OpenAPI file of 2026-08-21, `rest_token` from the CLI's types), only the fields that are used.
/** A database as the platform shows it. */
export const databaseSchema = z.object({
  database_id: z.string(),
  database_name: z.string(),
  region: z.string().optional(),
  primary_region: z.string().optional(),
  state: z.string().optional(),
  eviction: z.boolean().optional(),
  creation_time: z.number().optional(),
  tls: z.boolean().optional(),
  /** The plan: `free`, `payg`, … */
  type: z.string().optional(),
  budget: z.number().optional(),
});

const credentialsSchema = z.object({ endpoint: z.string(), port: z.number().int(), password: z.string(), rest_token: z.string() });

const statsSchema = z.object({ total_monthly_requests: z.number() });

const endpointSchema = credentialsSchema.pick({ endpoint: true, port: true });

/** A database as the platform shows it, parsed. */
export type DatabaseBody = z.infer<typeof databaseSchema>;

/** Where a database answers. */
export interface CacheAddresses {
  readonly url: string;
  readonly restUrl: string;
}

/** Finds out where a database answers, given what the platform says of it. */
export type UpstashAddresses = (
  api: ApiClient,
  id: string,
  /** Asked for at the same time: who finds the address elsewhere need not wait for it first. */
  credentials: Promise<{ readonly endpoint: string; readonly port: number; readonly password: string }>,
  signal: AbortSignal,
) => Promise<CacheAddresses>;

/** Returns a hosted database's addresses: TLS on TCP and REST (contracts.md §3.4). An endpoint may be a slug or a whole host name. */
export const hostedCacheAddresses: UpstashAddresses = async (_api, _id, credentials) => {
  const { endpoint, port, password } = await credentials;
  const host = endpoint.includes('.') ? endpoint : `${endpoint}.upstash.io`;
  return { url: `rediss://default:${encodeURIComponent(password)}@${host}:${port}`, restUrl: `https://${host}` };
};

const localDatabaseSchema = z.object({ host: z.string(), port: z.number().int(), restUrl: z.string() });

/** Returns a local database's addresses: the local cloud says them itself, since it has no names of its own in DNS. */
export const localCacheAddresses: UpstashAddresses = async (api, id, credentials, signal) => {
  const [found, { password }] = await Promise.all([
    api.read({ method: 'GET', path: apiPath`/_local/databases/${id}`, signal }, localDatabaseSchema),
    credentials,
  ]);
  return { url: `redis://default:${encodeURIComponent(password)}@${found.host}:${found.port}`, restUrl: found.restUrl };
};

/** A database this much older than our own clock's start of the call is still taken for the one that the call made. */
const clockSkewMs = 60_000;

/** Regions of Google Cloud; all others are those of AWS (contracts.md §3.1). */
const googleRegions = new Set(['us-central1', 'us-east4', 'europe-west1', 'asia-northeast1']);

/** Returns the port over Upstash's Developer API. */
export function upstashCachePlatform(
  api: ApiClient,
  options: { readonly addresses: UpstashAddresses; readonly clock: Clock },
): CachePlatform {
  return {
    findByName: async (name, signal) =>
      (await listDatabases(api, signal)).filter((database) => database.database_name === name).map(cacheDatabase),
    create: (database, signal) => createDatabase(api, options.clock, database, signal),
    access: (id, signal) => readAccess(api, options.addresses, id, signal),
    // Path: Upstash's OpenAPI file of 2026-08-21. Done twice it is only done once more: what counts is what `access` tells then.
    resetPassword: async (id, signal) => {
      await api.send({ method: 'POST', path: apiPath`/v2/redis/reset-password/${id}`, repeatable: true, signal });
    },
    // Path and field: Upstash's OpenAPI file of 2026-08-21 (`DatabaseStats`).
    monthlyCommands: async (id, signal) => {
      const stats = await api.read({ method: 'GET', path: apiPath`/v2/redis/stats/${id}`, signal }, statsSchema);
      return stats.total_monthly_requests;
    },
    addresses: async (id, signal) => {
      const path = apiPath`/v2/redis/database/${id}`;
      // Its password is not ours to know: the platform is asked to leave it out (contracts.md §3.1).
      const { endpoint, port } = await api.read({ method: 'GET', path, query: { credentials: 'hide' }, signal }, endpointSchema);
      const found = await options.addresses(api, id, Promise.resolve({ endpoint, port, password: '' }), signal);
      return [found.url, found.restUrl];
    },
  };
}

/** Returns every database of the account. */
export function listDatabases(api: ApiClient, signal: AbortSignal): Promise<readonly DatabaseBody[]> {
  return api.read({ method: 'GET', path: '/v2/redis/databases', signal }, z.array(databaseSchema));
}

async function createDatabase(api: ApiClient, clock: Clock, wanted: NewCacheDatabase, signal: AbortSignal): Promise<CacheDatabase> {
  const startedAtMs = clock.nowMs();
  const json = {
    database_name: wanted.name,
    platform: googleRegions.has(wanted.region) ? 'gcp' : 'aws',
    primary_region: wanted.region,
    tls: true,
    eviction: false,
    plan: wanted.plan,
    budget: wanted.budgetUsd,
  };
  const create = () => api.read({ method: 'POST', path: '/v2/redis/database', json, attemptMs: 60_000, signal }, databaseSchema);
  // Names are not unique there: only one made since this call began is ours. `creation_time` is in seconds.
  const find = async () =>
    (await listDatabases(api, signal)).find(
      (database) => database.database_name === wanted.name && (database.creation_time ?? 0) * 1000 >= startedAtMs - clockSkewMs,
    );
  return cacheDatabase(await createOnce(create, find));
}

async function readAccess(api: ApiClient, addresses: UpstashAddresses, id: string, signal: AbortSignal): Promise<CacheAccess> {
  const credentials = api.read({ method: 'GET', path: apiPath`/v2/redis/database/${id}`, signal }, credentialsSchema);
  const [found, { rest_token: restToken }] = await Promise.all([addresses(api, id, credentials, signal), credentials]);
  return { url: found.url, restUrl: found.restUrl, restToken };
}

/** Returns a database as our port has it. */
export function cacheDatabase(database: DatabaseBody): CacheDatabase {
  const { state } = database;
  return {
    id: database.database_id,
    name: database.database_name,
    region: database.primary_region ?? database.region ?? 'unknown',
    state: state === 'suspended' || state === 'passive' ? state : 'active',
    eviction: database.eviction ?? false,
  };
}
