import { Hono } from 'hono';
import { isLoopbackHost } from '../../loopback.ts';
import { sameSecret } from '../../same-secret.ts';
import { addAdvisors } from './advisors-api.ts';
import { addAuthConfig } from './auth-config-api.ts';
import { addBackups } from './backups-api.ts';
import { addBranches } from './branches-api.ts';
import { addConfig } from './config-api.ts';
import { projectOf, type ManagementOptions } from './context.ts';
import { addKeys } from './keys-api.ts';
import { ManagementError } from './management-error.ts';
import { addLogs } from './logs-api.ts';
import { addMigrations } from './migrations-api.ts';
import { addNetwork } from './network-api.ts';
import { addOrganizations } from './organizations-api.ts';
import { addProjects } from './projects-api.ts';
import { addQueries } from './query-api.ts';
import { rateLimiter } from './rate-limit.ts';

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
  app.use('/v1/*', rateLimiter(options.rateLimit));
  for (const add of parts) add(app, options);
  app.get('/_local/projects/:ref', async (c) => c.json(await options.projects.addresses(projectOf(options, c).ref)));
  app.notFound((c) => c.json({ message: `Cannot ${c.req.method} ${c.req.path}: this route is not emulated by the local cloud` }, 404));
  return app;
}

const parts = [
  addOrganizations,
  addProjects,
  addKeys,
  addQueries,
  addMigrations,
  addConfig,
  addAuthConfig,
  addNetwork,
  addBackups,
  addBranches,
  addAdvisors,
  addLogs,
];
