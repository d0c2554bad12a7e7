import type { Context } from 'hono';
import type { Cluster } from '../cluster.ts';
import type { Project } from '../project.ts';
import type { Projects } from '../projects.ts';
import type { ServiceLogs } from '../service-logs.ts';
import { ManagementError } from './management-error.ts';
import type { Organizations } from './organizations.ts';
import type { RateLimit } from './rate-limit.ts';

/** What the Management API works with. */
export interface ManagementOptions {
  /** The personal access token that opens it (`sbp_` and 40 hex digits, which is what the vendor's CLI accepts). */
  readonly accessToken: string;
  readonly cluster: Cluster;
  readonly projects: Projects;
  readonly organizations: Organizations;
  /** What Postgres and Auth of each project wrote. */
  readonly logs: Pick<ServiceLogs, 'rows'>;
  /** The server's version text, e.g. `15.18`. */
  readonly postgresVersion: string;
  readonly rateLimit: RateLimit;
  /** Most projects that exist at once; the next one is refused. */
  readonly projectLimit: number;
  log(line: string): void;
}

/** Returns the project that the request's path names; throws a `ManagementError` when there is none. */
export function projectOf(options: Pick<ManagementOptions, 'projects'>, c: Context): Project {
  const ref = c.req.param('ref') ?? '';
  if (!/^[a-z]{20}$/.test(ref)) throw new ManagementError(400, 'ref: must be 20 lower-case letters');
  const project = options.projects.get(ref);
  if (project === undefined) throw new ManagementError(404, `Project ${ref} not found`);
  return project;
}

/** Returns the project that the request's path names, whose database answers; throws a `ManagementError` otherwise. */
export function activeProjectOf(options: Pick<ManagementOptions, 'projects'>, c: Context): Project {
  const project = projectOf(options, c);
  if (project.status === 'ACTIVE_HEALTHY') return project;
  throw new ManagementError(400, `Project ${project.ref} is ${project.status}: its database does not answer.`);
}
