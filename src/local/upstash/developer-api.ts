import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { isLoopbackHost } from '../loopback.ts';
import { sameSecret } from '../same-secret.ts';
import { limits, type CacheDatabase, type Databases } from './databases.ts';
import { maxRequestBytes } from './rest.ts';

/** What the Developer API works with. */
export interface DeveloperApiOptions {
  readonly email: string;
  readonly apiKey: string;
  readonly databases: Databases;
  log(line: string): void;
}

const regions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'sa-east-1',
  'ap-south-1',
  'ap-northeast-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'af-south-1',
  'us-central1',
  'us-east4',
  'europe-west1',
  'asia-northeast1',
] as const;

/** The specification wants `platform`; the vendor's own CLI sends `region: "global"` instead. Both are taken. */
const createBody = z.object({
  database_name: z.string().min(1).max(64),
  platform: z.enum(['aws', 'gcp']).optional(),
  region: z.string().optional(),
  primary_region: z.enum(regions),
  read_regions: z.array(z.enum(regions)).optional(),
  plan: z.string().optional(),
  budget: z.number().optional(),
  eviction: z.boolean().optional(),
  tls: z.boolean().optional(),
});
const renameBody = z.object({ name: z.string().min(1).max(64) });

/** An answer other than success: the platform sends the text alone, as a JSON string. */
class ApiError extends Error {
  readonly status: 400 | 401 | 404 | 405 | 421;

  constructor(status: ApiError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** Returns the platform's Developer API (api.upstash.com/v2), as far as it is emulated; other routes answer 404 and say so. */
export function developerApi(options: DeveloperApiOptions): Hono {
  const { databases } = options;
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof ApiError) return c.json(error.message, error.status);
    options.log(`upstash: ${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.json('internal server error', 500);
  });
  app.use(async (c, next) => {
    if (!isLoopbackHost(c.req.header('host'))) throw new ApiError(421, `host ${c.req.header('host') ?? ''} is not served here`);
    const given = /^Basic\s+(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    const wanted = Buffer.from(`${options.email}:${options.apiKey}`).toString('base64');
    if (!sameSecret(given, wanted)) throw new ApiError(401, 'Unauthorized');
    await next();
  });
  app.get('/v2/redis/databases', async (c) =>
    c.json(await Promise.all(databases.all().map((database) => answer(options, database, true)))),
  );
  app.post('/v2/redis/database', async (c) => create(options, c));
  app.get('/v2/redis/database/:id', async (c) =>
    c.json(await answer(options, databaseOf(options, c), c.req.query('credentials') !== 'hide')),
  );
  app.delete('/v2/redis/database/:id', async (c) => {
    await databases.remove(databaseOf(options, c).id);
    return c.json('OK');
  });
  addChanges(app, options);
  app.get('/v2/redis/stats/:id', async (c) => c.json(await statistics(options, databaseOf(options, c))));
  app.get('/_local/databases/:id', async (c) => c.json(await databases.addresses(databaseOf(options, c).id)));
  app.notFound((c) => c.json(`${c.req.method} ${c.req.path} is not emulated by the local cloud`, 404));
  return app;
}

function addChanges(app: Hono, options: DeveloperApiOptions): void {
  const { databases } = options;
  const change = (path: string, wanted: Partial<CacheDatabase>) =>
    app.post(`/v2/redis/${path}/:id`, async (c) => {
      await databases.change(databaseOf(options, c).id, wanted);
      return c.json('OK');
    });
  change('enable-eviction', { eviction: true });
  change('disable-eviction', { eviction: false });
  change('enable-autoupgrade', { autoUpgrade: true });
  change('disable-autoupgrade', { autoUpgrade: false });
  app.post('/v2/redis/rename/:id', async (c) => {
    const database = databaseOf(options, c);
    const { name } = await body(c, renameBody);
    return c.json(await answer(options, await databases.change(database.id, { name }), true));
  });
  app.post('/v2/redis/reset-password/:id', async (c) =>
    c.json(await answer(options, await databases.resetPassword(databaseOf(options, c).id), true)),
  );
  app.post('/v2/redis/enable-tls/:id', (c) => {
    databaseOf(options, c);
    throw new ApiError(400, 'TLS is not emulated by the local cloud: its databases listen on loopback alone');
  });
}

async function create(options: DeveloperApiOptions, c: Context): Promise<Response> {
  const wanted = await body(c, createBody);
  if (wanted.platform === undefined && wanted.region === undefined) throw new ApiError(400, 'platform is required');
  const database = await options.databases.create({
    name: wanted.database_name,
    primaryRegion: wanted.primary_region,
    readRegions: wanted.read_regions,
    eviction: wanted.eviction,
    budgetUsd: wanted.budget,
    type: planType(wanted.plan),
  });
  return c.json(await answer(options, database, true));
}

function planType(plan: string | undefined): CacheDatabase['type'] {
  if (plan === undefined || plan === 'payg') return 'payg';
  return plan === 'free' ? 'free' : 'paid';
}

function databaseOf(options: DeveloperApiOptions, c: Context): CacheDatabase {
  const database = options.databases.get(c.req.param('id') ?? '');
  if (database === undefined) throw new ApiError(404, 'database not found');
  return database;
}

async function answer(options: DeveloperApiOptions, database: CacheDatabase, credentials: boolean) {
  const { host, port } = await options.databases.addresses(database.id);
  return {
    database_id: database.id,
    database_name: database.name,
    region: 'global',
    port,
    creation_time: database.createdAtS,
    state: 'active',
    endpoint: host,
    tls: false,
    type: database.type,
    budget: database.budgetUsd,
    primary_region: database.primaryRegion,
    read_regions: database.readRegions,
    primary_members: [database.primaryRegion],
    all_members: [database.primaryRegion, ...database.readRegions],
    eviction: database.eviction,
    db_eviction: database.eviction,
    auto_upgrade: database.autoUpgrade,
    consistent: false,
    modifying_state: '',
    db_max_clients: limits.maxClients,
    db_max_request_size: maxRequestBytes,
    db_max_entry_size: maxRequestBytes,
    db_memory_threshold: limits.memoryBytes,
    db_disk_threshold: limits.memoryBytes,
    db_max_commands_per_second: limits.maxCommandsPerSecond,
    customer_id: options.email,
    daily_backup_enabled: false,
    ...(credentials ? { password: database.password, rest_token: database.restToken, read_only_rest_token: database.readOnlyToken } : {}),
  };
}

/** The present, asked from the server: one point each, for no history is kept. */
async function statistics(options: DeveloperApiOptions, database: CacheDatabase) {
  const info = String(await options.databases.command(database.id, ['INFO']));
  const keys = Number(await options.databases.command(database.id, ['DBSIZE']));
  const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const now = (y: number) => [{ x: new Date().toISOString(), y }];
  const commands = number('total_commands_processed');
  return {
    connection_count: now(number('connected_clients')),
    keyspace: now(keys),
    throughput: now(number('instantaneous_ops_per_sec')),
    diskusage: now(number('aof_current_size')),
    latencymean: now(0),
    hits: now(number('keyspace_hits')),
    misses: now(number('keyspace_misses')),
    daily_net_commands: commands,
    daily_read_requests: number('keyspace_hits') + number('keyspace_misses'),
    daily_write_requests: 0,
    total_monthly_requests: commands,
    current_storage: number('used_memory'),
    total_monthly_storage: number('used_memory'),
  };
}

async function body<Shape extends z.ZodType>(c: Context, shape: Shape): Promise<z.infer<Shape>> {
  let value: unknown;
  try {
    value = await c.req.json();
  } catch {
    throw new ApiError(400, 'invalid JSON body');
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ApiError(400, parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join(', '));
}
