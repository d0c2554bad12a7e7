import type { Cluster } from './cluster.ts';
import { openPool, connectionUrl, ownerRole } from './connections.ts';
import type { Project } from './project.ts';
import type { Projects } from './projects.ts';

/** Services that the platform's health check names. */
const services = ['auth', 'db', 'db_postgres_user', 'pooler', 'realtime', 'rest', 'storage', 'pg_bouncer'] as const;

/** The platform's word on one service of a project. */
interface ServiceHealth {
  readonly name: string;
  readonly healthy: boolean;
  readonly status: 'COMING_UP' | 'ACTIVE_HEALTHY' | 'UNHEALTHY';
  readonly info?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** Asks each service now and returns what it answered; nothing is remembered. Unknown names are left out. */
export async function projectHealth(
  cluster: Cluster,
  projects: Projects,
  project: Project,
  asked: readonly string[],
): Promise<readonly ServiceHealth[]> {
  const known = services.filter((name) => asked.includes(name));
  return Promise.all(known.map((name) => healthOf(name, cluster, projects, project)));
}

async function healthOf(name: (typeof services)[number], cluster: Cluster, projects: Projects, project: Project): Promise<ServiceHealth> {
  if (project.status === 'COMING_UP' || project.status === 'RESTORING') return { name, healthy: false, status: 'COMING_UP' };
  if (project.status !== 'ACTIVE_HEALTHY') return { name, healthy: false, status: 'UNHEALTHY', error: `The project is ${project.status}.` };
  try {
    const info = await ask(name, cluster, projects, project);
    return { name, healthy: true, status: 'ACTIVE_HEALTHY', ...(info === undefined ? {} : { info }) };
  } catch (error) {
    return { name, healthy: false, status: 'UNHEALTHY', error: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws when the service does not work. */
async function ask(
  name: (typeof services)[number],
  cluster: Cluster,
  projects: Projects,
  project: Project,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  switch (name) {
    case 'db':
    case 'db_postgres_user':
      return login(project, cluster.server.port, project.ref);
    case 'pooler':
    case 'pg_bouncer': {
      const pooler = projects.pooler(project.ref);
      if (pooler === undefined) throw new Error(projects.poolerProblem?.message ?? 'The pooler does not run.');
      return login(project, pooler.port, 'postgres');
    }
    case 'auth':
      await viaGateway(projects, project, '/auth/v1/admin/users?per_page=1');
      return { name: 'GoTrue', version: 'v2.180.0', description: 'GoTrue is a user registration and authentication API' };
    case 'rest':
      // The root is answered from what PostgREST remembers: its login shows that it can still work.
      await selectOne(cluster.serviceUrl('authenticator', project.ref));
      await viaGateway(projects, project, '/rest/v1/');
      return { db_schema: 'public' };
    case 'realtime':
      await viaGateway(projects, project, '/realtime/v1/api/health');
      return { healthy: true, db_connected: false, replication_connected: false, connected_cluster: 1 };
    case 'storage':
      throw new Error('Storage is not emulated by the local cloud.');
    default:
      return name satisfies never;
  }
}

function login(project: Project, port: number, database: string): Promise<undefined> {
  return selectOne(connectionUrl(ownerRole(project.ref), project.password, port, database));
}

async function selectOne(url: string): Promise<undefined> {
  const sql = openPool(url, 1, { connect_timeout: 3, prepare: false });
  try {
    await sql`select 1`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function viaGateway(projects: Projects, project: Project, path: string): Promise<void> {
  const gateway = projects.gateway(project.ref);
  if (gateway === undefined) throw new Error('The gateway does not run.');
  const key = project.keys.apiKeys.find((candidate) => candidate.type === 'secret')?.key ?? project.keys.serviceRoleKey;
  const headers = { host: new URL(gateway.url).host, apikey: key, authorization: `Bearer ${key}` };
  const response = await gateway.fetch(new Request(`${gateway.url}${path}`, { headers }));
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
}
