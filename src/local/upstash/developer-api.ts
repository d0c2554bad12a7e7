import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { isLoopbackHost } from '../loopback.ts';
import { sameSecret } from '../same-secret.ts';
import { backupAnswer, type Backup, type Backups } from './backups.ts';
import { databaseAnswer } from './database-answer.ts';
import type { CacheDatabase } from './database.ts';
import type { Databases } from './databases.ts';
import { planNames } from './plans.ts';
import { statisticsOf } from './statistics.ts';

/** What the Developer API works with. */
export interface DeveloperApiOptions {
  readonly email: string;
  readonly apiKey: string;
  readonly databases: Databases;
  readonly backups: Backups;
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
  plan: z.enum(planNames).optional(),
  budget: z.number().optional(),
  eviction: z.boolean().optional(),
  tls: z.boolean().optional(),
});
const nameBody = z.object({ name: z.string().min(1).max(64) });
const budgetBody = z.object({ budget: z.number().int().min(0) });
const regionsBody = z.object({ read_regions: z.array(z.enum(regions)) });
const restoreBody = z.object({ backup_id: z.string() });
/** The specification says `plan_name`, the vendor's own CLI sends `plan`. */
const planBody = z.object({
  plan_name: z.enum(planNames).optional(),
  plan: z.enum(planNames).optional(),
  auto_upgrade: z.boolean().optional(),
  prod_pack_enabled: z.boolean().optional(),
});

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
  addDatabases(app, options);
  addChanges(app, options);
  addPlans(app, options);
  addBackups(app, options);
  app.get('/_local/databases/:id', async (c) => c.json(await options.databases.addresses(databaseOf(options, c).id)));
  app.notFound((c) => c.json(`${c.req.method} ${c.req.path} is not emulated by the local cloud`, 404));
  return app;
}

function addDatabases(app: Hono, options: DeveloperApiOptions): void {
  const { databases, backups } = options;
  app.get('/v2/redis/databases', async (c) =>
    c.json(await Promise.all(databases.all().map((database) => answer(options, database, true)))),
  );
  app.post('/v2/redis/database', async (c) => create(options, c));
  app.get('/v2/redis/database/:id', async (c) =>
    c.json(await answer(options, databaseOf(options, c), c.req.query('credentials') !== 'hide')),
  );
  app.delete('/v2/redis/database/:id', async (c) => {
    const { id } = databaseOf(options, c);
    await databases.remove(id);
    for (const backup of backups.of(id)) await backups.remove(backup);
    return c.json('OK');
  });
  app.get('/v2/redis/stats/:id', async (c) => c.json(await statisticsOf(databases, databaseOf(options, c).id)));
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
    const { name } = await body(c, nameBody);
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

function addPlans(app: Hono, options: DeveloperApiOptions): void {
  const { databases } = options;
  const changePlan = async (c: Context) => {
    const { id } = databaseOf(options, c);
    const wanted = await body(c, planBody);
    const plan = wanted.plan_name ?? wanted.plan;
    if (plan === undefined) throw new ApiError(400, 'plan_name is required');
    await databases.change(id, {
      plan,
      planChangedAtS: Math.floor(Date.now() / 1000),
      ...(wanted.auto_upgrade === undefined ? {} : { autoUpgrade: wanted.auto_upgrade }),
      ...(wanted.prod_pack_enabled === undefined ? {} : { prodPack: wanted.prod_pack_enabled }),
    });
    return c.json('OK');
  };
  // The specification's path, and the CLI's.
  app.post('/v2/redis/:id/change-plan', changePlan);
  app.post('/v2/redis/change-plan/:id', changePlan);
  app.on(['PATCH', 'POST'], '/v2/redis/update-budget/:id', async (c) => {
    const { id } = databaseOf(options, c);
    await databases.change(id, { budgetUsd: (await body(c, budgetBody)).budget });
    return c.json('OK');
  });
  app.post('/v2/redis/update-regions/:id', async (c) => {
    const { id } = databaseOf(options, c);
    await databases.change(id, { readRegions: (await body(c, regionsBody)).read_regions });
    return c.json('OK');
  });
}

function addBackups(app: Hono, options: DeveloperApiOptions): void {
  const { databases, backups, email } = options;
  app.get('/v2/redis/list-backup/:id', (c) => c.json(backups.of(databaseOf(options, c).id).map((backup) => backupAnswer(backup, email))));
  app.post('/v2/redis/create-backup/:id', async (c) => {
    const { id } = databaseOf(options, c);
    await backups.create(id, (await body(c, nameBody)).name);
    return c.json('OK');
  });
  app.post('/v2/redis/restore-backup/:id', async (c) => {
    const { id } = databaseOf(options, c);
    const backup = backupOf(options, id, (await body(c, restoreBody)).backup_id);
    if (backup.state !== 'completed') throw new ApiError(400, `backup is ${backup.state}`);
    await backups.restore(backup);
    return c.json('OK');
  });
  app.delete('/v2/redis/delete-backup/:id/:backup', async (c) => {
    await backups.remove(backupOf(options, databaseOf(options, c).id, c.req.param('backup')));
    return c.json('OK');
  });
  const daily = (path: string, dailyBackup: boolean) =>
    // The specification says PATCH, the CLI sends POST.
    app.on(['PATCH', 'POST'], `/v2/redis/${path}/:id`, async (c) => {
      await databases.change(databaseOf(options, c).id, { dailyBackup });
      await backups.makeDaily(Date.now());
      return c.json('OK');
    });
  daily('enable-dailybackup', true);
  daily('disable-dailybackup', false);
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
    plan: wanted.plan,
  });
  return c.json(await answer(options, database, true));
}

function databaseOf(options: DeveloperApiOptions, c: Context): CacheDatabase {
  const database = options.databases.get(c.req.param('id') ?? '');
  if (database === undefined) throw new ApiError(404, 'database not found');
  return database;
}

function backupOf({ backups }: DeveloperApiOptions, databaseId: string, id: string): Backup {
  const backup = backups.of(databaseId).find((one) => one.id === id);
  if (backup === undefined) throw new ApiError(404, 'backup not found');
  return backup;
}

async function answer({ databases, email }: DeveloperApiOptions, database: CacheDatabase, credentials: boolean) {
  return databaseAnswer(database, await databases.addresses(database.id), email, credentials);
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
