import { z } from 'zod';
import type { Clock } from '../../core/ports/clock.ts';
import type { DatabaseAccess, DatabasePlatform, DatabaseProject } from '../../core/ports/database.ts';
import type { ApiClient } from '../http/api-client.ts';
import { VendorError } from '../http/api-error.ts';
import { apiPath } from '../http/api-path.ts';
import { createOnce } from '../http/create-once.ts';
import { connectionString, type KnownAddresses, type SupabaseAddresses } from './supabase-addresses.ts';

/** What the port needs beside the API itself. */
export interface DatabasePlatformOptions {
  /** Slug of the organization that new projects belong to. */
  readonly organization: string;
  readonly addresses: SupabaseAddresses;
  readonly knownAddresses: KnownAddresses;
  readonly clock: Clock;
}

// Shapes: contracts.md §2.3 (OpenAPI file of 2026-06-01), only the fields that are used.
/** A project as the platform shows it. */
export const projectSchema = z.object({
  ref: z.string(),
  name: z.string(),
  region: z.string(),
  status: z.string(),
  created_at: z.string(),
  database: z.object({ postgres_engine: z.string().optional() }).nullish(),
});

const healthSchema = z.array(
  z.object({ name: z.string(), status: z.string().optional(), healthy: z.boolean().optional(), error: z.string().nullish() }),
);

const keysSchema = z.array(z.object({ name: z.string(), type: z.string().nullish(), api_key: z.string().nullish() }));

/** Parts that staging uses: the platform knows more (storage, pg_bouncer). */
const healthServices = ['auth', 'db', 'pooler', 'realtime', 'rest'] as const;

/** A project this much older than our own clock's start of the call is still taken for the one that the call made. */
const clockSkewMs = 60_000;

/** Returns the port over Supabase's Management API. */
export function supabaseDatabasePlatform(api: ApiClient, options: DatabasePlatformOptions): DatabasePlatform {
  return {
    findByName: async (name, signal) => (await listProjects(api, signal)).filter((project) => project.name === name).map(databaseProject),
    create: (project, signal) => createProject(api, options, project, signal),
    get: async (ref, signal) =>
      databaseProject(await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}`, signal }, projectSchema)),
    unhealthy: (ref, signal) => unhealthyParts(api, ref, signal),
    access: (ref, password, signal) => readAccess(api, options.addresses, ref, password, signal),
    // Path: Supabase's OpenAPI file of 2026-06-01, `v1-update-database-password`.
    setPassword: async (ref, password, signal) => {
      const path = apiPath`/v1/projects/${ref}/database/password`;
      await api.send({ method: 'PATCH', path, json: { password }, repeatable: true, signal });
    },
    addresses: (ref, signal) => options.knownAddresses(api, ref, signal),
  };
}

/** Returns every project that the token can see. */
export function listProjects(api: ApiClient, signal: AbortSignal): Promise<readonly z.infer<typeof projectSchema>[]> {
  return api.read({ method: 'GET', path: '/v1/projects', signal }, z.array(projectSchema));
}

async function createProject(
  api: ApiClient,
  options: DatabasePlatformOptions,
  wanted: Parameters<DatabasePlatform['create']>[0],
  signal: AbortSignal,
): Promise<DatabaseProject> {
  const startedAtMs = options.clock.nowMs();
  const json = {
    name: wanted.name,
    organization_slug: options.organization,
    region: wanted.region,
    db_pass: wanted.password,
    desired_instance_size: wanted.size,
  };
  const create = () => api.read({ method: 'POST', path: '/v1/projects', json, attemptMs: 60_000, signal }, projectSchema);
  // Names are not unique there: only one made since this call began is ours.
  const find = async () =>
    (await listProjects(api, signal)).find(
      (project) => project.name === wanted.name && Date.parse(project.created_at) >= startedAtMs - clockSkewMs,
    );
  return databaseProject(await createOnce(create, find));
}

async function unhealthyParts(api: ApiClient, ref: string, signal: AbortSignal): Promise<readonly string[]> {
  const path = apiPath`/v1/projects/${ref}/health`;
  const parts = await api.read({ method: 'GET', path, query: { services: healthServices }, signal }, healthSchema);
  const healthy = parts
    .filter((part) => (part.status === undefined ? part.healthy === true : part.status === 'ACTIVE_HEALTHY'))
    .map((part) => part.name);
  // A part that the platform says nothing about is not healthy.
  return healthServices.filter((service) => !healthy.includes(service));
}

async function readAccess(
  api: ApiClient,
  addresses: SupabaseAddresses,
  ref: string,
  password: string,
  signal: AbortSignal,
): Promise<DatabaseAccess> {
  const path = apiPath`/v1/projects/${ref}/api-keys`;
  const [keys, found] = await Promise.all([
    api.read({ method: 'GET', path, query: { reveal: true }, signal }, keysSchema),
    addresses(api, ref, signal),
  ]);
  return {
    url: found.url,
    anonKey: keyOf(ref, keys, 'anon', 'publishable'),
    serviceRoleKey: keyOf(ref, keys, 'service_role', 'secret'),
    directUrl: connectionString(found.direct, password),
    poolerUrl: connectionString(found.pooler, password),
  };
}

/** Returns the legacy key of this name, else the first new-style key of this type (`sb_publishable_…`, `sb_secret_…`). */
function keyOf(ref: string, keys: z.infer<typeof keysSchema>, legacyName: string, type: string): string {
  const key =
    keys.find((candidate) => candidate.name === legacyName && candidate.type !== type)?.api_key ??
    keys.find((candidate) => candidate.type === type)?.api_key;
  if (typeof key === 'string' && key !== '') return key;
  throw new VendorError(
    'vendor',
    'SUPABASE_KEY_NOT_FOUND',
    `Supabase project ${ref} has neither a key named ${legacyName} nor one of type ${type}.`,
    {
      fix: `Create a ${type} key for project ${ref} in the Supabase dashboard (Settings, API keys), then run the same command again.`,
    },
  );
}

/** Returns a project as our port has it. */
export function databaseProject(project: z.infer<typeof projectSchema>): DatabaseProject {
  return { ref: project.ref, name: project.name, region: project.region, state: stateOf(project.status) };
}

function stateOf(status: string): DatabaseProject['state'] {
  switch (status) {
    case 'ACTIVE_HEALTHY':
      return 'healthy';
    case 'COMING_UP':
    case 'RESTORING':
    case 'RESTARTING':
    case 'UPGRADING':
    case 'RESIZING':
      return 'starting';
    case 'INACTIVE':
      return 'paused';
    case 'GOING_DOWN':
    case 'PAUSING':
    case 'REMOVED':
      return 'going-down';
    case 'INIT_FAILED':
    case 'RESTORE_FAILED':
      return 'failed';
    default:
      // ACTIVE_UNHEALTHY, PAUSE_FAILED, UNKNOWN, and what the vendor adds later.
      return 'unhealthy';
  }
}
