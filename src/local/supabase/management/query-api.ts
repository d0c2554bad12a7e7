import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import { z } from 'zod';
import type { Cluster } from '../cluster.ts';
import { openPool } from '../connections.ts';
import type { Project } from '../project.ts';
import { activeProjectOf, type ManagementOptions } from './context.ts';
import { body } from './management-error.ts';
import { asManagementError, runQuery } from './run-query.ts';

const queryBody = z.object({ query: z.string().min(1), parameters: z.array(z.unknown()).optional(), read_only: z.boolean().optional() });
const passwordBody = z.object({ password: z.string().min(4) });
const loginBody = z.object({ read_only: z.boolean() });

/** A lent login can be used to connect for this long. */
const loginSeconds = 300;

/** Version of PostgREST that generated types name; the gateway follows 13 (contracts: PostgREST error codes PGRST30x). */
const postgrestVersion = '13.0.4';

/** Adds SQL, generated types, the owner's password and logins lent for a while. */
export function addQueries(app: Hono, options: ManagementOptions): void {
  const { cluster } = options;
  app.post('/v1/projects/:ref/database/query', async (c) => {
    const project = activeProjectOf(options, c);
    const { query, parameters, read_only: readOnly } = await body(c, queryBody);
    return c.json(await runQuery(cluster, project, { sql: query, parameters, readOnly }), 201);
  });
  app.post('/v1/projects/:ref/database/query/read-only', async (c) => {
    const project = activeProjectOf(options, c);
    const { query, parameters } = await body(c, queryBody);
    return c.json(await runQuery(cluster, project, { sql: query, parameters, readOnly: true }), 201);
  });
  app.get('/v1/projects/:ref/types/typescript', async (c) => {
    const schemas = (c.req.query('included_schemas') ?? 'public').split(',').map((name) => name.trim());
    return c.json({ types: await typescriptTypes(cluster, activeProjectOf(options, c), schemas) });
  });
  addLogins(app, options);
}

function addLogins(app: Hono, { cluster, projects }: ManagementOptions): void {
  app.patch('/v1/projects/:ref/database/password', async (c) => {
    const { ref } = activeProjectOf({ projects }, c);
    const { password } = await body(c, passwordBody);
    await cluster.setPassword(ref, password);
    await projects.change(ref, { password });
    return c.json({ message: 'Successfully updated password' });
  });
  app.post('/v1/projects/:ref/cli/login-role', async (c) => {
    const { ref } = activeProjectOf({ projects }, c);
    const { read_only: readOnly } = await body(c, loginBody);
    const password = randomBytes(24).toString('base64url');
    const until = new Date(Date.now() + loginSeconds * 1000);
    const role = await cluster.lendLogin(ref, readOnly ? 'reader' : 'owner', password, until);
    return c.json({ role, password, ttl_seconds: loginSeconds }, 201);
  });
  app.delete('/v1/projects/:ref/cli/login-role', async (c) => {
    await cluster.endLogins(activeProjectOf({ projects }, c).ref);
    return c.json({ message: 'ok' });
  });
}

/** Generates types with the platform's own generator. */
async function typescriptTypes(cluster: Cluster, project: Project, includedSchemas: string[]): Promise<string> {
  const { generateTypescript, introspect, sortGeneratorMetadata } = await import('@supabase/postgrest-typegen');
  const sql = openPool(cluster.serviceUrl('supabase_read_only_user', project.ref), 1);
  try {
    const database = { query: async (text: string) => ({ rows: [...(await sql.unsafe(text))] }) };
    const metadata = sortGeneratorMetadata(await introspect(database, { includedSchemas }));
    return await generateTypescript(metadata, { detectOneToOneRelationships: true, postgrestVersion });
  } catch (error) {
    throw asManagementError(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
