import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Project, ProjectSettings } from '../project.ts';
import { activeProjectOf, projectOf, type ManagementOptions } from './context.ts';
import { body } from './management-error.ts';
import { asManagementError } from './run-query.ts';
import { poolerAnswer } from './shapes.ts';

const poolerBody = z.object({
  default_pool_size: z.number().int().min(0).max(3000).nullish(),
  pool_mode: z.enum(['transaction', 'session']).optional(),
});

const count = z.number().int().min(0).max(262_143).optional();
const text = z.string().min(1).max(64).optional();
const postgresBody = z.strictObject({
  effective_cache_size: text,
  logical_decoding_work_mem: text,
  maintenance_work_mem: text,
  track_activity_query_size: text,
  max_connections: count,
  max_locks_per_transaction: count,
  max_parallel_maintenance_workers: count,
  max_parallel_workers: count,
  max_parallel_workers_per_gather: count,
  max_replication_slots: count,
  max_slot_wal_keep_size: text,
  max_standby_archive_delay: text,
  max_standby_streaming_delay: text,
  max_wal_size: text,
  max_wal_senders: count,
  max_worker_processes: count,
  session_replication_role: z.enum(['origin', 'replica', 'local']).optional(),
  shared_buffers: text,
  statement_timeout: text,
  track_commit_timestamp: z.boolean().optional(),
  wal_keep_size: text,
  wal_sender_timeout: text,
  work_mem: text,
  checkpoint_timeout: text,
  hot_standby_feedback: z.boolean().optional(),
  restart_database: z.boolean().optional(),
});
const restBody = z.strictObject({
  db_schema: z.string().optional(),
  db_extra_search_path: z.string().optional(),
  max_rows: z.number().int().min(0).max(1_000_000).optional(),
  db_pool: z.number().int().min(0).max(1000).optional(),
});
const limit = z.number().int().min(1).optional();
const realtimeBody = z.strictObject({
  private_only: z.boolean().optional(),
  connection_pool: limit,
  max_concurrent_users: limit,
  max_events_per_second: limit,
  max_bytes_per_second: limit,
  max_channels_per_client: limit,
  max_joins_per_second: limit,
  max_presence_events_per_second: limit,
  max_payload_size_in_kb: limit,
  suspend: z.boolean().optional(),
  presence_enabled: z.boolean().optional(),
});

/** Adds the settings of pooler, Postgres, PostgREST and Realtime. Those of the last two are stored only. */
export function addConfig(app: Hono, options: ManagementOptions): void {
  addPooler(app, options);
  addPostgres(app, options);
  addStoredOnly(app, options);
}

function addPooler(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/config/database/pooler', async (c) => {
    const project = projectOf(options, c);
    const { pooler } = await options.projects.addresses(project.ref);
    // Without pgbouncer there is no pooler, and none is claimed.
    return c.json(pooler === null ? [] : [poolerAnswer(project, pooler)]);
  });
  app.patch('/v1/projects/:ref/config/database/pooler', async (c) => {
    const { ref, pooler: before } = projectOf(options, c);
    const wanted = await body(c, poolerBody);
    const pooler = {
      ...before,
      poolSize: wanted.default_pool_size ?? before.poolSize,
      mode: wanted.pool_mode ?? before.mode,
    };
    await options.projects.change(ref, { pooler });
    return c.json({ default_pool_size: pooler.poolSize, pool_mode: pooler.mode });
  });
  app.get('/v1/projects/:ref/config/database/pgbouncer', (c) => {
    const { poolSize, maxClients, mode } = projectOf(options, c).pooler;
    return c.json({ default_pool_size: poolSize, max_client_conn: maxClients, pool_mode: mode });
  });
}

/**
 * What a database can have for itself (`work_mem`, `statement_timeout` and what else any session may set) is applied to it; what only
 * the whole server has (`max_connections`, `shared_buffers`) is stored only, for all projects share one.
 */
function addPostgres(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/config/database/postgres', (c) => c.json(projectOf(options, c).settings.postgres ?? {}));
  app.put('/v1/projects/:ref/config/database/postgres', async (c) => {
    const project = activeProjectOf(options, c);
    const { restart_database: _restartsNothing, ...wanted } = await body(c, postgresBody);
    const postgres: NonNullable<ProjectSettings['postgres']> = JSON.parse(JSON.stringify(wanted));
    try {
      // The database judges the values before they are stored.
      await options.cluster.configure(project.ref, postgres);
    } catch (error) {
      throw asManagementError(error);
    }
    await changeSettings(options, project, { postgres });
    return c.json(postgres);
  });
}

const restDefaults = { db_schema: 'public,graphql_public', max_rows: 1000, db_extra_search_path: 'public, extensions', db_pool: null };
const realtimeDefaults = {
  private_only: false,
  connection_pool: 2,
  max_concurrent_users: 200,
  max_events_per_second: 100,
  max_bytes_per_second: 100_000,
  max_channels_per_client: 100,
  max_joins_per_second: 100,
  max_presence_events_per_second: 100,
  max_payload_size_in_kb: 3000,
  suspend: false,
  presence_enabled: true,
};

function addStoredOnly(app: Hono, options: ManagementOptions): void {
  const rest = (c: Context) => ({ ...restDefaults, ...projectOf(options, c).settings.rest });
  app.get('/v1/projects/:ref/postgrest', (c) => c.json({ ...rest(c), jwt_secret: projectOf(options, c).keys.jwtSecret }));
  app.patch('/v1/projects/:ref/postgrest', async (c) => {
    const project = projectOf(options, c);
    const changed: NonNullable<ProjectSettings['rest']> = { ...project.settings.rest, ...given(await body(c, restBody)) };
    await changeSettings(options, project, { rest: changed });
    return c.json(rest(c));
  });
  app.get('/v1/projects/:ref/config/realtime', (c) => c.json({ ...realtimeDefaults, ...projectOf(options, c).settings.realtime }));
  app.patch('/v1/projects/:ref/config/realtime', async (c) => {
    const project = projectOf(options, c);
    const changed: NonNullable<ProjectSettings['realtime']> = { ...project.settings.realtime, ...given(await body(c, realtimeBody)) };
    await changeSettings(options, project, { realtime: changed });
    return c.body(null, 204);
  });
  app.get('/v1/projects/:ref/billing/addons', (c) => {
    projectOf(options, c);
    return c.json({ selected_addons: [], available_addons: [] });
  });
}

/** Returns the fields that a body has, without those that are undefined. */
function given<Value>(fields: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Stores some of a project's settings beside the others. */
async function changeSettings(options: ManagementOptions, project: Project, change: ProjectSettings): Promise<void> {
  await options.projects.change(project.ref, { settings: { ...project.settings, ...change } });
}
