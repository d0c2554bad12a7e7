import { Hono, type Context } from 'hono';
import postgres from 'postgres';
import { z } from 'zod';
import { isLoopbackHost } from '../loopback.ts';
import { sameSecret } from '../same-secret.ts';
import { connectionUrl, openPool, ownerRole, type Cluster } from './cluster.ts';
import { projectHealth } from './health.ts';
import { ManagementError, body } from './management-error.ts';
import { keyAnswer, organization, poolerAnswer, projectAnswer } from './management-shapes.ts';
import type { Project, Projects } from './projects.ts';

/** What the Management API works with. */
export interface ManagementOptions {
  /** The personal access token that opens it (`sbp_` and 40 hex digits, which is what the vendor's CLI accepts). */
  readonly accessToken: string;
  readonly cluster: Cluster;
  readonly projects: Projects;
  /** The server's version text, e.g. `15.18`. */
  readonly postgresVersion: string;
  log(line: string): void;
}

const regions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ap-east-1',
  'ap-southeast-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-2',
  'ap-south-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eu-north-1',
  'eu-central-1',
  'eu-central-2',
  'ca-central-1',
  'sa-east-1',
] as const;

const createBody = z
  .object({
    name: z.string().min(1).max(256),
    db_pass: z.string().min(1),
    organization_slug: z.string().optional(),
    organization_id: z.string().optional(),
    region: z.enum(regions).optional(),
    region_selection: z.object({ type: z.string(), code: z.string() }).optional(),
  })
  .refine((value) => (value.organization_slug ?? value.organization_id) !== undefined, { message: 'organization_slug is required' });
const queryBody = z.object({ query: z.string().min(1), parameters: z.array(z.unknown()).optional(), read_only: z.boolean().optional() });

/** Returns the platform's Management API (api.supabase.com), as far as it is emulated; other routes answer 404 and say so. */
export function managementApi(options: ManagementOptions): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof ManagementError) return c.json({ message: error.message }, error.status);
    options.log(`supabase: ${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.json({ message: 'Internal server error' }, 500);
  });
  app.use(async (c, next) => {
    if (!isLoopbackHost(c.req.header('host'))) return c.json({ message: `Host ${c.req.header('host') ?? ''} is not served here` }, 421);
    const token = /^Bearer\s+(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (!sameSecret(token, options.accessToken)) return c.json({ message: 'Unauthorized' }, 401);
    await next();
    return undefined;
  });
  app.get('/v1/profile', (c) =>
    c.json({ gotrue_id: '00000000-0000-4000-8000-000000000001', primary_email: 'local@jv-staging.invalid', username: 'jv-local' }),
  );
  app.get('/v1/organizations', (c) => c.json([organization]));
  addProjects(app, options);
  addKeys(app, options);
  addDatabase(app, options);
  app.get('/_local/projects/:ref', async (c) => c.json(await options.projects.addresses(projectOf(options, c).ref)));
  app.notFound((c) => c.json({ message: `Cannot ${c.req.method} ${c.req.path}: this route is not emulated by the local cloud` }, 404));
  return app;
}

function addProjects(app: Hono, options: ManagementOptions): void {
  const { projects } = options;
  app.get('/v1/projects', (c) => c.json(projects.all().map((project) => projectAnswer(project, options.postgresVersion))));
  app.post('/v1/projects', async (c) => {
    const wanted = await body(c, createBody);
    const owner = wanted.organization_slug ?? wanted.organization_id;
    if (owner !== organization.slug) throw new ManagementError(404, `Organization ${owner ?? ''} not found`);
    const region = wanted.region ?? wanted.region_selection?.code ?? 'us-east-1';
    const project = await projects.create({ name: wanted.name, region, password: wanted.db_pass });
    const { database: _unknownYet, ...created } = projectAnswer(project, options.postgresVersion);
    return c.json(created, 201);
  });
  app.get('/v1/projects/:ref', (c) => c.json(projectAnswer(projectOf(options, c), options.postgresVersion)));
  app.delete('/v1/projects/:ref', async (c) => {
    const { ref, name, number } = projectOf(options, c);
    await projects.settled(ref);
    await projects.remove(ref);
    return c.json({ id: number, ref, name });
  });
  app.get('/v1/projects/:ref/health', async (c) => {
    const project = projectOf(options, c);
    const asked = c.req.queries('services')?.flatMap((names) => names.split(',')) ?? c.req.queries('services[]') ?? [];
    if (asked.length === 0) throw new ManagementError(400, 'services: Required');
    return c.json(await projectHealth(options.cluster, options.projects, project, asked));
  });
}

function addKeys(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/api-keys', (c) => {
    const { keys } = projectOf(options, c);
    const reveal = c.req.query('reveal') === 'true';
    const legacy = (name: string, key: string) => ({
      name,
      api_key: key,
      id: name,
      type: 'legacy',
      hash: '',
      prefix: key.slice(0, 5),
      description: `Legacy ${name} API key`,
    });
    return c.json([
      legacy('anon', keys.anonKey),
      legacy('service_role', keys.serviceRoleKey),
      ...keys.apiKeys.map((key) => keyAnswer(key, reveal)),
    ]);
  });
}

function addDatabase(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/config/database/pooler', async (c) => {
    const project = projectOf(options, c);
    const { pooler } = await options.projects.addresses(project.ref);
    // Without pgbouncer there is no pooler, and none is claimed.
    return c.json(pooler === null ? [] : [poolerAnswer(project, pooler)]);
  });
  app.post('/v1/projects/:ref/database/query', async (c) => {
    const { query, parameters, read_only: readOnly } = await body(c, queryBody);
    return c.json(await runQuery(options, projectOf(options, c), query, parameters, readOnly === true), 201);
  });
  app.post('/v1/projects/:ref/database/query/read-only', async (c) => {
    const { query, parameters } = await body(c, queryBody);
    return c.json(await runQuery(options, projectOf(options, c), query, parameters, true), 201);
  });
  app.get('/v1/projects/:ref/network-restrictions', (c) => {
    projectOf(options, c);
    // The local cloud binds loopback alone, whatever a project would allow.
    return c.json({ entitlement: 'allowed', config: { dbAllowedCidrs: ['127.0.0.1/32'], dbAllowedCidrsV6: [] }, status: 'applied' });
  });
  app.get('/v1/projects/:ref/ssl-enforcement', (c) =>
    c.json({ currentConfig: { database: projectOf(options, c).sslEnforced }, appliedSuccessfully: true }),
  );
}

function projectOf(options: ManagementOptions, c: Context): Project {
  const ref = c.req.param('ref') ?? '';
  if (!/^[a-z]{20}$/.test(ref)) throw new ManagementError(400, 'ref: must be 20 lower-case letters');
  const project = options.projects.get(ref);
  if (project === undefined) throw new ManagementError(404, `Project ${ref} not found`);
  return project;
}

/** Runs SQL as the project's owner and returns the rows of the last statement, as the platform does. */
async function runQuery(
  options: ManagementOptions,
  project: Project,
  query: string,
  parameters: readonly unknown[] | undefined,
  readOnly: boolean,
): Promise<unknown> {
  const url = connectionUrl(ownerRole(project.ref), project.password, options.cluster.server.port, project.ref);
  const sql = openPool(url, 1, { connection: { default_transaction_read_only: readOnly, application_name: 'supabase/dashboard' } });
  try {
    const bound = (parameters ?? []).map((value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value));
    const result: unknown = await sql.unsafe(query, bound.map(toParameter));
    // Several statements answer with one result each.
    if (!Array.isArray(result)) return [];
    return Array.isArray(result[0]) ? result.at(-1) : result;
  } catch (error) {
    if (error instanceof postgres.PostgresError)
      throw new ManagementError(400, `Failed to run sql query: ERROR:  ${error.code}: ${error.message}`);
    throw new ManagementError(503, 'Failed to connect to the database');
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function toParameter(value: unknown): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
